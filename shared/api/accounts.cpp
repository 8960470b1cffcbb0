#include "shared/api/accounts.hpp"

#include "shared/api/contact.hpp"
#include "shared/auth/claims.hpp"
#include "shared/auth/jwks.hpp"
#include "shared/auth/jws.hpp"

#include <algorithm>
#include <thread>

namespace api {
namespace {

constexpr std::size_t display_name_chars_max = 100;
constexpr std::size_t captcha_token_chars_max = 16UL * 1024;
// More than any password; what is too long for one is said in bytes.
constexpr std::size_t password_chars_max = 4096;

using ReadAddress = std::optional<std::string> (*)(json::Fields&);

upstream::Login read_with(ReadAddress read_email, ReadAddress read_phone, json::Fields& fields,
                          std::size_t password_bytes_max)
{
    auto login = upstream::Login();
    auto const problems = fields.problems().size();
    login.email = read_email(fields);
    login.phone = read_phone(fields);
    if (login.email && login.phone)
        fields.problem("phone", "must not be sent together with email: an account is of one of them", "both");
    // Unless one of them is there and no text.
    if (!login.email && !login.phone && fields.problems().size() == problems) fields.missing("email");
    auto password = fields.text("password", 1, password_chars_max);
    // Supabase Auth hashes no more than 72 bytes, and says so only in its own words.
    if (password.size() > password_bytes_max)
        fields.problem("password", "must be at most " + std::to_string(password_bytes_max) + " bytes long",
                       "too_long");
    login.password = base::Secret(std::move(password));
    login.captcha_token = fields.optional_text("captcha_token", 0, captcha_token_chars_max).value_or("");
    return login;
}

std::string trimmed(std::string const& text)
{
    auto const blanks = " \t\r\n";
    auto const from = text.find_first_not_of(blanks);
    if (from == std::string::npos) return {};
    return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

} // namespace

void wait_for_step(std::chrono::steady_clock::time_point start, std::chrono::milliseconds step,
                   base::Deadline deadline)
{
    auto const steps = (std::chrono::steady_clock::now() - start) / step + 1;
    std::this_thread::sleep_until(std::min(start + steps * step, deadline));
}

upstream::SupabaseAuth supabase_auth(config::Config const& config)
{
    auto const& supabase = config.supabase;
    if (!supabase.configured())
        throw base::Failure(base::Error::auth_unavailable, "SUPABASE_URL is not set").retry_after(60);
    auto options = upstream::SupabaseOptions();
    options.url = supabase.url;
    options.publishable_key = supabase.publishable_key;
    options.secret_key = supabase.secret_key;
    return upstream::SupabaseAuth(std::move(options),
                                  upstream::Http({.user_agent = "farebox/" FAREBOX_VERSION}));
}

base::Failure refusal_of(upstream::AuthRefused const& refused)
{
    auto log = "Supabase Auth: " + refused.code;
    if (refused.code == "captcha_failed") return base::Failure(base::Error::captcha_failed, std::move(log));
    // What is at fault is our request or the project's key: nothing that the client could change.
    for (auto const* const ours : {"bad_json", "bad_jwt", "no_authorization", "not_admin"})
        if (refused.code == ours)
            return base::Failure(base::Error::auth_unavailable, std::move(log)).retry_after(5);
    return base::Failure(base::Error::account_refused, std::move(log));
}

upstream::AuthSession refresh(service::Call const& call, base::Secret const& refresh_token)
try {
    return supabase_auth(call.config).refresh(refresh_token, call.request.remote_addr, call.deadline);
} catch (upstream::AuthRefused const& refused) {
    auto log = "Supabase Auth: " + refused.code;
    // "validation_failed" is what it says of a text that cannot be one of its tokens.
    for (auto const* const dead :
         {"refresh_token_not_found", "refresh_token_already_used", "session_not_found", "session_expired",
          "user_not_found", "user_banned", "validation_failed"})
        if (refused.code == dead) throw base::Failure(base::Error::unauthorized, std::move(log));
    throw base::Failure(base::Error::auth_unavailable, std::move(log)).retry_after(5);
}

auth::User const& user_of(service::Call const& call)
{
    auto const* const user = std::get_if<auth::User>(&call.caller());
    if (user == nullptr) throw base::Failure(base::Error::forbidden, "the endpoint is for users");
    return *user;
}

accounts::Person person_of(service::Call const& call)
{
    auto const& user = user_of(call);
    return {.caller = auth::proven(user), .user = user.token.user};
}

accounts::Person person_of(upstream::AuthSession const& session, config::Config const& config)
{
    auto const unavailable = [](std::string const& why) {
        return base::Failure(base::Error::auth_unavailable, "the token of a new session: " + why)
            .retry_after(5);
    };
    try {
        auto const token = auth::read_claims(auth::parse_jws(session.access_token.reveal()).payload,
                                             config.supabase.issuers, auth::wall_clock_s());
        if (token.user != session.user.id) throw unavailable("it is another user's");
        return {.caller = auth::proven(auth::User{.token = token}), .user = token.user};
    } catch (base::Failure const& failure) {
        if (failure.error() == base::Error::auth_unavailable) throw;
        throw unavailable(failure.log());
    }
}

upstream::Login read_login(json::Fields& fields, std::size_t password_bytes_max)
{
    return read_with(read_known_email, read_known_phone, fields, password_bytes_max);
}

upstream::Login read_registration(json::Fields& fields, std::size_t password_bytes_max)
{
    return read_with(read_new_email, read_new_phone, fields, password_bytes_max);
}

std::string read_display_name(json::Fields& fields)
{
    return trimmed(fields.optional_text("display_name", 0, display_name_chars_max).value_or(""));
}

void write_forge_members(json::Writer& body, accounts::Account const& account)
{
    body.field("id", account.number)
        .field("email", account.email.value_or(""))
        .field("display_name", account.display_name.value_or(""))
        .field("provider", account.provider)
        .field("is_admin", account.is_admin)
        .field("created_at", base::iso8601(account.created_at_us));
}

void write_forge_user(json::Writer& body, accounts::Account const& account)
{
    body.begin("user");
    write_forge_members(body, account);
    body.end();
}

void write_chat_tokens(json::Writer& body, upstream::AuthSession const& session)
{
    body.begin("tokens")
        .field("access_token", session.access_token.reveal())
        .field("refresh_token", session.refresh_token.reveal())
        .end();
}

void write_forge_tokens(json::Writer& body, upstream::AuthSession const& session)
{
    body.begin("tokens")
        .field("refresh", session.refresh_token.reveal())
        .field("access", session.access_token.reveal())
        .end();
}

} // namespace api
