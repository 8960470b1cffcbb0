// Who an Authorization header names: a key of the environment, an API key of our table ("fb_" and 43
// base64url characters, 32 random bytes), or, for whatever is neither, the bearer of an access token.
//
// A key's row is remembered for a minute so that a call costs no extra round trip. That is only a shortcut:
// every SQL function is given the key's hash and checks it again under its own snapshot, so a revoked key
// moves nothing from the moment the revocation commits; the caller then forgets the remembered row.
#pragma once

#include "shared/auth/caller.hpp"
#include "shared/base/clock.hpp"
#include "shared/base/secret.hpp"
#include "shared/http/message.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

struct KeyRow {
    std::string name;
    Scopes scopes;
};

struct EnvironmentKey {
    std::string name; // the variable's
    base::Secret value;
};

class Keys {
  public:
    using Lookup = std::function<std::optional<KeyRow>(base::Sha256 const& hash, base::Deadline deadline)>;
    // Whose access token this is (auth::Tokens::verify).
    using Verify = std::function<UserToken(std::string_view token, base::Deadline deadline)>;

    // Empty environment keys match nothing. A row that was found is remembered for `remember`; that there is
    // none is never remembered. Without `verify` no token is anybody's.
    Keys(std::vector<EnvironmentKey> environment, Lookup lookup,
         std::chrono::milliseconds remember = std::chrono::seconds(60), Verify verify = {});

    // The caller that the request's Authorization header names: "Bearer <credential>" (scheme in any case) or
    // the bare credential. Failure unauthorized when it is missing, doubled, longer than 8 KiB, malformed or
    // unknown, and what `verify` throws; a header that is not a key costs no lookup, and what begins as an
    // API key is never taken for a token.
    Caller authenticate(http::Request const& request, base::Deadline deadline);

    // After the database refused this key.
    void forget(base::Sha256 const& hash);

  private:
    struct Remembered {
        KeyRow row;
        base::Deadline until;
    };

    Caller bearer_of(std::string_view token, base::Deadline deadline) const;
    std::optional<KeyRow> find(base::Sha256 const& hash, base::Deadline deadline);
    void keep(base::Sha256 const& hash, KeyRow const& row, base::Deadline now);

    std::vector<EnvironmentKey> environment_;
    Lookup lookup_;
    std::chrono::milliseconds remember_;
    Verify verify_;
    std::mutex mutex_;
    std::map<base::Sha256, Remembered> remembered_;
};

} // namespace auth
