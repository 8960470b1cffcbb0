// The account of whoever calls: looking, changing, logging out, taking along, leaving.

#include "tests/http/signer.hpp"
#include "tests/support/accounts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/cgi.hpp"
#include "tests/support/database.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_supabase.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

#include <tuple>

using namespace support;

TEST_CASE("a user sees the account (chat platform API), under either address", "[profile]")
{
    auto const person = a_person();
    for (auto const* const path : {"/api/v1/auth/me", "/api/v1/user/profile"}) {
        auto const reply = get(path, person.headers());
        INFO(reply.body);
        REQUIRE(reply.status == 200);
        CHECK(reply.json().names() == std::vector<std::string>{"agent_status", "created_at", "email", "id",
                                                               "letta_agent_id", "litellm_key"});
        CHECK(reply["id"].text() == person.id);
        CHECK(reply["email"].text() == person.email);
        CHECK(reply["agent_status"].text() == "pending");
        CHECK(reply["letta_agent_id"].is_null());
        CHECK(reply["litellm_key"].is_null());
    }
}

TEST_CASE("agent and key show once they are there, the key as a preview", "[profile]")
{
    auto const person = a_person();
    database().rows("insert into farebox.agents (user_id, agent_id, status) values ($1, 'agent-1', 'active')",
                    {person.id});
    database().rows("insert into farebox.credentials (kind, owner, hash, preview) "
                    "values ('billing_key', $1, sha256(gen_random_uuid()::text::bytea), 'sk-fb-abc...')",
                    {person.id});

    auto const reply = get("/api/v1/auth/me", person.headers());

    CHECK(reply["letta_agent_id"].text() == "agent-1");
    CHECK(reply["agent_status"].text() == "active");
    CHECK(reply["litellm_key"].text() == "sk-fb-abc...");
}

TEST_CASE("a user sees and changes the name (conversation app API)", "[profile]")
{
    auto const person = a_person();
    auto const before = get("/api/auth/profile", person.headers());
    REQUIRE(before.status == 200);
    CHECK(before.json().names() ==
          std::vector<std::string>{"created_at", "display_name", "email", "id", "is_admin", "provider"});
    CHECK(before["id"].integer() > 0);

    auto const changed =
        send("PUT", "/api/auth/profile/update", body({{"display_name", "Jane Doe"}}), person.headers());
    INFO(changed.body);
    REQUIRE(changed.status == 200);
    CHECK(changed["message"].text() == "Profile updated successfully");
    CHECK(changed["user"]["display_name"].text() == "Jane Doe");
    CHECK(get("/api/auth/profile", person.headers())["display_name"].text() == "Jane Doe");

    auto const blank =
        send("PUT", "/api/auth/profile/update", body({{"display_name", " "}}), person.headers());
    CHECK(blank["user"]["display_name"].text().empty());
    auto const missing = send("PUT", "/api/auth/profile/update", "{}", person.headers());
    CHECK(missing.status == 400);
    CHECK(missing["display_name"].size() == 1);
    CHECK(send("PUT", "/api/auth/profile/update", body({{"display_name", std::string(101, 'x')}}),
               person.headers())
              .status == 400);
}

TEST_CASE("an operator is shown as one (conversation app API)", "[profile]")
{
    auto const person = a_person();
    database().rows("select farebox.add_admin($1, 'tests')", {person.id});
    CHECK(get("/api/auth/profile", person.headers())["is_admin"].boolean());
    database().rows("select farebox.remove_admin($1)", {person.id});
    CHECK_FALSE(get("/api/auth/profile", person.headers())["is_admin"].boolean());
}

TEST_CASE("after a logout the token opens nothing, its refresh token is dead and other sessions go on",
          "[profile]")
{
    auto const person = a_person();
    auto const other =
        post("/api/v1/auth/login", body({{"email", person.email}, {"password", a_password}}), anonymously());

    auto const reply = post("/api/auth/logout", body({{"refresh", person.refresh_token}}), person.headers());

    INFO(reply.body);
    REQUIRE(reply.status == 200);
    CHECK(reply["message"].text() == "Logout successful");
    check_refusal(get("/api/v1/auth/me", person.headers()), 401, "unauthorized");
    check_refusal(
        post("/api/v1/auth/refresh", body({{"refresh_token", person.refresh_token}}), anonymously()), 401,
        "unauthorized");
    CHECK(get("/api/v1/auth/me", as(other["tokens"]["access_token"].text())).status == 200);
    // The token has not expired, and logging out twice is logging out.
    CHECK(post("/api/auth/logout", "{}", person.headers()).status == 200);
}

TEST_CASE("a logout ends the session whatever stands between the scheme and the token", "[profile]")
{
    for (auto const* const scheme : {"Bearer\t", "bearer  ", ""}) {
        auto const person = a_person();
        auto const headers = Headers{{"Authorization", scheme + person.access_token}};

        REQUIRE(post("/api/auth/logout", "", headers).status == 200);

        CHECK(database().integer("select count(*) from auth.sessions where user_id = $1", {person.id}) == 0);
    }
}

TEST_CASE("a logout with an access token that is not good any more ends the session of the refresh token",
          "[profile]")
{
    auto const person = a_person();
    auto const sessions = [&] {
        return database().integer("select count(*) from auth.sessions where user_id = $1", {person.id});
    };
    auto const expired = Signer().key().token(
        Signer::claims(person.id, session_of(person)).with("exp", std::to_string(std::time(nullptr) - 60)));
    auto const log_out = [&](std::string const& refresh) {
        return post("/api/auth/logout", refresh.empty() ? "" : body({{"refresh", refresh}}), as(expired));
    };

    check_refusal(log_out(""), 401, "unauthorized");
    check_refusal(log_out("nonsense1234"), 401, "unauthorized");
    CHECK(post("/api/auth/logout", R"({"refresh": 5})", as(expired)).status == 400);
    CHECK(sessions() == 1);

    CHECK(log_out(person.refresh_token).status == 200);
    CHECK(sessions() == 0);
    check_refusal(log_out(person.refresh_token), 401, "unauthorized");
}

TEST_CASE("a token that farebox takes and Supabase Auth does not is no logout: the refresh token is",
          "[profile]")
{
    // Expired within the half minute for clocks that differ, which Supabase Auth does not give.
    auto const person = a_person();
    auto const late = Signer().key().token(
        Signer::claims(person.id, session_of(person)).with("exp", std::to_string(std::time(nullptr) - 5)));
    auto const server = FakeHttp([&](Asked const& asked) {
        if (asked.target.ends_with("jwks.json"))
            return http_answer(200, get("/auth/v1/.well-known/jwks.json", anonymously()).body);
        if (asked.target.starts_with("/auth/v1/token"))
            return http_answer(200, supabase::session(person.id, person.email, person.access_token));
        return asked.header("authorization") == "Bearer " + person.access_token
                   ? http_answer(204, "")
                   : http_answer(403, supabase::refusal("bad_jwt"));
    });
    auto const log_out = [&](std::string const& body) {
        return cgi("profile", "POST", "/api/auth/logout", body, as(late),
                   {{"SUPABASE_URL", server.url()}, {"SUPABASE_ISSUERS", target().url + "/auth/v1"}});
    };

    check_refusal(log_out(""), 401, "unauthorized");
    CHECK(log_out(R"({"refresh": "w7kq2m4xz9ta"})").status == 200);
}

TEST_CASE("a banned user's logout is none: after the ban the session would go on", "[profile]")
{
    auto const person = a_person();
    database().rows("update auth.users set banned_until = 'infinity' where id = $1", {person.id});

    check_refusal(post("/api/auth/logout", body({{"refresh", person.refresh_token}}), person.headers()), 401,
                  "unauthorized");

    CHECK(database().integer("select count(*) from auth.sessions where user_id = $1", {person.id}) == 1);
    database().rows("update auth.users set banned_until = null where id = $1", {person.id});
    CHECK(post("/api/auth/logout", "", person.headers()).status == 200);
    check_refusal(get("/api/v1/auth/me", person.headers()), 401, "unauthorized");
}

TEST_CASE("a user takes along all that is stored", "[profile]")
{
    auto const person = a_person();

    auto const reply = get("/api/v1/user/export", person.headers());

    INFO(reply.body);
    REQUIRE(reply.status == 200);
    CHECK(reply.json().names() ==
          std::vector<std::string>{"admin", "agent", "billing_keys", "entries", "holds", "user", "wallet"});
    CHECK(reply["user"]["email"].text() == person.email);
    CHECK(reply["wallet"]["balance"].integer() == 50'000);
    CHECK(reply["entries"][0]["amount"].integer() == 50'000);
}

TEST_CASE("a user leaves: the account and the personal data are gone, the journal stays", "[profile]")
{
    for (auto const* const method : {"POST", "DELETE"}) {
        auto const person = a_person();

        auto const reply = send(method, "/api/v1/user/delete", "", person.headers());

        INFO(reply.body);
        REQUIRE(reply.status == 200);
        CHECK(database().integer("select count(*) from auth.users where id = $1 and deleted_at is null",
                                 {person.id}) == 0);
        CHECK(database().integer(
                  "select count(*) from farebox.users where id = $1 and email is null and phone is null "
                  "and display_name is null and erased_at is not null",
                  {person.id}) == 1);
        auto const wallet = Wallet{.id = person.id, .number = 0};
        CHECK(wallet.balance() == 50'000);
        CHECK(wallet.entries().size() == 1);
        check_refusal(get("/api/v1/auth/me", person.headers()), 401, "unauthorized");
        check_refusal(post("/api/v1/auth/login", body({{"email", person.email}, {"password", a_password}}),
                           anonymously()),
                      401, "invalid_credentials");
    }
}

TEST_CASE("an account that a table of the operator's refers to is not removed, and nothing of it is lost on "
          "either side",
          "[profile]")
{
    auto const person = a_person();
    auto const table = "public.tests_profiles_" + a_phone();
    database().rows("create table " + table + " (id uuid primary key references auth.users (id))");
    database().rows("insert into " + table + " values ($1)", {person.id});

    auto const reply = post("/api/v1/user/delete", "", person.headers());
    auto const me = get("/api/v1/auth/me", person.headers());
    auto const login =
        post("/api/v1/auth/login", body({{"email", person.email}, {"password", a_password}}), anonymously());
    auto const is_blocked =
        database().value("select blocked_at is not null from farebox.wallets where id = $1", {person.id});
    database().rows("drop table " + table);

    check_refusal(reply, 409, "account_not_removed");
    CHECK(me["email"].text() == person.email);
    CHECK(login.status == 200);
    CHECK(is_blocked == "f");
    CHECK(post("/api/v1/user/delete", "", person.headers()).status == 200);
    CHECK(database().integer("select count(*) from farebox.users where id = $1 and erased_at is not null",
                             {person.id}) == 1);
}

TEST_CASE("who leaves and comes back begins with nothing, by phone as by any way to write the email",
          "[profile]")
{
    auto const registers = [](std::string const& member, std::string const& address) {
        auto const reply =
            post("/api/v1/auth/register", body({{member, address}, {"password", a_password}}), anonymously());
        INFO(reply.body);
        REQUIRE(reply.status == 201);
        return reply;
    };
    auto const email = an_email();
    auto const tagged = std::string(email).insert(email.find('@'), "+again");
    auto const phone = a_phone();
    for (auto const& [member, address, again] :
         {std::tuple{"email", email, tagged}, std::tuple{"phone", phone, phone}}) {
        auto const first = registers(member, address);
        CHECK(Wallet{.id = first["user"]["id"].text(), .number = 0}.balance() == 50'000);
        REQUIRE(post("/api/v1/user/delete", "", as(first["tokens"]["access_token"].text())).status == 200);

        auto const second = registers(member, again);
        CHECK(Wallet{.id = second["user"]["id"].text(), .number = 0}.balance() == 0);
    }
}

TEST_CASE("the account is shown to its user alone: not to strangers, not to services", "[profile]")
{
    for (auto const* const path :
         {"/api/v1/auth/me", "/api/v1/user/profile", "/api/auth/profile", "/api/v1/user/export"}) {
        INFO(path);
        check_refusal(get(path, anonymously()), 401, "unauthorized");
        check_refusal(get(path, as_service()), 403, "forbidden");
    }
    for (auto const* const path : {"/api/auth/logout", "/api/v1/user/delete"}) {
        INFO(path);
        check_refusal(post(path, "{}", anonymously()), 401, "unauthorized");
        check_refusal(post(path, "{}", as_service()), 403, "forbidden");
    }
}
