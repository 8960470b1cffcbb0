// The client's key for one move of tokens: the same key and the same request move them once.
#pragma once

#include "shared/http/message.hpp"

#include <optional>
#include <string>

namespace http {

// The Idempotency-Key header (bare, or quoted as RFC 8941 strings are, in UTF-8 either way) and the body's
// idempotency_key (`from_body`) are one key: 1 to 255 characters, none of them a control character. Empty
// when there is neither. Both and different, a header sent twice, or a malformed key in either place: Failure
// validation_error naming idempotency_key, with loc {"header", "idempotency-key"} where the header is at
// fault and {"body", "idempotency_key"} otherwise.
std::optional<std::string> idempotency_key(Request const& request,
                                           std::optional<std::string> const& from_body);

} // namespace http
