// Access tokens of a Supabase project, verified here without asking anybody: by the project's public keys, or by its secret
// where one is configured. Supabase Auth is asked about what only it can judge.
//
//   alg                   checked with
//   ES256, RS256, EdDSA   the key of the project's JWKS that has the token's `kid`, whose algorithm must be the same. A `kid`
//                         that is not there after the keys were fetched as recently as may be: Supabase Auth is asked
//   HS256                 the configured secret, which is no member of the set above. Without one Supabase Auth is asked,
//                         whatever the JWKS holds: a project that changes from its secret to a key has tokens of both kinds
//   anything else         nothing: refused
//
// Before anybody is asked the claims are judged, and the session that the token names must stand: nobody makes those up, so
// forged tokens take no turn of good ones.
//
// A good signature does not say that the session still lives; that is checked in the database, in every call.
#pragma once

#include "shared/auth/claims.hpp"
#include "shared/auth/jwks.hpp"
#include "shared/auth/jws.hpp"
#include "shared/auth/questions.hpp"
#include "shared/base/clock.hpp"
#include "shared/base/secret.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

class Tokens {
  public:
    // Whether the session that a token names stands, with the user it names. Throws Failure where that cannot be known.
    using Stands = std::function<bool(UserToken const& token, base::Deadline deadline)>;

    struct Options {
        std::vector<std::string> issuers;
        base::Secret secret; // for HS256; empty: Supabase Auth is asked
        std::string jwks_cache;
        std::size_t waiting_max = 64; // requests that wait for Supabase Auth
        Clock clock = wall_clock_s;
    };

    Tokens(Options options, Jwks::Fetch fetch, Stands stands, Questions::Ask ask);

    // Whose token it is; `client` is the address it came from. Throws Failure unauthorized for every token that is not good in
    // every respect, auth_unavailable when that cannot be known now, and what `stands` and `ask` throw. Log texts hold nothing
    // of the token.
    UserToken verify(std::string_view token, std::string_view client, base::Deadline deadline);

  private:
    UserToken asked(std::string_view token, Jws const& jws, std::string_view client, base::Deadline deadline);

    Options options_;
    Jwks jwks_;
    Stands stands_;
    Questions questions_;
};

} // namespace auth
