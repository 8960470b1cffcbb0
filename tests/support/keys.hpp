// API keys, made and ended by scripts/key as an operator does.
#pragma once

#include <string>
#include <string_view>

namespace support {

struct ApiKey {
    std::string name;   // random
    std::string secret; // "fb_..."

    // Returns when the revocation has committed.
    void revoke() const;
    // Moves the expiry into the past, which scripts/key rightly has no option for.
    void expire() const;
};

// `scopes` as scripts/key takes them: "read,spend".
ApiKey an_api_key(std::string_view scopes);

} // namespace support
