// A session that Supabase Auth has opened: its row, and the access token that says so.
#pragma once

#include "tests/support/database.hpp"
#include "tests/unit/auth/mint.hpp"

#include <ctime>
#include <string>

namespace support {

// Of the project that handlers are told of with SUPABASE_ISSUERS.
inline constexpr auto project_issuer = "https://project.example/auth/v1";

// Whoever has just logged in is believed by the token that came with the answer; nobody looks at its signature again.
inline std::string open_session(std::string const& user)
{
    auto const session = *database().value(
        "with opened as (insert into auth.sessions (id, user_id) values (gen_random_uuid(), $1) returning *) "
        "insert into auth.refresh_tokens (id, token, user_id, session_id, revoked) "
        "select (random() * 9e15)::bigint, gen_random_uuid(), o.user_id, o.id, false from opened o returning "
        "session_id",
        {user});
    auto const claims = mint::user_claims(std::time(nullptr))
                            .with("iss", mint::in_quotes(project_issuer))
                            .with("sub", mint::in_quotes(user))
                            .with("session_id", mint::in_quotes(session));
    return mint::hs256_token(std::string(40, 's'), mint::hs256_header().text(), claims.text());
}

} // namespace support
