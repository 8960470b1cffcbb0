// Signing up, in and out, and confirming an address.

#include "handlers/local/supabase_auth/answers.hpp"
#include "handlers/local/supabase_auth/context.hpp"
#include "handlers/local/supabase_auth/input.hpp"
#include "handlers/local/supabase_auth/session.hpp"

namespace local_auth {
namespace {

constexpr std::size_t refresh_token_chars_min = 12;
constexpr std::size_t refresh_token_chars_max = 255;

// An empty form is an attempt to sign in anonymously, as Supabase Auth sees it.
Address address_of_new_user(json::Value const& body)
{
    auto const address = address_members(body);
    if (!address.email && !address.phone) throw Refused("anonymous_provider_disabled");
    return one_address(body, "Only an email address or phone number should be provided on signup.");
}

// Nobody asks an operator, as Supabase Auth does not either.
void ask_captcha(service::Call const& call, json::Value const& body, Address const& address)
{
    if (has_service_key(call.request)) return;
    auto const* const security = body.find("gotrue_meta_security");
    auto const* const token = security == nullptr ? nullptr : security->find("captcha_token");
    context().store.ask_captcha(address, token == nullptr ? std::string() : token->text, call.deadline);
}

http::Response sign_in_by_password(service::Call const& call)
{
    auto const body = body_of(call.request);
    auto const address =
        one_address(body, "Only an email address or phone number should be provided on login.");
    ask_captcha(call, body, address);
    auto const password = text_member(body, "password");
    if (!password) throw Refused("invalid_credentials");
    return session_response(
        context().store.sign_in(address, *password, client_of(call.request), call.deadline));
}

http::Response refresh(service::Call const& call)
{
    auto const token = text_member(body_of(call.request), "refresh_token").value_or("");
    if (token.size() < refresh_token_chars_min || token.size() > refresh_token_chars_max)
        throw Refused("validation_failed", "Refresh token is not valid");
    return session_response(context().store.refresh(token, client_of(call.request), call.deadline));
}

} // namespace

http::Response sign_up(service::Call const& call)
{
    auto const body = body_of(call.request);
    auto const address = address_of_new_user(body);
    ask_captcha(call, body, address);
    auto const password = text_member(body, "password");
    if (!password) throw Refused("validation_failed", "Signup requires a valid password");
    auto const account =
        context().store.sign_up(address, new_password(*password), object_member(body, "data").value_or("{}"),
                                context().settings.must_confirm, client_of(call.request), call.deadline);
    return account.session ? session_response(account) : user_response(account);
}

http::Response token(service::Call const& call)
{
    auto const grant_type = call.request.query_value("grant_type").value_or("");
    if (grant_type != "password" && grant_type != "refresh_token")
        throw Refused("invalid_credentials", "unsupported_grant_type");
    try {
        return grant_type == "password" ? sign_in_by_password(call) : refresh(call);
    } catch (Refused const& refused) {
        // 403 is for the holder of an access token.
        if (refused.code() == "user_banned") throw Refused(refused.code(), 400);
        throw;
    }
}

http::Response verify(service::Call const& call)
{
    auto const body = body_of(call.request);
    auto const type = text_member(body, "type").value_or("");
    auto const address =
        one_address(body, "Only an email address or phone number should be provided on verify");
    // Other types confirm what is not done here: a new address, a lost password.
    if (type != (address.email ? "email" : "sms") && type != "signup")
        throw Refused("validation_failed", "Verify requires a verification type: email, signup or sms");
    auto const code = text_member(body, "token");
    if (!code) throw Refused("validation_failed", "Verify requires a token");
    return session_response(context().store.verify(address, *code, client_of(call.request), call.deadline));
}

http::Response resend(service::Call const& call)
{
    auto const body = body_of(call.request);
    auto const type = text_member(body, "type").value_or("");
    auto const address =
        one_address(body, "Only an email address or phone number should be provided on resend");
    if (type != (address.email ? "signup" : "sms"))
        throw Refused("validation_failed", "Resend requires a verification type: signup or sms");
    context().store.resend(address, call.deadline);
    return http::json(200, "{}");
}

http::Response sign_out(service::Call const& call)
{
    auto const holder = holder_of(call.request);
    auto const scope = call.request.query_value("scope").value_or("global");
    if (scope != "global" && scope != "local" && scope != "others")
        throw Refused("validation_failed", "Unsupported logout scope \"" + scope + "\"");
    context().store.sign_out(holder, scope, call.deadline);
    return {.status = 204, .headers = {}, .body = {}};
}

} // namespace local_auth
