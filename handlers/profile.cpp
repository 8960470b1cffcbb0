// The account of whoever calls.
//
//   Access    a user: the token of Supabase Auth, whose session must still stand
//   Refuses   unauthorized, user_not_found, busy; what each adds stands with it
//
// GET /api/v1/auth/me, GET /api/v1/user/profile: the account (chat platform API).
//   Reply     200 {"id": UUID, "email", "created_at", "letta_agent_id", "litellm_key": a preview,
//                  "agent_status"}; null and "pending" until there is an agent or a key
//
// GET /api/auth/profile: the account (conversation app API).
//   Reply     200 {"id": number, "email", "display_name", "provider", "is_admin", "created_at"}
//
// PUT /api/auth/profile/update: another name (conversation app API).
//   Request   {"display_name": up to 100 characters; blank takes it away}
//   Reply     200 {"message": "Profile updated successfully", "user": as above}
//   Refuses   validation_error
//
// POST /api/auth/logout: ends the session of the token (conversation app API). Its refresh token is dead, and the
// access token, though it has not expired, is 401 from then on. Where the access token is not good any more, the
// session of the refresh token is ended: whoever has that could log in with it, and out again.
//   Request   {"refresh"?}
//   Reply     200 {"message": "Logout successful"}: the session is gone
//   Refuses   unauthorized (neither token is good; the session may live), validation_error, auth_unavailable,
//             rate_limited
//
// GET /api/v1/user/export: all that is stored about the caller. An endpoint of our own.
//   Reply     200 {"user", "admin", "agent", "billing_keys", "wallet", "holds" (open ones),
//                  "entries" (the newest 10,000)}
//
// DELETE /api/v1/user/delete, POST /api/v1/user/delete: the caller leaves, and their personal data goes. Our own; POST is
// for pages that may not send DELETE.
//   Reply     200 {"status": "success", "message"}
//   Refuses   auth_unavailable, rate_limited, account_not_removed (the project's database does not let it go: nothing is
//             gone then on either side); nothing is lost by sending it again
//
// The account is removed at Supabase Auth, and what farebox knows of the person with it, in one transaction, by the trigger
// on auth.users. Where there is none it is erased here first: the other way round a failure in between would leave data
// behind that nobody has a token to erase. The journal stays, under ids that name nobody.

#include "shared/api/accounts.hpp"
#include "shared/api/body.hpp"

namespace {

using base::Error;
using base::Failure;

http::Response me(service::Call const& call)
{
    auto const account = accounts::read(call.session, api::person_of(call), call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("id", base::to_string(account.id))
        .field("email", account.email.value_or(""))
        .field("created_at", base::iso8601(account.created_at_us))
        .field("letta_agent_id", account.agent_id)
        .field("litellm_key", account.billing_key)
        .field("agent_status", account.agent_status.value_or("pending"))
        .end();
    return http::json(200, body.str());
}

http::Response forge_profile(service::Call const& call)
{
    auto body = json::Writer();
    body.begin();
    api::write_forge_members(body, accounts::read(call.session, api::person_of(call), call.deadline));
    return http::json(200, body.end().str());
}

http::Response update(service::Call const& call)
{
    auto const document = json::parse(call.request.body);
    auto fields = json::Fields(document);
    auto const name = api::read_display_name(fields);
    if (document.find("display_name") == nullptr) fields.missing("display_name");
    fields.done();

    auto const account = accounts::rename(call.session, api::person_of(call),
                                          name.empty() ? std::nullopt : std::optional(name), call.deadline);
    auto body = json::Writer();
    body.begin().field("message", "Profile updated successfully");
    api::write_forge_user(body, account);
    return http::json(200, body.end().str());
}

// What the caller shows beside an access token that is not good any more; empty when nothing.
std::optional<base::Secret> refresh_token(service::Call const& call)
{
    auto const body = json::parse(call.request.body);
    auto fields = json::Fields(body);
    auto token = fields.optional_text("refresh", 0, api::refresh_token_chars_max).value_or("");
    fields.done();
    if (token.empty()) return std::nullopt;
    return base::Secret(std::move(token));
}

http::Response logout(service::Call const& call)
{
    auto const supabase = api::supabase_auth(call.config);
    auto ended = call.recognised.has_value() &&
                 supabase.sign_out(base::Secret(auth::credential_of(call.request)), call.deadline);
    if (!ended)
        if (auto const token = refresh_token(call))
            ended = supabase.sign_out(api::refresh(call, *token).access_token, call.deadline);
    if (!ended) throw Failure(Error::unauthorized, "neither token is good for a logout");
    return http::json(200, json::Writer().begin().field("message", "Logout successful").end().str());
}

http::Response export_account(service::Call const& call)
{
    api::Query(call).done();
    return http::json(200, accounts::export_all(call.session, api::person_of(call), call.deadline));
}

http::Response leave(service::Call const& call)
{
    api::Body(call).done();
    auto const supabase = api::supabase_auth(call.config);
    // Before anything is erased: without the key nobody could finish it.
    if (!supabase.may_administer())
        throw Failure(Error::auth_unavailable, "SUPABASE_SECRET_KEY is not set: accounts cannot be removed")
            .retry_after(60);
    auto const person = api::person_of(call);
    accounts::erase(call.session, person, call.deadline);
    supabase.remove_user(person.user, call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("status", "success")
        .field("message", "The account and its personal data are gone")
        .end();
    return http::json(200, body.str());
}

} // namespace

int main(int count, char** arguments)
{
    using namespace service;
    auto const endpoints = std::vector{
        get("/api/v1/auth/me", Dialect::chat, Access::user(), me),
        get("/api/v1/user/profile", Dialect::chat, Access::user(), me),
        get("/api/auth/profile", Dialect::forge, Access::user(), forge_profile),
        put("/api/auth/profile/update", Dialect::forge, Access::user(), update),
        api::login(post("/api/auth/logout", Dialect::forge, Access::leaving_user(), logout)),
        get("/api/v1/user/export", Dialect::chat, Access::user(), export_account),
        remove("/api/v1/user/delete", Dialect::chat, Access::user(), leave)
            .with_timeout_ms(api::account_timeout_ms),
        post("/api/v1/user/delete", Dialect::chat, Access::user(), leave)
            .with_timeout_ms(api::account_timeout_ms),
    };
    return run(
        count, arguments,
        {.name = "profile", .endpoints = endpoints, .needs = {.database = true, .supabase_auth = true}});
}
