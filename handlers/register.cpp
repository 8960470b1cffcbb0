// POST /api/v1/auth/register: a new account (chat platform API).
//
//   Access    anyone
//   Request   {"email", "password" (at most 72 bytes), "captcha_token"?}; "phone" in place of the email
//             where the project takes phones: + and 7 to 15 digits, no 0 before the country's code
//   Reply     201 {"status": "success", "message", "user": {"id": UUID, "email", "created_at"},
//                  "tokens": {"access_token", "refresh_token"},
//                  "agent_info": {"agent_id": null or text, "status"}};
//             where the address must be confirmed first: "status": "confirmation_required", "tokens": null
//   Refuses   validation_error (by field), user_exists, registration_closed, account_refused, captcha_failed,
//             rate_limited, auth_unavailable
//
// POST /api/auth/register: a new account (conversation app API).
//
//   Request   {"email", "password", "password2", "display_name"?: up to 100 characters}
//   Reply     201 {"message",
//                  "user": {"id": number, "email", "display_name", "provider", "is_admin", "created_at"},
//                  "tokens": {"refresh", "access"} or null}
//   Refuses   as above; a known address is a fault of the field email
//
// Where addresses must be confirmed, nobody can ask who has an account: a known address and a new one are answered alike, and
// as often as one likes. The id and the number are made of the address and are nobody's; a login tells the real ones. Supabase
// Auth hashes and sends for new addresses alone, so such an answer is given at a full confirmation_step after the request came.
// Where they need not be confirmed, Supabase Auth says that an address is known, and so do we.

#include "shared/api/accounts.hpp"

#include <chrono>

namespace {

using base::Error;
using base::Failure;
using upstream::AuthSession;

// More than hashing a password and handing a message to a mail server take.
constexpr auto confirmation_step = std::chrono::seconds(2);
constexpr std::size_t password_bytes_max = 72; // of bcrypt
constexpr auto registered = "User registered successfully";
constexpr auto confirm = "Almost done: confirm the address with the message that was sent to it, then log in";

struct Registration {
    upstream::Login login;
    std::string display_name;
};

Registration parse(service::Call const& call, bool repeated)
{
    auto const body = json::parse(call.request.body);
    auto fields = json::Fields(body);
    auto asked =
        Registration{.login = api::read_registration(fields, password_bytes_max), .display_name = {}};
    if (repeated) {
        auto const again = fields.text("password2", 1, 4096);
        if (fields.problems().empty() && again != asked.login.password.reveal())
            fields.problem("password2", "must be the same as password", "mismatch");
        asked.display_name = api::read_display_name(fields);
    }
    fields.done();
    return asked;
}

Failure field_failure(std::string const& name, std::string msg, std::string type)
{
    return json::validation_failure({.loc = {"body", name}, .msg = std::move(msg), .type = std::move(type)});
}

Failure weak_password(std::vector<std::string> const& reasons)
{
    auto problems = std::vector<base::Problem>();
    auto const add = [&](std::string msg, std::string type) {
        problems.push_back({.loc = {"body", "password"}, .msg = std::move(msg), .type = std::move(type)});
    };
    for (auto const& reason : reasons) {
        if (reason == "length") add("is too short", "too_short");
        if (reason == "characters") add("needs letters in both cases, digits or other characters", "weak");
        if (reason == "pwned") add("is known from a leak of passwords: choose another", "leaked");
    }
    if (problems.empty()) add("is too weak: choose a longer one", "weak");
    auto failure = json::validation_failure(problems.front());
    for (auto other = problems.begin() + 1; other != problems.end(); ++other)
        failure.add(*other);
    return failure;
}

// In the client's words; `name` is the member that named the account.
Failure refusal_of(upstream::AuthRefused const& refused, std::string const& name, http::Dialect dialect)
{
    auto const& code = refused.code;
    if (code == "weak_password") return weak_password(refused.reasons);
    if (code == "user_already_exists" || code == "email_exists" || code == "phone_exists")
        return dialect == http::Dialect::forge
                   ? field_failure(name, "belongs to an account already", "exists")
                   : Failure(Error::user_exists);
    if (code == "signup_disabled" || code == "email_provider_disabled" || code == "phone_provider_disabled" ||
        code == "anonymous_provider_disabled")
        return Failure(Error::registration_closed, "Supabase Auth: " + code);
    if (code == "validation_failed" || code == "email_address_invalid" ||
        code == "email_address_not_authorized")
        return field_failure(name, "is not accepted for an account", "not_accepted");
    return api::refusal_of(refused);
}

std::optional<AuthSession> sign_up(service::Call const& call, Registration const& asked,
                                   http::Dialect dialect)
try {
    return api::supabase_auth(call.config)
        .sign_up(asked.login, asked.display_name, call.request.remote_addr, call.deadline);
} catch (upstream::AuthRefused const& refused) {
    throw refusal_of(refused, asked.login.email ? "email" : "phone", dialect);
}

// What is shown of an account that must be confirmed first, whether or not there is one: what was asked for.
accounts::Account unconfirmed(service::Call const& call, Registration const& asked)
{
    auto const& login = asked.login;
    auto const ids = accounts::registration_ids(call.session, login.email, login.phone, call.deadline);
    return {.id = ids.id,
            .number = ids.number,
            .email = login.email,
            .phone = login.phone,
            .display_name = asked.display_name,
            .provider = "local",
            .created_at_us = base::now_us()};
}

struct Registered {
    accounts::Account account;
    std::optional<AuthSession> session; // empty: the address must be confirmed first
};

Registered register_with(service::Call const& call, Registration const& asked, http::Dialect dialect)
{
    auto const start = std::chrono::steady_clock::now();
    auto session = sign_up(call, asked, dialect);
    if (session) {
        auto account = accounts::read(call.session, api::person_of(*session, call.config), call.deadline);
        return {.account = std::move(account), .session = std::move(session)};
    }
    auto account = unconfirmed(call, asked);
    api::wait_for_step(start, confirmation_step, call.deadline);
    return {.account = std::move(account), .session = {}};
}

http::Response register_chat(service::Call const& call)
{
    auto const [account, session] = register_with(call, parse(call, false), http::Dialect::chat);

    auto body = json::Writer();
    body.begin()
        .field("status", session ? "success" : "confirmation_required")
        .field("message", session ? registered : confirm)
        .begin("user")
        .field("id", base::to_string(account.id))
        .field("email", account.email.value_or(""))
        .field("created_at", base::iso8601(account.created_at_us))
        .end();
    if (session)
        api::write_chat_tokens(body, *session);
    else
        body.field("tokens", nullptr);
    body.begin("agent_info")
        .field("agent_id", account.agent_id)
        .field("status", account.agent_status.value_or("pending"))
        .end();
    return http::json(201, body.end().str());
}

http::Response register_forge(service::Call const& call)
{
    auto const [account, session] = register_with(call, parse(call, true), http::Dialect::forge);

    auto body = json::Writer();
    body.begin().field("message", session ? registered : confirm);
    api::write_forge_user(body, account);
    if (session)
        api::write_forge_tokens(body, *session);
    else
        body.field("tokens", nullptr);
    return http::json(201, body.end().str());
}

} // namespace

int main(int count, char** arguments)
{
    using namespace service;
    auto const endpoints = std::vector{
        api::registration(post("/api/v1/auth/register", Dialect::chat, Access::anyone(), register_chat)),
        api::registration(post("/api/auth/register", Dialect::forge, Access::anyone(), register_forge)),
    };
    return run(
        count, arguments,
        {.name = "register", .endpoints = endpoints, .needs = {.database = true, .supabase_auth = true}});
}
