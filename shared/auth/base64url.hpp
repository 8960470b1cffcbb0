// base64url as tokens and keys carry it (RFC 7515, 2 and appendix C): no padding, no blanks, one spelling for
// every sequence of bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace auth {

// Empty for anything that an encoder would not have written: another alphabet, padding, a length that no
// bytes have, or bits behind the last byte that are not zero. The last would make several texts one token.
std::optional<std::string> decode_base64url(std::string_view text);

} // namespace auth
