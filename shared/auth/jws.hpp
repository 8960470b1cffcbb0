// A signed token taken apart: the compact form of RFC 7515. This is the one place that parses tokens.
//
// Only the header is read here. The payload stays closed bytes until somebody has checked the signature, so
// that no claim of a stranger is ever looked at by accident.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace auth {

// Metadata makes them long. What is longer than a header may be (nginx/limits.conf) never comes here.
constexpr std::size_t token_bytes_max = 16UL * 1024;

struct Jws {
    std::string algorithm; // `alg` as the token says it; to be compared with a key's, never obeyed
    std::optional<std::string> key_id; // `kid`; to be compared with a key's, never part of a path or query
    std::string_view signed_text;      // of the token that was parsed, which must outlive this
    std::string payload;
    std::string signature;
};

// Throws Failure unauthorized for: more than token_bytes_max, other than three parts, base64url that is not
// canonical, a header that is not one JSON object without duplicates, `alg` or `kid` that is no string, or
// `crit` at all (none of its extensions is known here). `jku`, `jwk`, `x5u` and `x5c` are not read: a token
// does not say with which key it is checked. The log texts hold nothing of the token.
Jws parse_jws(std::string_view token);

} // namespace auth
