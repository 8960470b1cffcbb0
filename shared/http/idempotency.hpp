// The client's key for one move (CONTRACT, "Idempotency").
#pragma once

#include "shared/http/message.hpp"

#include <optional>
#include <string>

namespace http {

// The Idempotency-Key header (bare, or quoted as RFC 8941 strings are) and the body's idempotency_key are one
// key: 1 to 255 characters, printable. Both and different, or a malformed header: Failure validation_error
// naming idempotency_key (loc {"header", "idempotency-key"} for the header).
std::optional<std::string> idempotency_key(Request const& request,
                                           std::optional<std::string> const& from_body);

} // namespace http
