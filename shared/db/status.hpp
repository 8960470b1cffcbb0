// What functions of farebox_api answer. A status is `ok`, `replayed` (the first answer of this request, given again),
// `short` (done, with less than was asked), `late` (the call came after its not_after and did nothing), `behind` (more has
// fallen due on the row than the call has time for, so it did nothing), or the name of an error (shared/base/errors.def): there
// is no other table of refusals.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/base/uuid.hpp"

#include <optional>
#include <string_view>

namespace db {

// Whether the request has taken effect: now, or by an earlier send.
bool took_effect(std::string_view status);

// Which row is behind: the status `behind` comes with its id, where another one comes with that of what was made. Empty with
// another status.
std::optional<base::Uuid> row_behind(std::string_view status, std::optional<base::Uuid> const& id);

// The refusal that a status is; `late`, `behind` and `busy` are busy, with a second to wait. One that is no error is internal.
base::Failure refusal_of(std::string_view status);

// Throws the refusal unless the status is `ok`.
void expect_ok(std::string_view status);

} // namespace db
