// A key that signatures are checked with. Its algorithm is the key's own and never the token's (RFC 8725,
// 3.1): a public key cannot be made to serve as the secret of an HMAC.
#pragma once

#include "shared/base/secret.hpp"
#include "shared/json/value.hpp"

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace auth {

enum class Algorithm { es256, rs256, eddsa };

// As `alg` has it: "ES256", "RS256", "EdDSA".
std::string_view name(Algorithm algorithm);

// A public key of a project.
class SigningKey {
  public:
    // Empty for a key that is not ours to use: another type or curve (P-256 and Ed25519 only), RSA under 2048 or
    // over 8192 bits, no key id, for encryption, a point that is not on P-256, a private key that somebody
    // published.
    static std::optional<SigningKey> from_jwk(json::Value const& jwk);

    std::string const& id() const { return id_; }
    Algorithm algorithm() const { return algorithm_; }

    // Whether `signature` is this key's over `text`: r and s of 32 bytes each for ES256 (RFC 7518, 3.4),
    // PKCS #1 v1.5 for RS256 (3.3), RFC 8037 for EdDSA. Any thread may ask. Leaves nothing in OpenSSL's error queue, which the
    // connections of libpq and libcurl read.
    bool verify(std::string_view text, std::string_view signature) const;

  private:
    SigningKey(std::string id, Algorithm algorithm, std::shared_ptr<EVP_PKEY> key);

    std::string id_;
    Algorithm algorithm_;
    std::shared_ptr<EVP_PKEY> key_;
};

// Whether `signature` is HMAC with SHA-256 of `text` under `secret`, in constant time. A secret of fewer than
// 32 bytes signs nothing (RFC 7518, 3.2).
bool verify_hs256(base::Secret const& secret, std::string_view text, std::string_view signature);

} // namespace auth
