// The client's key for one move of tokens: the same key and the same request move them once.
#pragma once

#include "shared/http/message.hpp"

#include <optional>
#include <string>

namespace http {

// The Idempotency-Key header (bare and then without a comma, or quoted as RFC 8941 strings are, in UTF-8 either
// way), the same called X-Idempotency-Key, and the body's idempotency_key (`from_body`) are one key: 1 to 255
// characters without the blanks around them, none of them a control character, and together more than a program's
// word for nothing (undefined, null, None, NaN, [object Object], blanks). Empty when there is none of the three.
// Two that differ, a header sent twice, or a malformed key in any place: Failure validation_error naming it, with
// loc {"header", "idempotency-key"} or {"header", "x-idempotency-key"} where a header is at fault and {"body",
// "idempotency_key"} otherwise.
std::optional<std::string> idempotency_key(Request const& request,
                                           std::optional<std::string> const& from_body);

// Whether the request has such a header at all, by either name.
bool has_key_header(Request const& request);

} // namespace http
