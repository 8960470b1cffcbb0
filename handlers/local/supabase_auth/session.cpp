#include "handlers/local/supabase_auth/session.hpp"

#include "handlers/local/supabase_auth/context.hpp"
#include "shared/base/clock.hpp"
#include "shared/json/writer.hpp"

namespace local_auth {
namespace {

constexpr std::int64_t token_life_s = 3600;

std::string claims_of(Account const& account, Session const& session, std::int64_t now_s)
{
    auto claims = json::Writer();
    claims.begin()
        .field("iss", context().settings.issuer)
        .field("sub", base::to_string(account.id))
        .field("aud", "authenticated")
        .field("exp", now_s + token_life_s)
        .field("iat", now_s)
        .field("email", account.email)
        .field("phone", account.phone)
        .raw("app_metadata", account.app_metadata_json)
        .raw("user_metadata", account.user_metadata_json)
        .field("role", "authenticated")
        .field("aal", "aal1")
        .array("amr")
        .begin()
        .field("method", session.method)
        .field("timestamp", session.signed_in_s)
        .end()
        .end()
        .field("session_id", base::to_string(session.id))
        .field("is_anonymous", false)
        .end();
    return claims.str();
}

} // namespace

http::Response session_response(Account const& account)
{
    auto const& session = account.session.value();
    auto const now_s = base::now_us() / 1'000'000;
    auto body = json::Writer();
    body.begin()
        .field("access_token", context().signer.sign(claims_of(account, session, now_s)))
        .field("token_type", "bearer")
        .field("expires_in", token_life_s)
        .field("expires_at", now_s + token_life_s)
        .field("refresh_token", session.refresh_token)
        .raw("user", account.json)
        .end();
    return http::json(200, body.str());
}

http::Response user_response(Account const& account)
{
    return http::json(200, account.json);
}

} // namespace local_auth
