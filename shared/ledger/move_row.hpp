// What the moves of farebox_api answer, and what that means to a caller.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/base/uuid.hpp"
#include "shared/ledger/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ledger {

// One row of spend, spend_one, grant or reverse.
struct MoveRow {
    std::string status;
    std::optional<base::Uuid> entry;
    std::optional<std::int64_t> amount; // with insufficient: what was required
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> after;
    std::optional<std::int64_t> available; // with insufficient and exceeds: what there is
    std::optional<std::int64_t> at_us;
};

// One row of hold or dispatch.
struct HoldRow {
    std::string status;
    std::optional<base::Uuid> hold;
    std::optional<std::int64_t> amount;    // with insufficient: what was required; already_settled: captured
    std::optional<std::int64_t> available; // with insufficient: what there is
    std::optional<std::int64_t> expires_at_us;
    std::optional<std::int64_t> at_us;
};

// One row of settle.
struct SettleRow {
    std::string status;
    std::optional<base::Uuid> entry;
    std::optional<std::int64_t> amount; // with insufficient: what was required; already_settled: captured
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> after;
    std::optional<std::int64_t> available; // with insufficient: what could be captured
    std::optional<std::int64_t> at_us;
    std::optional<std::int64_t> released;
    std::optional<base::Uuid> settled_by; // the id of the request that settled it; empty after a lapse
};

// What `not_found` is about.
enum class Subject { user, entry, hold };

// Whether the move has taken effect: now (ok, or short where it took less) or by an earlier send (replayed).
bool took_effect(std::string_view status);

// The receipt of a move, its refusal set unless it took effect. An entry that bears `own`, the id made for
// this very request, is this request's own doing: it is no replay, however often it had to be sent.
Receipt receipt_of(MoveRow const& row, base::Uuid const& own, Subject subject);

// The same for holds: `own` is the hold's id as this request made it, or the id of the request that settles.
HoldReceipt hold_receipt_of(HoldRow const& row, base::Uuid const& own, Subject subject);
SettleReceipt settle_receipt_of(SettleRow const& row, base::Uuid const& own);

// The refusal that a status stands for; a status that is not known here is internal.
base::Failure refusal_of(std::string_view status, Subject subject);

} // namespace ledger
