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

// What `not_found` is about.
enum class Subject { user, entry };

// Whether the move has taken effect: now (ok) or by an earlier send (replayed).
bool took_effect(std::string_view status);

// The receipt of a move, its refusal set unless it took effect. An entry that bears `own`, the id made for
// this very request, is this request's own doing: it is no replay, however often it had to be sent.
Receipt receipt_of(MoveRow const& row, base::Uuid const& own, Subject subject);

// The refusal that a status stands for; a status that is not known here is internal.
base::Failure refusal_of(std::string_view status, Subject subject);

} // namespace ledger
