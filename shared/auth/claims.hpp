// What a Supabase access token says about its bearer, once its signature holds.
#pragma once

#include "shared/base/uuid.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

// A person. `user` is who they are; email and phone are what the token's issuer knew when it was made, may be
// empty, and identify nobody.
struct UserToken {
    base::Uuid user;
    base::Uuid session;
    std::string email;
    std::string phone; // digits, without '+'
    std::int64_t expires_at_s = 0;
};

// What clocks may differ by.
constexpr std::int64_t clock_leeway_s = 30;
constexpr std::int64_t issued_ahead_max_s = 60;

// The claims as a user's, at `now_s` seconds since 1970 UTC. Throws Failure unauthorized unless all of it
// holds: `exp` is a whole number and not past by more than the leeway; `nbf` and `iat`, where they stand, are
// whole numbers and not ahead by more than the leeway and issued_ahead_max_s; `iss` is one of `issuers` to
// the letter; `aud`, a string or a list, has "authenticated"; `role` is "authenticated" (so the keys anon and
// service_role, which are tokens too, are nobody); the user is not anonymous; the token was not issued to
// somebody else's application (`client_id`); `sub` and `session_id` are UUIDs.
UserToken read_claims(std::string const& payload, std::vector<std::string> const& issuers,
                      std::int64_t now_s);

} // namespace auth
