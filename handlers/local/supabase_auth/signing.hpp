// Access tokens: JWS in compact form (RFC 7515) with ES256 (RFC 7518, 3.4), signed by the one key of the
// stand-in. Recognising one is the business of shared/auth, here as in every handler.
#pragma once

#include "shared/auth/claims.hpp"
#include "shared/auth/key_set.hpp"
#include "shared/base/secret.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace local_auth {

class Signer {
  public:
    // A P-256 private key in PEM. Throws std::runtime_error when it is none.
    explicit Signer(base::Secret const& pem);

    // The token with that payload.
    std::string sign(std::string_view payload) const;

    // Whose token it is; empty for one that sign() did not make, of another issuer, or past its time.
    std::optional<auth::UserToken> holder_of(std::string_view token, std::string const& issuer) const;

    // {"keys": [the public half]} (RFC 7517).
    std::string const& key_set() const { return key_set_text_; }

  private:
    std::shared_ptr<evp_pkey_st> key_;
    std::string header_; // of every token, encoded
    std::string key_set_text_;
    auth::KeySet key_set_;
};

} // namespace local_auth
