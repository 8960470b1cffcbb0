// The public keys of a project, as its JWKS document lists them (RFC 7517, 5).
#pragma once

#include "shared/auth/signing_key.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace auth {

constexpr std::size_t jwks_bytes_max = 64UL * 1024;

class KeySet {
  public:
    // Empty when the text is no JWKS at all: longer than jwks_bytes_max, not JSON (an error page), without a
    // list `keys`. Keys that are not ours to use are left out, so a set may be empty: the project then signs
    // with a shared secret. Of two keys with one id only the first counts.
    static std::optional<KeySet> parse(std::string_view text);

    // The key of that id, or nullptr.
    SigningKey const* find(std::string_view id) const;

    bool empty() const { return keys_.empty(); }
    std::size_t size() const { return keys_.size(); }

  private:
    std::vector<SigningKey> keys_;
};

} // namespace auth
