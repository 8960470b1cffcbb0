// Supabase Auth: what is asked, and what its answers are taken for.

#include "shared/upstream/supabase_auth.hpp"

#include "shared/json/value.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_supabase.hpp"

#include <algorithm>

using base::Error;
using support::Asked;
using support::FakeHttp;
using support::http_answer;
using upstream::SupabaseAuth;
namespace said = support::supabase;

namespace {

constexpr auto id = "7d0c1c1e-5b0a-4c55-9d0e-3f6f2f0f8a11";
constexpr auto client = "203.0.113.7";

base::Deadline soon()
{
    return base::deadline_in(std::chrono::seconds(10));
}

SupabaseAuth auth_at(FakeHttp const& server, std::string publishable_key = "", std::string secret_key = "")
{
    auto options = upstream::SupabaseOptions();
    options.url = server.url();
    options.publishable_key = base::Secret(std::move(publishable_key));
    options.secret_key = base::Secret(std::move(secret_key));
    return SupabaseAuth(std::move(options));
}

upstream::Login ann()
{
    return {.email = "ann@example.com", .phone = {}, .password = base::Secret("correct horse 9")};
}

// What a login is answered when Supabase Auth answers with these bytes: the name of an error, or its own
// code.
struct Refusal {
    std::string name;
    int retry_after_s = 0;
    std::vector<std::string> reasons;
    std::string log;
};

Refusal login_refused(std::string const& bytes)
{
    auto const server = FakeHttp([&](Asked const&) { return bytes; });
    try {
        auth_at(server).sign_in(ann(), client,
                                base::deadline_in(std::chrono::milliseconds(bytes.empty() ? 200 : 10'000)));
    } catch (upstream::AuthRefused const& refused) {
        return {.name = "code " + refused.code, .retry_after_s = 0, .reasons = refused.reasons, .log = {}};
    } catch (base::Failure const& failure) {
        return {.name = std::string(base::info(failure.error()).name),
                .retry_after_s = failure.retry_after_s(),
                .reasons = {},
                .log = failure.log()};
    }
    return {.name = "none", .retry_after_s = 0, .reasons = {}, .log = {}};
}

} // namespace

TEST_CASE("a login is a session", "[upstream]")
{
    auto const server =
        FakeHttp([](Asked const&) { return http_answer(200, said::session(id, "ann@example.com")); });

    auto const session = auth_at(server).sign_in(ann(), client, soon());

    CHECK(base::to_string(session.user.id) == id);
    CHECK(session.user.email == "ann@example.com");
    CHECK(session.access_token.reveal() == "header.claims.signature");
    CHECK(session.refresh_token.reveal() == "w7kq2m4xz9ta");
    auto const asked = server.asked().front();
    CHECK(asked.method + " " + asked.target == "POST /auth/v1/token?grant_type=password");
    CHECK(asked.header("x-supabase-api-version") == "2024-01-01");
    CHECK(asked.header("content-type") == "application/json");
    CHECK(json::canonical(json::parse(asked.body)) ==
          R"({"email":"ann@example.com","password":"correct horse 9"})");
}

TEST_CASE("a registration opens a session, or must be confirmed, and nothing tells what that stands for",
          "[upstream]")
{
    auto const session_of = [](std::string const& bytes) {
        auto const server = FakeHttp([&](Asked const&) { return bytes; });
        return auth_at(server).sign_up(ann(), "Ann", client, soon());
    };
    auto const session = session_of(http_answer(200, said::session(id, "ann@example.com")));
    REQUIRE(session);
    CHECK(base::to_string(session->user.id) == id);

    for (auto const& bytes : {http_answer(200, said::user(id, "ann@example.com")),
                              http_answer(200, said::made_up_user(id, "ann@example.com")),
                              http_answer(200, R"({"id":")" + std::string(id) + R"(","email":"a@b.c"})"),
                              http_answer(429, said::refusal("over_email_send_rate_limit")),
                              http_answer(429, said::old_refusal(429, "over_sms_send_rate_limit"))}) {
        INFO(bytes);
        CHECK_FALSE(session_of(bytes));
    }
    CHECK_THROWS_AS(session_of(http_answer(429, said::refusal("over_request_rate_limit"))), base::Failure);
    CHECK_THROWS_AS(session_of(http_answer(200, R"({"email":"a@b.c"})")), base::Failure);
}

TEST_CASE("a registration that is a fault of the database is asked for once more, and no oftener",
          "[upstream]")
{
    auto asked = 0;
    auto const slower_of_two = FakeHttp([&](Asked const&) {
        return ++asked == 1 ? http_answer(500, said::refusal("unexpected_failure"))
                            : http_answer(422, said::refusal("user_already_exists"));
    });
    CHECK_THROWS_AS(auth_at(slower_of_two).sign_up(ann(), "", client, soon()), upstream::AuthRefused);
    CHECK(slower_of_two.asked().size() == 2);

    auto const broken =
        FakeHttp([](Asked const&) { return http_answer(500, said::refusal("unexpected_failure")); });
    CHECK_THROWS_AS(auth_at(broken).sign_up(ann(), "", client, soon()), base::Failure);
    CHECK(broken.asked().size() == 2);
    CHECK_THROWS_AS(auth_at(broken).sign_in(ann(), client, soon()), base::Failure);
    CHECK(broken.asked().size() == 3);
}

TEST_CASE("a registration says the name, and the phone where there is no email", "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) { return http_answer(200, said::user(id, "")); });

    auth_at(server).sign_up({.email = {}, .phone = "79001234567", .password = base::Secret("p")}, "Ann",
                            client, soon());

    CHECK(server.asked().front().target == "/auth/v1/signup");
    CHECK(json::canonical(json::parse(server.asked().front().body)) ==
          R"({"data":{"display_name":"Ann"},"password":"p","phone":"79001234567"})");
}

TEST_CASE("without a secret key the publishable one is sent, and no address", "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) { return http_answer(200, said::session(id, "a@b.c")); });

    auth_at(server, "sb_publishable_1").sign_in(ann(), client, soon());

    auto const asked = server.asked().front();
    CHECK(asked.header("apikey") == "sb_publishable_1");
    CHECK(asked.header("sb-forwarded-for").empty());
    CHECK(asked.header("authorization").empty());
    CHECK(asked.header("user-agent") == "farebox");
}

TEST_CASE("with a secret key the caller's address goes along, if it is one", "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) { return http_answer(200, said::session(id, "a@b.c")); });
    auto const auth = auth_at(server, "sb_publishable_1", "sb_secret_1");

    for (auto const* const address : {"203.0.113.7", "2001:db8::1", "unix:", "1.2.3.4, 5.6.7.8", ""})
        auth.sign_in(ann(), address, soon());

    auto const asked = server.asked();
    REQUIRE(asked.size() == 5);
    for (auto const& one : asked) {
        CHECK(one.header("apikey") == "sb_secret_1");
        CHECK(one.header("authorization").empty()); // the newer keys are no tokens
    }
    CHECK(asked[0].header("sb-forwarded-for") == "203.0.113.7");
    CHECK(asked[1].header("sb-forwarded-for") == "2001:db8::1");
    for (auto i = 2U; i < 5; ++i)
        CHECK(asked[i].header("sb-forwarded-for").empty());
}

TEST_CASE("a refusal's own code is found in every format", "[upstream]")
{
    CHECK(login_refused(http_answer(400, said::refusal("invalid_credentials"))).name ==
          "code invalid_credentials");
    CHECK(login_refused(http_answer(400, said::old_refusal(400, "invalid_credentials"))).name ==
          "code invalid_credentials");
    CHECK(login_refused(http_answer(400, said::oauth_refusal("invalid_grant"))).name == "code invalid_grant");
    CHECK(login_refused(http_answer(403, said::refusal("user_banned"), "application/json; charset=utf-8"))
              .name == "code user_banned");
}

TEST_CASE("a weak password comes with its reasons", "[upstream]")
{
    auto const refused = login_refused(http_answer(
        422, R"({"code":"weak_password","message":"m","weak_password":{"reasons":["length","pwned"]}})"));
    CHECK(refused.name == "code weak_password");
    CHECK(refused.reasons == std::vector<std::string>{"length", "pwned"});
}

TEST_CASE("whatever is wrong with Supabase Auth is one failure", "[upstream]")
{
    for (
        auto const& bytes :
        {http_answer(500, said::refusal("unexpected_failure")), http_answer(500, said::postgres_refusal()),
         http_answer(402, R"({"message":"Project over its quota"})"),
         http_answer(402, said::refusal("exceed_egress_quota")), http_answer(401, said::gateway_refusal()),
         http_answer(522, said::cloudflare_page(), "text/html; charset=UTF-8"),
         http_answer(200, said::cloudflare_page(), "text/html"), http_answer(409, said::refusal("conflict")),
         http_answer(504, said::refusal("request_timeout")), http_answer(302, "", "text/html"),
         http_answer(200, R"({"access_token":)"), http_answer(200, "[]"), http_answer(200, "{}"),
         http_answer(
             200,
             R"({"access_token":"a","refresh_token":"","user":{"id":"7d0c1c1e-5b0a-4c55-9d0e-3f6f2f0f8a11"}})"),
         http_answer(200, R"({"access_token":"a","refresh_token":"b","user":{"id":"7"}})"),
         std::string("nonsense"), std::string()}) {
        INFO(bytes);
        auto const refused = login_refused(bytes);
        CHECK(refused.name == "auth_unavailable");
        CHECK(refused.retry_after_s > 0);
        CHECK(refused.log.find("ann@example.com") == std::string::npos);
    }
}

TEST_CASE("too many requests say when to come back", "[upstream]")
{
    CHECK(login_refused(http_answer(429, said::refusal("over_request_rate_limit"))).name == "rate_limited");
    CHECK(login_refused(http_answer(429, said::refusal("over_request_rate_limit"), "application/json",
                                    "Retry-After: 9\r\n"))
              .retry_after_s == 9);
    CHECK(login_refused(http_answer(429, said::refusal("over_email_send_rate_limit"))).retry_after_s == 60);
    CHECK(login_refused(http_answer(429, said::cloudflare_page(), "text/html")).name == "rate_limited");
}

TEST_CASE("logging out ends this session, with the user's token", "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) { return http_answer(204, ""); });

    auth_at(server, "sb_publishable_1").sign_out(base::Secret("a.b.c"), soon());

    auto const asked = server.asked().front();
    CHECK(asked.method + " " + asked.target == "POST /auth/v1/logout?scope=local");
    CHECK(asked.header("authorization") == "Bearer a.b.c");
    CHECK(asked.header("apikey") == "sb_publishable_1");
}

TEST_CASE("only an answer that session or user are gone is a logout, beside the one that it was done",
          "[upstream]")
{
    auto const outcome = [](std::string const& bytes) -> std::string {
        auto const server = FakeHttp([&](Asked const&) { return bytes; });
        try {
            return auth_at(server).sign_out(base::Secret("a.b.c"), soon()) ? "ended" : "refused";
        } catch (base::Failure const& failure) {
            return std::string(base::info(failure.error()).name);
        }
    };

    CHECK(outcome(http_answer(204, "")) == "ended");
    for (auto const* const code : {"session_not_found", "user_not_found"})
        CHECK(outcome(http_answer(403, said::refusal(code))) == "ended");
    CHECK(outcome(http_answer(403, said::refusal("bad_jwt"))) == "refused");
    CHECK(outcome(http_answer(401, said::refusal("no_authorization"))) == "refused");
    CHECK(outcome(http_answer(403, said::refusal("user_banned"))) == "refused");
    for (auto const* const code : {"validation_failed", "session_expired", "unknown", "something_new"})
        CHECK(outcome(http_answer(400, said::refusal(code))) == "auth_unavailable");
    CHECK(outcome(http_answer(500, said::refusal("unexpected_failure"))) == "auth_unavailable");
    CHECK(outcome(http_answer(401, said::gateway_refusal())) == "auth_unavailable");
    CHECK(outcome(http_answer(401, said::refusal("INVALID_API_KEY"))) == "auth_unavailable");
    CHECK(outcome(http_answer(429, said::refusal("over_request_rate_limit"))) == "rate_limited");
}

TEST_CASE("a hook's own refusal is one, and one that did not answer is an outage", "[upstream]")
{
    CHECK(login_refused(http_answer(403, said::refusal("unknown"))).name == "code unknown");
    CHECK(login_refused(http_answer(401, said::refusal("unknown"))).name == "code unknown");
    CHECK(login_refused(http_answer(400, said::refusal("captcha_failed"))).name == "code captcha_failed");
    for (auto const* const code : {"hook_timeout", "hook_timeout_after_retry", "hook_payload_over_size_limit",
                                   "hook_payload_invalid_content_type", "sms_send_failed"})
        CHECK(login_refused(http_answer(422, said::refusal(code))).name == "auth_unavailable");
    // The gateway's word for a key of the project that is none.
    CHECK(login_refused(http_answer(401, said::refusal("UNAUTHORIZED_INVALID_API_KEY"))).name ==
          "auth_unavailable");
}

TEST_CASE("the token of a CAPTCHA goes where Supabase Auth looks for it, and only where there is one",
          "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) { return http_answer(200, said::session(id, "a@b.c")); });
    auto login = ann();
    login.captcha_token = "solved";

    auth_at(server).sign_in(login, client, soon());
    auth_at(server).sign_up(login, "", client, soon());
    auth_at(server).sign_in(ann(), client, soon());

    auto const asked = server.asked();
    for (auto const& one : {asked[0], asked[1]})
        CHECK(json::write(*json::parse(one.body).find("gotrue_meta_security")) ==
              R"({"captcha_token":"solved"})");
    CHECK(json::parse(asked[2].body).find("gotrue_meta_security") == nullptr);
}

TEST_CASE("a user's metadata may be nested deeper than requests of ours", "[upstream]")
{
    auto const nested = R"({"a":)" + std::string(40, '[') + std::string(40, ']') + "}";
    auto body = said::session(id, "a@b.c");
    body.replace(body.find(R"("user_metadata":{})"), 18, R"("user_metadata":)" + nested);
    auto const server = FakeHttp([&](Asked const&) { return http_answer(200, body); });

    CHECK(base::to_string(auth_at(server).sign_in(ann(), client, soon()).user.id) == id);
}

TEST_CASE("a user is removed with the secret key, as either kind of key must be sent", "[upstream]")
{
    auto const user = *base::parse_uuid(id);
    auto const server = FakeHttp([](Asked const&) { return http_answer(200, "{}"); });

    auth_at(server, "p", "sb_secret_1").remove_user(user, soon());
    auth_at(server, "p", "eyJ.legacy.key").remove_user(user, soon());

    auto const asked = server.asked();
    CHECK(asked[0].method + " " + asked[0].target == "DELETE /auth/v1/admin/users/" + std::string(id));
    CHECK(asked[0].header("apikey") == "sb_secret_1");
    CHECK(asked[0].header("authorization").empty());
    CHECK(asked[1].header("apikey") == "eyJ.legacy.key");
    CHECK(asked[1].header("authorization") == "Bearer eyJ.legacy.key");
    CHECK_FALSE(auth_at(server, "p").may_administer());
    CHECK(auth_at(server, "p", "s").may_administer());
}

TEST_CASE("a user who is not there is removed, while a refused key is a failure", "[upstream]")
{
    auto const user = *base::parse_uuid(id);
    auto const gone =
        FakeHttp([](Asked const&) { return http_answer(404, said::refusal("user_not_found")); });
    CHECK_NOTHROW(auth_at(gone, "", "s").remove_user(user, soon()));
    auto const refused = FakeHttp([](Asked const&) { return http_answer(403, said::refusal("not_admin")); });
    CHECK_THROWS_AS(auth_at(refused, "", "s").remove_user(user, soon()), base::Failure);
}

TEST_CASE("an account that the project's database does not let go is one refusal, whatever its code",
          "[upstream]")
{
    auto const error_of = [](std::string const& bytes) {
        auto const server = FakeHttp([&](Asked const&) { return bytes; });
        try {
            auth_at(server, "", "s").remove_user(*base::parse_uuid(id), soon());
        } catch (base::Failure const& failure) {
            CHECK(failure.log().find("ann@example.com") == std::string::npos);
            return failure.error();
        }
        return Error::internal;
    };
    CHECK(error_of(http_answer(500, said::refusal("unexpected_failure"))) == Error::account_not_removed);
    CHECK(error_of(http_answer(500, said::old_refusal(500, "unexpected_failure"))) ==
          Error::account_not_removed);
    CHECK(error_of(http_answer(500, said::postgres_refusal())) == Error::account_not_removed);
    CHECK(error_of(http_answer(500, said::cloudflare_page(), "text/html")) == Error::auth_unavailable);
    CHECK(error_of(http_answer(503, said::refusal("unexpected_failure"))) == Error::auth_unavailable);
    CHECK(error_of(http_answer(429, said::refusal("over_request_rate_limit"))) == Error::rate_limited);
}
