// The statements: one function of farebox_api each, its arguments in order and its row read back.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/db/connection.hpp"
#include "shared/ledger/move_row.hpp"
#include "shared/ledger/types.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ledger::calls {

// The moment after which a move moves nothing, by the database's clock: microseconds since 1970 UTC.
struct NotAfter {
    std::int64_t us;
};

struct BalanceRow {
    std::string status;
    Balance balance; // with status ok
};

struct UserRow {
    std::string status;
    User user; // with status ok and replayed
};

using BalanceOf = std::pair<UserRef const*, Credential const*>;

// Each throws what db::Connection::call throws.
// A lone spend that may wait for its lock takes the shorter farebox_api.spend_one.
std::vector<MoveRow> spend(db::Connection& connection, std::span<Spend const* const> spends,
                           NotAfter not_after, bool skip_locked, base::Deadline deadline);
std::vector<HoldRow> hold(db::Connection& connection, std::span<PlaceHold const* const> holds,
                          NotAfter not_after, bool skip_locked, base::Deadline deadline);
std::vector<SettleRow> settle(db::Connection& connection, std::span<SettleHold const* const> holds,
                              NotAfter not_after, bool skip_locked, base::Deadline deadline);
HoldRow dispatch(db::Connection& connection, DispatchHold const& hold, NotAfter not_after,
                 base::Deadline deadline);
MoveRow grant(db::Connection& connection, Grant const& grant, NotAfter not_after, base::Deadline deadline);
MoveRow reverse(db::Connection& connection, Reverse const& entry, NotAfter not_after,
                base::Deadline deadline);
UserRow create_user(db::Connection& connection, NewUser const& user, NotAfter not_after,
                    base::Deadline deadline);
std::vector<BalanceRow> balance(db::Connection& connection, std::span<BalanceOf const> of,
                                base::Deadline deadline);
// A status other than ok is thrown as its refusal.
std::vector<Entry> statement(db::Connection& connection, UserRef const& user, int limit,
                             std::optional<std::int64_t> before, Credential const& credential,
                             base::Deadline deadline);
std::optional<ApiKey> api_key(db::Connection& connection, base::Sha256 const& hash, base::Deadline deadline);
void ping(db::Connection& connection, base::Deadline deadline);

} // namespace ledger::calls
