// Tokens taken from wallets: farebox_api.spend and spend_one.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/secret.hpp"
#include "shared/db/caller.hpp"
#include "shared/db/move_batcher.hpp"
#include "shared/ledger/receipt.hpp"
#include "shared/ledger/user_ref.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ledger {

struct Spend {
    db::Caller caller;
    UserRef user; // who pays
    base::Uuid entry = new_id(user);
    std::int64_t amount = 0;
    std::string description = {};
    std::optional<Metadata> metadata = {};
    std::optional<std::string> key = {}; // the client's idempotency key
};

base::Sha256 fingerprint(Spend const& spend);

// One call; throws what db::Connection::call throws. A lone spend that may wait for its lock takes the shorter
// farebox_api.spend_one.
std::vector<MoveRow> spend(db::Connection& connection, db::MoveCall<Spend> const& call,
                           db::NotAfter not_after);

} // namespace ledger

template <>
struct db::Move<ledger::Spend> {
    using Row = ledger::MoveRow;
    using Answer = ledger::Receipt;

    static ContendedRows::Name row_name(ledger::Spend const& spend)
    {
        return {spend.user.id, spend.user.number};
    }
    static Answer answer(Row const& row, ledger::Spend const& spend)
    {
        return ledger::receipt_of(row, spend.entry);
    }
};
