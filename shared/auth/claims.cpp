#include "shared/auth/claims.hpp"

#include "shared/base/failure.hpp"
#include "shared/json/value.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

namespace auth {
namespace {

constexpr std::string_view audience = "authenticated";
constexpr std::string_view user_role = "authenticated";

[[noreturn]] void refuse(char const* why)
{
    throw base::Failure(base::Error::unauthorized, why);
}

json::Value parse(std::string const& payload)
{
    try {
        auto claims = json::parse(payload, json::depth_most); // it holds metadata
        if (claims.kind == json::Kind::object) return claims;
    } catch (base::Failure const&) {
        // What the reader has to say names members of the token, which are the sender's text.
    }
    refuse("the token's payload is not a JSON object");
}

// Seconds since 1970; empty when absent. A fraction or an exponent is no whole number: 1e99 would be a time
// that never comes.
std::optional<std::int64_t> instant(json::Value const& claims, std::string_view name)
{
    auto const* const claim = claims.find(name);
    if (claim == nullptr) return std::nullopt;
    auto const& text = claim->text;
    auto seconds = std::int64_t{0};
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, seconds);
    if (claim->kind != json::Kind::number || error != std::errc{} || stop != end)
        refuse("a time of the token is not a whole number");
    return seconds;
}

bool is_text(json::Value const* claim, std::string_view text)
{
    return claim != nullptr && claim->kind == json::Kind::string && claim->text == text;
}

// A string, or empty where the issuer knows none.
std::string contact(json::Value const& claims, std::string_view name)
{
    auto const* const claim = claims.find(name);
    if (claim == nullptr || claim->kind == json::Kind::null) return {};
    if (claim->kind != json::Kind::string) refuse("a contact in the token is no string");
    return claim->text;
}

base::Uuid uuid(json::Value const& claims, std::string_view name, char const* otherwise)
{
    auto const* const claim = claims.find(name);
    if (claim == nullptr || claim->kind != json::Kind::string) refuse(otherwise);
    auto const id = base::parse_uuid(claim->text);
    if (!id) refuse(otherwise);
    return *id;
}

// The comparisons keep the token's number alone on its side: it may be as large as an integer gets, and
// nothing is added to it.
std::int64_t judge_times(json::Value const& claims, std::int64_t now_s)
{
    auto const expires_at_s = instant(claims, "exp");
    if (!expires_at_s) refuse("the token does not expire");
    if (*expires_at_s <= now_s - clock_leeway_s) refuse("the token has expired");
    auto const not_before_s = instant(claims, "nbf");
    if (not_before_s && *not_before_s > now_s + clock_leeway_s) refuse("the token is not valid yet");
    auto const issued_at_s = instant(claims, "iat");
    if (issued_at_s && *issued_at_s > now_s + issued_ahead_max_s) refuse("the token comes from the future");
    return *expires_at_s;
}

void judge_issuer(json::Value const& claims, std::vector<std::string> const& issuers)
{
    auto const* const issuer = claims.find("iss");
    if (std::none_of(issuers.begin(), issuers.end(),
                     [&](std::string const& accepted) { return is_text(issuer, accepted); }))
        refuse("the token is of another issuer");
}

void judge_audience(json::Value const& claims)
{
    auto const* const claim = claims.find("aud");
    if (is_text(claim, audience)) return;
    if (claim == nullptr || claim->kind != json::Kind::array ||
        std::none_of(claim->items.begin(), claim->items.end(),
                     [](json::Value const& item) { return is_text(&item, audience); }))
        refuse("the token is for another audience");
}

void judge_bearer(json::Value const& claims)
{
    if (!is_text(claims.find("role"), user_role)) refuse("the token's role is not a user's");
    auto const* const anonymous = claims.find("is_anonymous");
    if (anonymous != nullptr && (anonymous->kind != json::Kind::boolean || anonymous->boolean))
        refuse("the token's user is anonymous");
    if (claims.find("client_id") != nullptr) refuse("the token was issued to another application");
}

} // namespace

UserToken read_claims(std::string const& payload, std::vector<std::string> const& issuers, std::int64_t now_s)
{
    auto const claims = parse(payload);
    auto token = UserToken();
    token.expires_at_s = judge_times(claims, now_s);
    judge_issuer(claims, issuers);
    judge_audience(claims);
    judge_bearer(claims);
    token.user = uuid(claims, "sub", "the token's subject is not a UUID");
    token.session = uuid(claims, "session_id", "the token's session is not a UUID");
    token.email = contact(claims, "email");
    token.phone = contact(claims, "phone");
    return token;
}

} // namespace auth
