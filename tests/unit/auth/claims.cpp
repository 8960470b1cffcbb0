#include "shared/auth/claims.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/auth/mint.hpp"
#include "tests/unit/auth/refusal.hpp"

namespace {

constexpr std::int64_t now_s = 1'790'000'000;

auth::UserToken read(mint::Object const& claims)
{
    return auth::read_claims(claims.text(), {"https://other.example/auth/v1", mint::issuer}, now_s);
}

std::string refusal(mint::Object const& claims)
{
    return refusal_of([&] { read(claims); });
}

std::string seconds(std::int64_t from_now)
{
    return std::to_string(now_s + from_now);
}

auto const good = mint::user_claims(now_s);

} // namespace

TEST_CASE("a user's token says who they are and in which session", "[claims]")
{
    auto const token = read(good);

    CHECK(base::to_string(token.user) == mint::user_id);
    CHECK(base::to_string(token.session) == mint::session_id);
    CHECK(token.email == "ada@wallet.dev");
    CHECK(token.phone == "15550001111");
    CHECK(token.expires_at_s == now_s + 3600);
}

TEST_CASE("an address that is missing or empty is empty, and a metadata of the user's own changes nothing",
          "[claims]")
{
    CHECK(read(good.with("email", "\"\"").without("phone")).email.empty());
    CHECK(read(good.without("phone").with("email", "null")).phone.empty());
    auto const token =
        read(good.with("user_metadata", R"({"sub":"x","role":"service_role","email":"eve@x.example"})"));
    CHECK(token.email == "ada@wallet.dev");
    CHECK_FALSE(refusal(good.with("email", "7")).empty());
}

TEST_CASE("metadata may be nested as deep as documents are read at all", "[claims]")
{
    auto const nested = [](std::size_t levels) {
        return good.with("user_metadata",
                         R"({"a":)" + std::string(levels, '[') + std::string(levels, ']') + "}");
    };

    for (auto const levels : {14U, 15U, 16U, 17U, 62U})
        CHECK(refusal(nested(levels)).empty());
    CHECK(refusal(nested(63)) == "the token's payload is not a JSON object");
}

TEST_CASE("a token expires, with half a minute for clocks that differ", "[claims]")
{
    CHECK(refusal(good.with("exp", seconds(-29))).empty());
    CHECK(refusal(good.with("exp", seconds(-30))) == "the token has expired");
    CHECK(refusal(good.with("exp", "0")) == "the token has expired");
    CHECK(refusal(good.with("exp", "-9223372036854775808")) == "the token has expired");
    CHECK(refusal(good.with("exp", "9223372036854775807")).empty());
    CHECK(refusal(good.without("exp")) == "the token does not expire");
}

TEST_CASE("times are whole numbers and nothing else", "[claims]")
{
    for (auto const* const name : {"exp", "iat", "nbf"})
        for (auto const* const raw : {"\"1790003600\"", "1e99", "1e9", "1790003600.0", "1790003600.5", "null",
                                      "true", "[]", "{}", "9223372036854775808", "99999999999999999999999"})
            CHECK(refusal(good.with(name, raw)) == "a time of the token is not a whole number");
}

TEST_CASE("a token that is not valid yet, or comes from the future, is refused", "[claims]")
{
    CHECK(refusal(good.with("nbf", seconds(30))).empty());
    CHECK(refusal(good.with("nbf", seconds(31))) == "the token is not valid yet");
    CHECK(refusal(good.with("iat", seconds(60))).empty());
    CHECK(refusal(good.with("iat", seconds(61))) == "the token comes from the future");
    CHECK(refusal(good.without("iat")).empty());
}

TEST_CASE("the issuer is one of the list, to the letter", "[claims]")
{
    CHECK(refusal(good.with("iss", "\"https://other.example/auth/v1\"")).empty());
    for (auto const* const raw :
         {"\"https://project.supabase.co/auth/v1/\"", "\"https://project.supabase.co\"", "\"supabase\"",
          "\"\"", "\"HTTPS://project.supabase.co/auth/v1\"", "null",
          R"(["https://project.supabase.co/auth/v1"])"})
        CHECK(refusal(good.with("iss", raw)) == "the token is of another issuer");
    CHECK(refusal(good.without("iss")) == "the token is of another issuer");
}

TEST_CASE("the audience is a string or a list, and has us in it", "[claims]")
{
    CHECK(refusal(good.with("aud", R"(["authenticated"])")).empty());
    CHECK(refusal(good.with("aud", R"(["other","authenticated"])")).empty());
    for (auto const* const raw : {"\"anon\"", "\"\"", "[]", R"(["other"])", R"([["authenticated"]])", "null",
                                  "true", R"({"authenticated":true})", "\"authenticated other\""})
        CHECK(refusal(good.with("aud", raw)) == "the token is for another audience");
    CHECK(refusal(good.without("aud")) == "the token is for another audience");
}

TEST_CASE("the project's own keys are tokens too, but nobody's", "[claims]")
{
    for (auto const* const role : {"anon", "service_role"}) {
        auto const key = mint::Object{{"iss", "\"supabase\""},
                                      {"ref", "\"project\""},
                                      {"role", mint::in_quotes(role)},
                                      {"iat", seconds(-100)},
                                      {"exp", seconds(315'360'000)}};
        CHECK_FALSE(refusal(key).empty());
        CHECK(refusal(good.with("role", mint::in_quotes(role))) == "the token's role is not a user's");
    }
    for (auto const* const raw : {"\"\"", "null", "\"Authenticated\"", R"(["authenticated"])"})
        CHECK(refusal(good.with("role", raw)) == "the token's role is not a user's");
    CHECK(refusal(good.without("role")) == "the token's role is not a user's");
}

TEST_CASE("anonymous users and other people's applications are not let in", "[claims]")
{
    CHECK(refusal(good.without("is_anonymous")).empty());
    for (auto const* const raw : {"true", "1", "\"false\"", "null"})
        CHECK(refusal(good.with("is_anonymous", raw)) == "the token's user is anonymous");
    for (auto const* const raw : {"\"an-application\"", "\"\"", "null"})
        CHECK(refusal(good.with("client_id", raw)) == "the token was issued to another application");
}

TEST_CASE("subject and session are UUIDs", "[claims]")
{
    for (auto const* const name : {"sub", "session_id"}) {
        CHECK_FALSE(refusal(good.without(name)).empty());
        for (auto const* const raw : {"\"\"", "\"ada\"", "7", "null", "\"7d0c1c1e5b0a4c559d0e3f6f2f0f8a11\"",
                                      "\"{7d0c1c1e-5b0a-4c55-9d0e-3f6f2f0f8a11}\"",
                                      "\"7d0c1c1e-5b0a-4c55-9d0e-3f6f2f0f8a11 \"", "\"' or 1=1 --\""})
            CHECK_FALSE(refusal(good.with(name, raw)).empty());
    }
}

TEST_CASE("a claim that stands twice is refused, whichever is the good one", "[claims]")
{
    CHECK(refusal(good.doubled("sub", mint::in_quotes(mint::session_id))) ==
          "the token's payload is not a JSON object");
    CHECK_FALSE(refusal(good.doubled("exp", seconds(1))).empty());
    CHECK_FALSE(refusal(good.doubled("role", "\"authenticated\"")).empty());
}

TEST_CASE("a payload that is no object is refused", "[claims]")
{
    for (auto const* const payload : {"", "[]", "null", "7", "{", "{}x", "\xff\xfe", "{\"sub\":\"\\u0000\"}"})
        CHECK_FALSE(refusal_of([&] { auth::read_claims(payload, {mint::issuer}, now_s); }).empty());
}
