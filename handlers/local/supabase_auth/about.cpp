// What the stand-in says about itself: settings, health, and the key by which its tokens are verified.

#include "handlers/local/supabase_auth/answers.hpp"
#include "handlers/local/supabase_auth/context.hpp"
#include "shared/json/writer.hpp"

namespace local_auth {

http::Response settings(service::Call const&)
{
    auto const confirmed_at_once = !context().settings.must_confirm;
    auto body = json::Writer();
    body.begin()
        .begin("external")
        .field("anonymous_users", false)
        .field("email", true)
        .field("phone", true)
        .end()
        .field("disable_signup", false)
        .field("mailer_autoconfirm", confirmed_at_once)
        .field("phone_autoconfirm", confirmed_at_once)
        .field("sms_provider", "")
        .field("saml_enabled", false)
        .end();
    return http::json(200, body.str());
}

http::Response health(service::Call const&)
{
    auto body = json::Writer();
    body.begin()
        .field("version", FAREBOX_VERSION)
        .field("name", "farebox local auth")
        .field("description", "stands in for Supabase Auth on machines without it")
        .end();
    return http::json(200, body.str());
}

http::Response key_set(service::Call const&)
{
    return http::json(200, context().signer.key_set());
}

} // namespace local_auth
