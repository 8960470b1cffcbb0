// What registering, logging in and the profile have in common: the way to Supabase Auth, the words for its
// refusals, and the user as the two dialects print one.
#pragma once

#include "shared/accounts/accounts.hpp"
#include "shared/json/fields.hpp"
#include "shared/json/writer.hpp"
#include "shared/service/service.hpp"
#include "shared/upstream/supabase_auth.hpp"

#include <chrono>
#include <string>

namespace api {

// Supabase Auth sends messages and hashes passwords while it is waited for, so these calls may take longer
// than others.
inline constexpr int account_timeout_ms = 12'000;

// The row of an endpoint that lets people in: with that time, and limited by address more narrowly than others that are
// open, since whoever guesses passwords shows no credential to be limited by.
constexpr service::Endpoint login(service::Endpoint const& endpoint)
{
    return endpoint.with_timeout_ms(account_timeout_ms).with_rate(service::Rate::logins);
}

// Of one that makes accounts, which are worth their starting tokens: limited apart from logins, and much more narrowly.
constexpr service::Endpoint registration(service::Endpoint const& endpoint)
{
    return endpoint.with_timeout_ms(account_timeout_ms).with_rate(service::Rate::registrations);
}

// Waits for the next full step after `start`, or for the deadline: an answer whose time must not tell what took it is given then.
void wait_for_step(std::chrono::steady_clock::time_point start, std::chrono::milliseconds step,
                   base::Deadline deadline);

// Failure auth_unavailable where no project is configured.
upstream::SupabaseAuth supabase_auth(config::Config const& config);

// A refusal to register or to log in that the endpoint has no words of its own for. A hook of the operator's may refuse with
// anything: that is a refusal, and no outage that passes.
base::Failure refusal_of(upstream::AuthRefused const& refused);

// The next tokens of a session. Failure unauthorized where the refresh token, its session or its user is dead or banned; whatever
// else stands in the way is auth_unavailable, since whoever hears 401 throws the session away.
upstream::AuthSession refresh(service::Call const& call, base::Secret const& refresh_token);

inline constexpr std::size_t refresh_token_chars_max = 1024;

// The caller of an endpoint that admits users alone.
auth::User const& user_of(service::Call const& call);

// The caller's own account, and the caller as the database is told.
accounts::Person person_of(service::Call const& call);

// Who has just logged in, with the session that Supabase Auth has opened for them. What it says is read from the token
// without another look at the signature: it came from Supabase Auth itself, on a connection of ours. Failure
// auth_unavailable where the token is not one of the project that is configured.
accounts::Person person_of(upstream::AuthSession const& session, config::Config const& config);

// "email" and "password", or "phone" in place of the email, never both; problems are left in `fields`. The email is in
// lower case, the phone's digits are kept (contact.hpp). The password is at most `password_bytes_max` long. "captcha_token", where
// the project asks for a CAPTCHA.
upstream::Login read_login(json::Fields& fields, std::size_t password_bytes_max);
// The same of an account that is to be made.
upstream::Login read_registration(json::Fields& fields, std::size_t password_bytes_max);

// "display_name" without the blanks around it, at most 100 characters; "" when it is absent or blank.
std::string read_display_name(json::Fields& fields);

// The member `user` as the conversation app API prints it.
void write_forge_user(json::Writer& body, accounts::Account const& account);

// The members of a user as the conversation app API prints one, into an object that is open.
void write_forge_members(json::Writer& body, accounts::Account const& account);

// The member `tokens`, in each dialect's names.
void write_chat_tokens(json::Writer& body, upstream::AuthSession const& session);
void write_forge_tokens(json::Writer& body, upstream::AuthSession const& session);

} // namespace api
