// What functions of farebox_api answer. A status is `ok`, `replayed` (the first answer of this request, given again),
// `short` (done, with less than was asked), `late` (the call came after its not_after and did nothing), or the name of
// an error (shared/base/errors.def): there is no other table of refusals.
#pragma once

#include "shared/base/failure.hpp"

#include <string_view>

namespace db {

// Whether the request has taken effect: now, or by an earlier send.
bool took_effect(std::string_view status);

// The refusal that a status is; `late` and `busy` are busy, with a second to wait. One that is no error is internal.
base::Failure refusal_of(std::string_view status);

// Throws the refusal unless the status is `ok`.
void expect_ok(std::string_view status);

} // namespace db
