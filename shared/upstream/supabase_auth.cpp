// What is asked of Supabase Auth, and what its answers mean. Its texts are never shown or logged: they name
// addresses.
#include "shared/upstream/supabase_auth.hpp"

#include "shared/base/log.hpp"
#include "shared/json/value.hpp"
#include "shared/json/writer.hpp"

#include <arpa/inet.h>

#include <array>

namespace upstream {
namespace {

using base::Error;
using base::Failure;

constexpr int unavailable_retry_s = 5;
constexpr int request_rate_retry_s = 5;  // its bucket fills by one every two to ten seconds
constexpr int message_rate_retry_s = 60; // between two messages to one address

Failure unavailable(std::string log)
{
    return Failure(Error::auth_unavailable, "Supabase Auth: " + std::move(log))
        .retry_after(unavailable_retry_s);
}

std::string text_of(json::Value const& object, std::string_view name)
{
    auto const* const member = object.find(name);
    return member != nullptr && member->kind == json::Kind::string ? member->text : std::string();
}

bool is_json(std::string_view content_type)
{
    return content_type.starts_with("application/json");
}

// Empty where it is none: a page in HTML, an answer cut off.
std::optional<json::Value> document(HttpResponse const& response)
{
    if (!is_json(response.content_type)) return std::nullopt;
    try {
        auto value = json::parse(response.body, json::depth_most); // it holds metadata
        if (value.kind != json::Kind::object) return std::nullopt;
        return value;
    } catch (Failure const&) {
        return std::nullopt;
    }
}

// The newer format has the word in `code`; the older one has it in `error_code` and a number in `code`; the
// OAuth parts have it in `error`. A state of Postgres that leaks through is in `code` as well. "" for what
// the gateway says, which names no code at all.
std::string code_of(json::Value const& body)
{
    for (auto const* const name : {"error_code", "code", "error"})
        if (auto code = text_of(body, name); !code.empty()) return code;
    return {};
}

std::vector<std::string> reasons_of(json::Value const& body)
{
    auto reasons = std::vector<std::string>();
    auto const* const weak = body.find("weak_password");
    auto const* const list = weak != nullptr ? weak->find("reasons") : nullptr;
    if (list == nullptr) return reasons;
    for (auto const& item : list->items)
        reasons.push_back(item.text);
    return reasons;
}

bool is_rate_limit(std::string_view code)
{
    return code.starts_with("over_") && code.ends_with("_rate_limit");
}

// What the caller could not change: a hook that does not answer or answers nonsense, a provider of messages that fails.
bool is_outage(std::string_view code)
{
    return code.starts_with("hook_") || code == "sms_send_failed";
}

// The gateway may refuse the project's key with a code of its own. What Supabase Auth itself says with 401 is of the token, and
// "unknown" is a hook's.
bool is_of_gateway(int status, std::string_view code)
{
    return status == 401 && code != "no_authorization" && code != "unknown";
}

bool is_message_rate_limit(std::string_view code)
{
    return code == "over_email_send_rate_limit" || code == "over_sms_send_rate_limit";
}

// Throws what a status other than 2xx means.
[[noreturn]] void refuse(HttpResponse const& response)
{
    auto const body = document(response);
    auto const code = body ? code_of(*body) : std::string();
    auto const seen = "status " + std::to_string(response.status) + (code.empty() ? "" : ", " + code);
    if (response.status == 429 || is_rate_limit(code)) {
        auto const usual_s = is_message_rate_limit(code) ? message_rate_retry_s : request_rate_retry_s;
        throw Failure(Error::rate_limited, "Supabase Auth: " + seen)
            .retry_after(response.retry_after_s.value_or(usual_s));
    }
    // 409: another refresh of the same session is under way.
    if (code.empty() || response.status >= 500 || response.status == 402 || response.status == 409 ||
        is_outage(code) || is_of_gateway(response.status, code))
        throw unavailable(seen);
    throw AuthRefused(code, reasons_of(*body));
}

void refuse_unless_done(HttpResponse const& response)
{
    if (response.status < 200 || response.status > 299) refuse(response);
}

// The code of an answer of 500, by which Supabase Auth says that its database has refused; else "".
std::string database_fault_of(HttpResponse const& response)
{
    if (response.status != 500) return {};
    auto const body = document(response);
    return body ? code_of(*body) : std::string();
}

json::Value body_of(HttpResponse const& response)
{
    auto body = document(response);
    if (!body) throw unavailable("status " + std::to_string(response.status) + " without a JSON object");
    return *std::move(body);
}

AuthUser user_of(json::Value const& value)
{
    auto const id = base::parse_uuid(text_of(value, "id"));
    if (!id) throw unavailable("a user without an id");
    return {.id = *id, .email = text_of(value, "email"), .phone = text_of(value, "phone")};
}

AuthSession session_of(json::Value const& body)
{
    auto const* const user = body.find("user");
    auto access_token = base::Secret(text_of(body, "access_token"));
    auto refresh_token = base::Secret(text_of(body, "refresh_token"));
    if (user == nullptr || access_token.empty() || refresh_token.empty())
        throw unavailable("a session that is not whole");
    return {.user = user_of(*user),
            .access_token = std::move(access_token),
            .refresh_token = std::move(refresh_token)};
}

// It writes to an address only so often, and only to one that waits to be confirmed: whoever were told could ask who has
// an account. The operator is.
bool was_written_to_already(HttpResponse const& response)
{
    if (response.status != 429) return false;
    auto const body = document(response);
    auto const code = body ? code_of(*body) : std::string();
    if (!is_message_rate_limit(code)) return false;
    base::log::event(base::log::Level::info, "confirmation_not_sent", {{"reason", code}});
    return true;
}

void write_login(json::Writer& body, Login const& login)
{
    if (login.email) body.field("email", *login.email);
    if (login.phone) body.field("phone", *login.phone);
    body.field("password", login.password.reveal());
    if (!login.captcha_token.empty())
        body.begin("gotrue_meta_security").field("captcha_token", login.captcha_token).end();
}

bool is_address(std::string const& text)
{
    auto binary = std::array<unsigned char, sizeof(in6_addr)>();
    return inet_pton(AF_INET, text.c_str(), binary.data()) == 1 ||
           inet_pton(AF_INET6, text.c_str(), binary.data()) == 1;
}

} // namespace

SupabaseAuth::SupabaseAuth(SupabaseOptions options, Http http)
    : options_(std::move(options)), http_(std::move(http))
{
}

// A publishable key is not heeded for the client's address, so with a secret key that one is used throughout.
HttpRequest SupabaseAuth::request(std::string method, std::string const& path, std::string_view client) const
{
    auto request = HttpRequest();
    request.method = std::move(method);
    request.url = options_.url + "/auth/v1" + path;
    request.headers = {{"X-Supabase-Api-Version", "2024-01-01"}, {"Content-Type", "application/json"}};
    auto const& key = options_.secret_key.empty() ? options_.publishable_key : options_.secret_key;
    if (!key.empty()) request.headers.emplace_back("apikey", key.reveal());
    if (auto const address = std::string(client); !options_.secret_key.empty() && is_address(address))
        request.headers.emplace_back("Sb-Forwarded-For", address);
    return request;
}

HttpResponse SupabaseAuth::ask(HttpRequest const& request, base::Deadline deadline) const
try {
    return http_.send(request, deadline);
} catch (HttpFailed const& failed) {
    throw unavailable(failed.log);
}

HttpResponse SupabaseAuth::send(HttpRequest const& request, base::Deadline deadline) const
{
    auto response = ask(request, deadline);
    refuse_unless_done(response);
    return response;
}

std::optional<AuthSession> SupabaseAuth::sign_up(Login const& login, std::string const& display_name,
                                                 std::string_view client, base::Deadline deadline) const
{
    auto body = json::Writer();
    body.begin();
    write_login(body, login);
    body.begin("data");
    if (!display_name.empty()) body.field("display_name", display_name);
    auto asked = request("POST", "/signup", client);
    asked.body = body.end().end().str();
    auto response = ask(asked, deadline);
    // Of two registrations of one address at once the slower one is a fault of the database; asked again, it is told what
    // it would have been told a moment later.
    if (response.status == 500) response = ask(asked, deadline);
    if (was_written_to_already(response)) return std::nullopt;
    refuse_unless_done(response);
    auto const answer = body_of(response);
    if (answer.find("access_token") != nullptr) return session_of(answer);
    user_of(answer); // an answer that makes no sense is not taken for one
    return std::nullopt;
}

AuthSession SupabaseAuth::sign_in(Login const& login, std::string_view client, base::Deadline deadline) const
{
    auto body = json::Writer();
    body.begin();
    write_login(body, login);
    auto asked = request("POST", "/token?grant_type=password", client);
    asked.body = body.end().str();
    return session_of(body_of(send(asked, deadline)));
}

AuthSession SupabaseAuth::refresh(base::Secret const& refresh_token, std::string_view client,
                                  base::Deadline deadline) const
{
    auto asked = request("POST", "/token?grant_type=refresh_token", client);
    asked.body = json::Writer().begin().field("refresh_token", refresh_token.reveal()).end().str();
    return session_of(body_of(send(asked, deadline)));
}

bool SupabaseAuth::sign_out(base::Secret const& access_token, base::Deadline deadline) const
{
    auto asked = request("POST", "/logout?scope=local", {});
    asked.headers.emplace_back("Authorization", "Bearer " + access_token.reveal());
    try {
        send(asked, deadline);
        return true;
    } catch (AuthRefused const& refused) {
        for (auto const* const gone : {"session_not_found", "user_not_found"})
            if (refused.code == gone) return true;
        for (auto const* const of_token : {"bad_jwt", "no_authorization", "user_banned"})
            if (refused.code == of_token) return false;
        throw unavailable("logout refused: " + refused.code);
    }
}

void SupabaseAuth::remove_user(base::Uuid const& user, base::Deadline deadline) const
{
    auto asked = request("DELETE", "/admin/users/" + base::to_string(user), {});
    // The older kind of key is a token by itself; the newer one must not stand in Authorization.
    if (auto const& key = options_.secret_key.reveal(); !key.starts_with("sb_"))
        asked.headers.emplace_back("Authorization", "Bearer " + key);
    try {
        auto const response = ask(asked, deadline);
        if (auto const code = database_fault_of(response); !code.empty())
            throw Failure(Error::account_not_removed,
                          "Supabase Auth: " + code +
                              " for a removal: does a table that refers to auth.users say no "
                              "ON DELETE? SUPABASE.md has how to find it");
        refuse_unless_done(response);
    } catch (AuthRefused const& refused) {
        if (refused.code != "user_not_found") throw unavailable("removal refused: " + refused.code);
    }
}

} // namespace upstream
