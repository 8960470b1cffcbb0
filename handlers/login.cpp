// POST /api/v1/auth/login: a session for an account (chat platform API).
//
//   Access    anyone
//   Request   {"email" or "phone", "password", "captcha_token"?}
//   Reply     200 {"status": "success", "user": {"id": UUID, "email"},
//                  "tokens": {"access_token", "refresh_token"}}
//   Refuses   validation_error, invalid_credentials, not_confirmed and account_refused (after the right
//             password only), captcha_failed, rate_limited, auth_unavailable
//
// POST /api/auth/login: a session for an account (conversation app API).
//
//   Request   as of /api/v1/auth/login
//   Reply     200 {"message": "Login successful",
//                  "user": {"id": number, "email", "display_name", "provider", "is_admin", "created_at"},
//                  "tokens": {"refresh", "access"}}
//
// POST /api/v1/auth/refresh: the next tokens of a session; an endpoint of our own.
//
//   Access    anyone
//   Request   {"refresh_token"}; a member it does not know is refused by name
//   Reply     as of /api/v1/auth/login
//   Refuses   validation_error, unauthorized (unknown, used before, or its session has ended), rate_limited,
//             auth_unavailable
//
// A login that fails must not tell whether the address has an account. Supabase Auth answers an unknown
// address without hashing the password, and a banned user before it: so every failure has one body, and is
// answered at a full step of failure_step after the request came, however long it took to find out.

#include "shared/api/accounts.hpp"
#include "shared/api/body.hpp"

#include <chrono>

namespace {

using base::Error;
using base::Failure;
using upstream::AuthSession;

constexpr auto failure_step = std::chrono::milliseconds(500);
constexpr std::size_t password_bytes_max = 1024; // what is too long to be one is wrong like any other

Failure refusal_of(upstream::AuthRefused const& refused)
{
    auto const& code = refused.code;
    if (code == "email_not_confirmed" || code == "phone_not_confirmed") return Failure(Error::not_confirmed);
    if (code == "invalid_credentials" || code == "user_banned" || code == "validation_failed" ||
        code == "user_not_found" || code == "email_address_invalid" || code == "email_provider_disabled" ||
        code == "phone_provider_disabled")
        return Failure(Error::invalid_credentials, "Supabase Auth: " + code);
    return api::refusal_of(refused);
}

AuthSession sign_in(service::Call const& call)
{
    auto const start = std::chrono::steady_clock::now();
    auto const body = json::parse(call.request.body);
    auto fields = json::Fields(body);
    auto const login = api::read_login(fields, password_bytes_max);
    fields.done();
    try {
        return api::supabase_auth(call.config).sign_in(login, call.request.remote_addr, call.deadline);
    } catch (upstream::AuthRefused const& refused) {
        api::wait_for_step(start, failure_step, call.deadline);
        throw refusal_of(refused);
    }
}

AuthSession refresh(service::Call const& call)
{
    auto body = api::Body(call);
    auto const token = base::Secret(body.fields.text("refresh_token", 1, api::refresh_token_chars_max));
    body.done();
    return api::refresh(call, token);
}

// The first login of an account that is older than farebox gives it its wallet.
accounts::Account account_of(service::Call const& call, AuthSession const& session)
{
    return accounts::read(call.session, api::person_of(session, call.config), call.deadline);
}

http::Response chat_answer(service::Call const& call, AuthSession const& session)
{
    auto const account = account_of(call, session);
    auto body = json::Writer();
    body.begin()
        .field("status", "success")
        .begin("user")
        .field("id", base::to_string(account.id))
        .field("email", account.email.value_or(""))
        .end();
    api::write_chat_tokens(body, session);
    return http::json(200, body.end().str());
}

http::Response login_chat(service::Call const& call)
{
    return chat_answer(call, sign_in(call));
}

http::Response refresh_chat(service::Call const& call)
{
    return chat_answer(call, refresh(call));
}

http::Response login_forge(service::Call const& call)
{
    auto const session = sign_in(call);
    auto body = json::Writer();
    body.begin().field("message", "Login successful");
    api::write_forge_user(body, account_of(call, session));
    api::write_forge_tokens(body, session);
    return http::json(200, body.end().str());
}

} // namespace

int main(int count, char** arguments)
{
    using namespace service;
    auto const endpoints = std::vector{
        api::login(post("/api/v1/auth/login", Dialect::chat, Access::anyone(), login_chat)),
        api::login(post("/api/v1/auth/refresh", Dialect::chat, Access::anyone(), refresh_chat)),
        api::login(post("/api/auth/login", Dialect::forge, Access::anyone(), login_forge)),
    };
    return run(count, arguments,
               {.name = "login", .endpoints = endpoints, .needs = {.database = true, .supabase_auth = true}});
}
