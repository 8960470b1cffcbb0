// What a move of tokens is answered: the row of the function, and what that means to a caller.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/rows.hpp"
#include "shared/db/status.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ledger {

// One row of spend, spend_one, grant or reverse.
struct MoveRow {
    std::string status;
    std::optional<base::Uuid> entry;
    std::optional<std::int64_t> amount; // with insufficient_balance: what was required
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> after;
    std::optional<std::int64_t>
        available; // with insufficient_balance and reverse_exceeds_entry: what there is
    std::optional<std::int64_t> at_us;
    std::optional<std::int64_t> held = {}; // with insufficient_balance: what open holds hold

    std::optional<base::Uuid> behind() const { return db::row_behind(status, entry); }
};

// The answer to one move. Tokens are whole, times are microseconds since 1970 UTC.
struct Receipt {
    base::Uuid entry = {};
    std::int64_t amount = 0;
    std::int64_t before = 0;
    std::int64_t after = 0;
    std::int64_t at_us = 0;
    bool replayed = false;                     // the first answer of this key, given again
    std::optional<base::Failure> refusal = {}; // set: nothing moved (or, for outcome_unknown, nobody knows)
};

MoveRow move_row(db::Row const& row);

// The receipt of a move, its refusal set unless it took effect. An entry that bears `own`, the id made for this very
// request, is this request's own doing: it is no replay, however often it had to be sent.
Receipt receipt_of(MoveRow const& row, base::Uuid const& own);

// The refusal that a status is, with the amounts that it is about: `amount` is what was required, or what a hold
// ended with. What holds hold is told beside what is available: who waits for holds of their own to end must not be told to
// top up.
base::Failure refusal_with(std::string const& status, std::optional<std::int64_t> amount,
                           std::optional<std::int64_t> available, std::optional<std::int64_t> held);

// The receipt itself, or its refusal thrown.
template <class Receipt>
Receipt or_throw(Receipt receipt)
{
    if (receipt.refusal) throw *receipt.refusal;
    return receipt;
}

} // namespace ledger
