// Who an Authorization header names, and the one place that reads that header: told by the credential's shape: one of the environment's keys, compared whole; a secret
// of farebox.credentials, which is a prefix and 43 base64url characters (32 random bytes); or, for whatever is neither, the
// bearer of an access token.
//
//   fb_      an API key
//   fd_      a device
//   fa_      an admin session
//   sk-fb-   a billing key
//
// What the database said of an API key or a device is remembered for a minute, so that a call costs no extra round trip. That
// is only a shortcut: every SQL function is given the hash and checks it again under its own snapshot, so a revoked key moves
// nothing from the moment the revocation commits; the caller then forgets what was remembered. Admin sessions and billing
// keys are asked about each time.
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

// What the database knows of a hashed secret that may be used now.
struct KnownCredential {
    std::string kind;                // "api_key", "device" ...
    std::optional<base::Uuid> owner; // none of an API key
    std::string name;                // of an API key
    Scopes scopes;                   // of an API key
};

struct EnvironmentKey {
    std::string name; // the variable's
    base::Secret value;
};

// The credential in the request's Authorization header, without its scheme ("Bearer", in any case) and the blanks around it; a
// bare one is taken as it is. Failure unauthorized when there is none, when it is sent twice, or too long to be one.
std::string credential_of(http::Request const& request);

class Authenticator {
  public:
    using Lookup =
        std::function<std::optional<KnownCredential>(base::Sha256 const& hash, base::Deadline deadline)>;
    // Whose access token this is, which came from that address (auth::Tokens::verify).
    using Verify =
        std::function<UserToken(std::string_view token, std::string_view client, base::Deadline deadline)>;

    // Empty environment keys match nothing, and one that the database does not know matches nothing either. That there is no
    // such credential is never remembered. Without `verify` no token is anybody's.
    Authenticator(std::vector<EnvironmentKey> environment, Lookup lookup,
                  std::chrono::milliseconds remember = std::chrono::seconds(60), Verify verify = {});

    // Whose credential it is. Failure unauthorized when it is missing, malformed or unknown, and what `lookup` and `verify`
    // throw; a header that is not a key costs no lookup, and what begins as one is never taken for a token.
    Caller authenticate(http::Request const& request, base::Deadline deadline);

    // After the database refused this caller.
    void forget(Caller const& caller);

  private:
    struct Remembered {
        KnownCredential credential;
        base::Deadline until;
    };

    Caller key_holder(std::string_view credential, std::string_view kind, base::Deadline deadline);
    std::optional<KnownCredential> find(base::Sha256 const& hash, std::string_view kind,
                                        base::Deadline deadline);
    void keep(base::Sha256 const& hash, KnownCredential const& credential, base::Deadline now);

    std::vector<EnvironmentKey> environment_;
    Lookup lookup_;
    std::chrono::milliseconds remember_;
    Verify verify_;
    std::mutex mutex_;
    std::map<base::Sha256, Remembered> remembered_;
};

} // namespace auth
