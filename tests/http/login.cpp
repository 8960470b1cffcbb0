// Logging in and the next tokens: what succeeds, and that a failure tells nothing.

#include "tests/http/open_session.hpp"
#include "tests/support/accounts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/cgi.hpp"
#include "tests/support/database.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_supabase.hpp"
#include "tests/support/refusal.hpp"
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
    for (auto const* const code : {"refresh_token_already_used", "session_not_found", "session_expired"})
        check_refusal(answered(next, body({{"refresh_token", "w7kq2m4xz9ta"}}),
                               http_answer(400, supabase::refusal(code))),
                      401, "unauthorized");
    check_invalid(post(next, body({{"refresh_token", "w7kq2m4xz9ta"}, {"scope", "all"}}), anonymously()),
                  "validation_error", "scope", "body.scope");
}

TEST_CASE("a login says what is missing", "[login]")
{
    check_invalid(post(chat, body({{"email", an_email()}}), anonymously()), "validation_error", "password",
                  "body.password");
    check_invalid(post(chat, body({{"password", a_password}}), anonymously()), "validation_error", "email",
                  "body.email");
}
