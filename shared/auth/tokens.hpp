// Access tokens of a Supabase project, verified here without asking anybody: by the project's public keys, by
// its secret where one is configured, and only where it has neither by asking Supabase Auth.
//
//   alg            checked with
//   ES256, RS256   the key of the project's JWKS that has the token's `kid`, whose algorithm must be the same
//   HS256          the configured secret; it is no member of the set above
//   anything else  nothing: refused
//
// Where the JWKS is empty and no secret is configured, the project signs with a secret that only Supabase
// Auth has, and Supabase Auth is asked about the whole token. The claims are judged first, so nobody is asked
// about a token that cannot be good, and a yes is remembered for at most a minute.
//
// A good signature does not say that the session still lives; a move of money has that checked in the
// database (ledger::Credential).
#pragma once

#include "shared/auth/claims.hpp"
#include "shared/auth/jwks.hpp"
#include "shared/auth/jws.hpp"
#include "shared/base/clock.hpp"
#include "shared/base/secret.hpp"
#include "shared/base/uuid.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

class Tokens {
  public:
    // Whose token Supabase Auth says this is; empty when it refuses the token. Throws Failure when it cannot
    // be asked: that is no reason to refuse and none to accept.
    using Ask = std::function<std::optional<base::Uuid>(std::string_view token, base::Deadline deadline)>;

    struct Options {
        std::vector<std::string> issuers;
        base::Secret secret; // for HS256; empty accepts none
        std::string jwks_cache;
        Clock clock = wall_clock_s;
    };

    Tokens(Options options, Jwks::Fetch fetch, Ask ask);

    // Whose token it is. Throws Failure unauthorized for every token that is not good in every respect,
    // auth_unavailable when that cannot be known now, and what `ask` throws. Log texts hold nothing of the
    // token.
    UserToken verify(std::string_view token, base::Deadline deadline);

  private:
    UserToken asked(std::string_view token, Jws const& jws, base::Deadline deadline);
    bool remembered(base::Sha256 const& hash, std::int64_t now_s);
    void remember(base::Sha256 const& hash, std::int64_t now_s);

    Options options_;
    Jwks jwks_;
    Ask ask_;
    std::mutex mutex_; // guards the two below
    std::map<base::Sha256, std::int64_t> good_until_s_;
    int asking_ = 0;
};

} // namespace auth
