// Logging in and the next tokens: what succeeds, and that a failure tells nothing.

#include "tests/http/open_session.hpp"
#include "tests/support/accounts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/cgi.hpp"
#include "tests/support/database.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_supabase.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/target.hpp"
#include "tests/support/wallet.hpp"

using namespace support;

namespace {

constexpr auto chat = "/api/v1/auth/login";
constexpr auto forge = "/api/auth/login";
constexpr auto next = "/api/v1/auth/refresh";

std::string login_body(std::string const& email, std::string const& password = a_password)
{
    return body({{"email", email}, {"password", password}});
}

Reply answered(std::string const& path, std::string const& request, std::string const& bytes)
{
    auto const server = FakeHttp([&](Asked const&) { return bytes; });
    return cgi("login", "POST", path, request, {},
               {{"SUPABASE_URL", server.url()}, {"SUPABASE_ISSUERS", project_issuer}});
}

} // namespace

TEST_CASE("a login answers with the user and the tokens (chat platform API)", "[login]")
{
    auto const person = a_person();

    auto const reply = post(chat, login_body(person.email), anonymously());

    INFO(reply.body);
    REQUIRE(reply.status == 200);
    CHECK(reply.json().names() == std::vector<std::string>{"status", "tokens", "user"});
    CHECK(reply["status"].text() == "success");
    CHECK(reply["user"].names() == std::vector<std::string>{"email", "id"});
    CHECK(reply["user"]["id"].text() == person.id);
    CHECK(reply["tokens"].names() == std::vector<std::string>{"access_token", "refresh_token"});
    CHECK(Wallet{.id = person.id, .number = 0}.balance() == 50'000);
}

TEST_CASE("a login answers with the user and the tokens (conversation app API)", "[login]")
{
    auto const person = a_person();

    auto const reply = post(forge, login_body(person.email), anonymously());

    INFO(reply.body);
    REQUIRE(reply.status == 200);
    CHECK(reply.json().names() == std::vector<std::string>{"message", "tokens", "user"});
    CHECK(reply["message"].text() == "Login successful");
    CHECK(reply["user"]["email"].text() == person.email);
    CHECK(reply["tokens"].names() == std::vector<std::string>{"access", "refresh"});
}

TEST_CASE("a failed login tells nothing about the address, in its body or in its time", "[login]")
{
    auto const person = a_person();

    auto const wrong = post(chat, login_body(person.email, "wrong horse 9"), anonymously());
    auto const unknown = post(chat, login_body(an_email()), anonymously());

    check_refusal(wrong, 401, "invalid_credentials");
    check_refusal(unknown, 401, "invalid_credentials");
    CHECK(without_request_id(wrong) == without_request_id(unknown));
    // Both are answered at a full half second, if not at the same one on a busy machine.
    CHECK(wrong.elapsed_ms >= 500);
    CHECK(unknown.elapsed_ms >= 500);
    check_refusal(post(forge, login_body(person.email, "wrong horse 9"), anonymously()), 401,
                  "invalid_credentials");
}

TEST_CASE("every way in which Supabase Auth refuses a login looks the same", "[login]")
{
    auto bodies = std::vector<std::string>();
    for (auto const* const code :
         {"invalid_credentials", "user_banned", "validation_failed", "user_not_found"}) {
        auto const reply = answered(chat, login_body(an_email()), http_answer(400, supabase::refusal(code)));
        INFO(code);
        check_refusal(reply, 401, "invalid_credentials");
        CHECK(reply.elapsed_ms >= 500);
        bodies.push_back(without_request_id(reply));
    }
    for (auto const& one : bodies)
        CHECK(one == bodies.front());
}

TEST_CASE("what a hook or a CAPTCHA refuses is refused, and not put off", "[login]")
{
    auto const refused = [](int status, std::string_view code) {
        return answered(chat, login_body(an_email()), http_answer(status, supabase::refusal(code)));
    };

    check_refusal(refused(403, "unknown"), 403, "account_refused");
    check_refusal(refused(400, "something_new"), 403, "account_refused");
    auto const captcha = refused(400, "captcha_failed");
    check_refusal(captcha, 403, "captcha_failed");
    CHECK(captcha.header("retry-after").empty());
    CHECK(answered(forge, login_body(an_email()), http_answer(403, supabase::refusal("unknown"))).status ==
          403);
    for (auto const* const code :
         {"hook_timeout", "hook_payload_over_size_limit", "bad_json", "bad_jwt", "not_admin"})
        check_refusal(refused(422, code), 503, "auth_unavailable");
}

TEST_CASE("an account that is not confirmed is told so", "[login]")
{
    check_refusal(
        answered(chat, login_body(an_email()), http_answer(400, supabase::refusal("email_not_confirmed"))),
        403, "not_confirmed");
}

TEST_CASE("an account that has no wallet yet gets it with the first login", "[login]")
{
    auto const email = an_email();
    // A wallet that stands in the way makes the trigger on auth.users miss the account.
    auto const id = *database().value("insert into farebox.wallets (id, kind, owner) values "
                                      "(gen_random_uuid(), 'user', null) returning id");
    database().rows("insert into auth.users (id, email, email_confirmed_at) values ($1, $2, now())",
                    {id, email});
    database().rows("delete from farebox.wallets where id = $1", {id});
    REQUIRE(database().integer("select count(*) from farebox.users where id = $1", {id}) == 0);

    auto const bytes = http_answer(200, supabase::session(id, email, open_session(id)));
    CHECK(answered(chat, login_body(email), bytes).status == 200);

    CHECK(Wallet{.id = id, .number = 0}.balance() == 50'000);
}

TEST_CASE("a login whose token names another user or another project's session opens nothing", "[login]")
{
    auto const email = an_email();
    auto const new_user = [&] {
        return *database().value("insert into auth.users (id) values (gen_random_uuid()) returning id", {});
    };
    auto const id = new_user();
    auto const strange = open_session(new_user());
    for (auto const& token : {std::string("header.claims.signature"), strange}) {
        auto const bytes = http_answer(200, supabase::session(id, email, token));
        check_refusal(answered(chat, login_body(email), bytes), 503, "auth_unavailable");
    }
    auto const ended = open_session(id);
    database().rows("delete from auth.sessions where user_id = $1", {id});
    check_refusal(answered(chat, login_body(email), http_answer(200, supabase::session(id, email, ended))),
                  401, "unauthorized");
}

TEST_CASE("whatever is wrong with Supabase Auth, a login is told to come back", "[login]")
{
    auto const email = an_email();
    for (auto const& bytes :
         {http_answer(500, supabase::refusal("unexpected_failure")), http_answer(402, "{}"),
          http_answer(522, supabase::cloudflare_page(), "text/html")}) {
        check_refusal(answered(chat, login_body(email), bytes), 503, "auth_unavailable");
        CHECK(answered(forge, login_body(email), bytes).status == 503);
    }
    check_refusal(
        answered(chat, login_body(email), http_answer(429, supabase::refusal("over_request_rate_limit"))),
        429, "rate_limited");
}

TEST_CASE("a refresh gives the next tokens of the session", "[login]")
{
    auto const person = a_person();

    auto const reply = post(next, body({{"refresh_token", person.refresh_token}}), anonymously());

    INFO(reply.body);
    REQUIRE(reply.status == 200);
    CHECK(reply["user"]["id"].text() == person.id);
    CHECK(reply["tokens"]["refresh_token"].text() != person.refresh_token);
    CHECK(get("/api/v1/auth/me", as(reply["tokens"]["access_token"].text())).status == 200);
}

TEST_CASE("a refresh token that is unknown or used up is refused", "[login]")
{
    check_refusal(post(next, body({{"refresh_token", "nonsense1234"}}), anonymously()), 401, "unauthorized");
    for (auto const* const code :
         {"refresh_token_already_used", "refresh_token_not_found", "session_not_found", "session_expired",
          "user_banned", "user_not_found", "validation_failed"})
        check_refusal(answered(next, body({{"refresh_token", "w7kq2m4xz9ta"}}),
                               http_answer(400, supabase::refusal(code))),
                      401, "unauthorized");
    check_invalid(post(next, body({{"refresh_token", "w7kq2m4xz9ta"}, {"scope", "all"}}), anonymously()),
                  "validation_error", "scope", "body.scope");
}

TEST_CASE("what else stops a refresh leaves the session alone: the client comes back", "[login]")
{
    for (auto const& bytes :
         {http_answer(403, supabase::refusal("unknown")), http_answer(422, supabase::refusal("hook_timeout")),
          http_answer(400, supabase::refusal("something_new")),
          http_answer(409, supabase::refusal("conflict")),
          http_answer(400, supabase::oauth_refusal("invalid_client")),
          http_answer(504, supabase::refusal("request_timeout"))}) {
        INFO(bytes);
        auto const reply = answered(next, body({{"refresh_token", "w7kq2m4xz9ta"}}), bytes);
        check_refusal(reply, 503, "auth_unavailable");
        CHECK(std::stoi(reply.header("retry-after")) > 0);
    }
}

TEST_CASE("a project's hook and its CAPTCHA, as Supabase Auth plays them", "[login]")
{
    auto const person = a_person();
    auto const plays = [&](std::string const& moment, int status, std::string const& code) {
        database().rows("insert into local_auth.played (address, moment, status, code, sentence) "
                        "values ($1, $2, $3::text::int, $4, 'The operator says no.')",
                        {person.email, moment, std::to_string(status), code});
    };
    auto const stops = [&] {
        database().rows("delete from local_auth.played where address = $1", {person.email});
    };
    auto const log_in = [&] { return post(chat, login_body(person.email), anonymously()); };
    auto const go_on = [&] {
        return post(next, body({{"refresh_token", person.refresh_token}}), anonymously());
    };

    plays("password", 403, "unknown");
    check_refusal(log_in(), 403, "account_refused");
    check_refusal(post(chat, login_body(person.email, "wrong horse 9"), anonymously()), 401,
                  "invalid_credentials");
    stops();
    CHECK(log_in().status == 200);

    plays("refresh_token", 422, "hook_timeout");
    check_refusal(go_on(), 503, "auth_unavailable");
    stops();
    plays("refresh_token", 403, "unknown");
    check_refusal(go_on(), 503, "auth_unavailable");
    stops();
    CHECK(go_on().status == 200); // the same token: nobody was signed out
}

TEST_CASE("a CAPTCHA that the project asks for is passed on", "[login]")
{
    auto const person = a_person();
    database().rows(
        "insert into local_auth.played (address, moment, status, code, sentence, captcha_token) values "
        "($1, 'captcha', 400, 'captcha_failed', 'captcha protection: request disallowed', 'solved')",
        {person.email});
    // With the secret key Supabase Auth asks for none, so these have the other one.
    auto const log_in = [&](Literal const& captcha) {
        return cgi("login", "POST", chat,
                   body({{"email", person.email}, {"password", a_password}, {"captcha_token", captcha}}), {},
                   {{"SUPABASE_URL", target().url},
                    {"SUPABASE_ISSUERS", target().url + "/auth/v1"},
                    {"SUPABASE_PUBLISHABLE_KEY", "any"}});
    };

    check_refusal(log_in(""), 403, "captcha_failed");
    check_refusal(log_in("guessed"), 403, "captcha_failed");
    CHECK(log_in("solved").status == 200);
    check_invalid(log_in(5), "validation_error", "captcha_token", "body.captcha_token");
}

TEST_CASE("a login says what is missing", "[login]")
{
    check_invalid(post(chat, body({{"email", an_email()}}), anonymously()), "validation_error", "password",
                  "body.password");
    check_invalid(post(chat, body({{"password", a_password}}), anonymously()), "validation_error", "email",
                  "body.email");
}
