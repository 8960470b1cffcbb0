// Registration, in both dialects: the three answers of Supabase Auth, and everything it can refuse with.
// Where it has to say what it rarely says, a fake says it, and the handler runs by itself.

#include "tests/http/open_session.hpp"
#include "tests/support/accounts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/cgi.hpp"
#include "tests/support/database.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_supabase.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/target.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/wallet.hpp"

#include <future>
#include <regex>

using namespace support;

namespace {

constexpr auto chat = "/api/v1/auth/register";
constexpr auto forge = "/api/auth/register";

std::string chat_body(std::string const& email)
{
    return body({{"email", email}, {"password", a_password}});
}

std::string forge_body(std::string const& email)
{
    return body(
        {{"email", email}, {"password", a_password}, {"password2", a_password}, {"display_name", "Ann"}});
}

// The handler alone, with a Supabase Auth that answers this.
Reply answered(std::string const& path, std::string const& request, std::string const& bytes)
{
    auto const server = FakeHttp([&](Asked const&) { return bytes; });
    return cgi("register", "POST", path, request, {}, {{"SUPABASE_URL", server.url()}});
}

std::int64_t known(std::string const& id)
{
    return database().integer("select count(*) from farebox.users where id = $1", {id});
}

// Puts the user into auth.users, as Supabase Auth has when it answers.
std::string registered_at_supabase(std::string const& email)
{
    return *database().value("insert into auth.users (id, email) values (gen_random_uuid(), $1) returning id",
                             {email});
}

} // namespace

TEST_CASE("a registration answers with the user, the tokens and what the agent is (chat platform API)",
          "[register]")
{
    auto const email = an_email();

    auto const reply = post(chat, chat_body(email), anonymously());

    INFO(reply.body);
    REQUIRE(reply.status == 201);
    CHECK(reply.json().names() ==
          std::vector<std::string>{"agent_info", "message", "status", "tokens", "user"});
    CHECK(reply["status"].text() == "success");
    CHECK(reply["message"].text() == "User registered successfully");
    CHECK(reply["user"].names() == std::vector<std::string>{"created_at", "email", "id"});
    CHECK(reply["user"]["email"].text() == email);
    CHECK(reply["tokens"].names() == std::vector<std::string>{"access_token", "refresh_token"});
    CHECK(reply["agent_info"].names() == std::vector<std::string>{"agent_id", "status"});
    CHECK(Wallet{.id = reply["user"]["id"].text(), .number = 0}.balance() == 50'000);
}

TEST_CASE("a registration answers with the user and the tokens (conversation app API)", "[register]")
{
    auto const email = an_email();

    auto const reply = post(forge, forge_body(email), anonymously());

    INFO(reply.body);
    REQUIRE(reply.status == 201);
    CHECK(reply.json().names() == std::vector<std::string>{"message", "tokens", "user"});
    CHECK(reply["message"].text() == "User registered successfully");
    CHECK(reply["user"].names() ==
          std::vector<std::string>{"created_at", "display_name", "email", "id", "is_admin", "provider"});
    CHECK(reply["user"]["id"].integer() > 0);
    CHECK(reply["user"]["email"].text() == email);
    CHECK(reply["user"]["display_name"].text() == "Ann");
    CHECK(reply["user"]["provider"].text() == "local");
    CHECK_FALSE(reply["user"]["is_admin"].boolean());
    CHECK(reply["tokens"].names() == std::vector<std::string>{"access", "refresh"});
}

TEST_CASE("somebody may register and log in by phone, and is known by it", "[register]")
{
    auto const phone = a_phone();
    auto const reply = post(chat, body({{"phone", "+" + phone}, {"password", a_password}}), anonymously());
    INFO(reply.body);
    REQUIRE(reply.status == 201);
    CHECK(reply["user"]["email"].text().empty());

    auto const login =
        post("/api/v1/auth/login", body({{"phone", phone}, {"password", a_password}}), anonymously());
    REQUIRE(login.status == 200);
    CHECK(login["user"]["id"].text() == reply["user"]["id"].text());
    auto const tokens = get("/api/user/tokens/" + phone, as(login["tokens"]["access_token"].text()));
    CHECK(tokens["tokens"].integer() == 50'000);
}

TEST_CASE("a phone is one account's, and a number that can be dialled only from somewhere is nobody's",
          "[register]")
{
    auto const phone = "44" + a_phone().substr(0, 10);
    auto const registers = [](std::string const& as_written) {
        return post(chat, body({{"phone", as_written}, {"email", ""}, {"password", a_password}}),
                    anonymously());
    };
    REQUIRE(
        registers("+44 (" + phone.substr(2, 2) + ") " + phone.substr(4, 4) + "-" + phone.substr(8)).status ==
        201);

    check_refusal(registers(phone), 409, "user_exists");
    for (auto const& again : {"+44 (0)" + phone.substr(2), "00" + phone, phone + " ext. 1"})
        check_invalid(registers(again), "validation_error", "phone", "body.phone");
    CHECK(database().integer("select count(*) from auth.users where phone like $1",
                             {"%" + phone.substr(2) + "%"}) == 1);
}

TEST_CASE("an address is registered once, whatever its case", "[register]")
{
    auto const email = an_email();
    REQUIRE(post(chat, chat_body(email), anonymously()).status == 201);

    auto upper = email;
    upper[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(upper[0])));
    check_refusal(post(chat, chat_body(upper), anonymously()), 409, "user_exists");
    auto const reply = post(forge, forge_body(email), anonymously());
    CHECK(reply.status == 400);
    CHECK(reply["email"][0].text() == "belongs to an account already");
    CHECK(database().integer("select count(*) from farebox.users where email = $1", {email}) == 1);
}

TEST_CASE("what is wrong is said of each field", "[register]")
{
    check_invalid(post(chat, body({{"email", "nobody"}, {"password", a_password}}), anonymously()),
                  "validation_error", "email", "body.email");
    check_invalid(post(chat, body({{"email", an_email()}}), anonymously()), "validation_error", "password",
                  "body.password");
    check_invalid(
        post(chat, body({{"email", an_email()}, {"password", std::string(73, 'x')}}), anonymously()),
        "validation_error", "password", "body.password");
    check_invalid(post(chat, body({{"phone", "12"}, {"password", a_password}}), anonymously()),
                  "validation_error", "phone", "body.phone");
    auto const both = body({{"email", an_email()}, {"phone", "+" + a_phone()}, {"password", a_password}});
    check_invalid(post(chat, both, anonymously()), "validation_error", "phone", "body.phone");

    auto const reply =
        post(forge, body({{"email", "nobody"}, {"password", "x"}, {"password2", 5}}), anonymously());
    CHECK(reply.status == 400);
    CHECK(reply["error"].text() == "Invalid request data");
    CHECK(reply["email"].size() == 1);
    CHECK(reply["password2"].size() == 1);
    auto const other =
        post(forge, body({{"email", an_email()}, {"password", a_password}, {"password2", "another 9"}}),
             anonymously());
    CHECK(other.status == 400);
    CHECK(other["password2"][0].text() == "must be the same as password");
}

TEST_CASE("a weak password is refused with its reasons, at the field", "[register]")
{
    auto const weak = http_answer(
        422, R"({"code":"weak_password","message":"m","weak_password":{"reasons":["length","pwned"]}})");

    auto const reply = answered(forge, forge_body(an_email()), weak);
    CHECK(reply.status == 400);
    CHECK(reply["password"].size() == 2);
    CHECK(reply["password"][0].text() == "is too short");
    check_invalid(answered(chat, chat_body(an_email()), weak), "validation_error", "password",
                  "body.password");
}

TEST_CASE("where addresses are confirmed first, there are no tokens yet, and a wallet that waits",
          "[register]")
{
    auto const email = an_email();
    auto const id = registered_at_supabase(email);

    auto const reply = answered(chat, chat_body(email), http_answer(200, supabase::user(id, email)));

    INFO(reply.body);
    REQUIRE(reply.status == 201);
    CHECK(reply["status"].text() == "confirmation_required");
    CHECK(reply["tokens"].is_null());
    CHECK(Wallet{.id = id, .number = 0}.balance() == 0);
    database().rows("update auth.users set email_confirmed_at = now() where id = $1", {id});
    CHECK(Wallet{.id = id, .number = 0}.balance() == 50'000);
}

TEST_CASE(
    "where addresses are confirmed first, neither members nor ids nor time tell whether one has an account",
    "[register]")
{
    auto const email = an_email();
    auto const real = registered_at_supabase(email);
    auto const made_up = *database().value("select gen_random_uuid()");
    auto const users = database().integer("select count(*) from farebox.users where email = $1", {email});
    // Of a new address, of a known one, and of one that was written to a moment ago, by email and by phone.
    auto const answers = std::vector{http_answer(200, supabase::user(real, email)),
                                     http_answer(200, supabase::made_up_user(made_up, email)),
                                     http_answer(429, supabase::refusal("over_email_send_rate_limit")),
                                     http_answer(429, supabase::refusal("over_sms_send_rate_limit"))};

    auto const replies = at_once(8, 8, [&](int i) {
        auto const* const path = i < 4 ? chat : forge;
        return answered(path, path == chat ? chat_body(email) : forge_body(email),
                        answers[static_cast<std::size_t>(i % 4)]);
    });

    auto const shown = [](Reply const& reply) {
        return std::regex_replace(reply.body, std::regex(R"("created_at":"[^"]*")"), "");
    };
    for (std::size_t i = 0; i < replies.size(); ++i) {
        INFO(replies[i].body);
        CHECK(replies[i].status == 201);
        CHECK(replies[i]["tokens"].is_null());
        CHECK(replies[i]["user"]["email"].text() == email);
        CHECK(shown(replies[i]) == shown(replies[i < 4 ? 0 : 4]));
        CHECK(replies[i].elapsed_ms >= 2000); // a full step, if not the same one on a busy machine
    }
    auto const id = replies[0]["user"]["id"].text();
    CHECK(id != real);
    CHECK(id != made_up);
    CHECK(replies[4]["user"]["id"].integer() >= std::int64_t{1} << 52);
    CHECK(known(id) + known(made_up) == 0);
    CHECK(database().integer("select count(*) from farebox.wallets where id in ($1, $2)", {id, made_up}) ==
          0);
    CHECK(database().integer("select count(*) from farebox.users where email = $1", {email}) == users);
}

TEST_CASE("of two registrations of one address at once one is made, and the other is told that it is known",
          "[register]")
{
    auto const email = an_email();
    auto first = Database(target().database_url);
    auto const process = *first.value("select pg_backend_pid()");
    first.rows("begin");
    first.rows("insert into auth.users (id, email) values (gen_random_uuid(), $1)", {email});

    auto second = std::async(std::launch::async, [&] { return post(chat, chat_body(email), anonymously()); });
    CHECK(eventually(std::chrono::seconds(4), [&] {
        return database().integer("select count(*) from pg_stat_activity a "
                                  "where $1::int = any (pg_blocking_pids(a.pid))",
                                  {process}) > 0;
    }));
    first.rows("commit");

    check_refusal(second.get(), 409, "user_exists");
    CHECK(database().integer("select count(*) from auth.users where email = $1", {email}) == 1);
}

TEST_CASE("whatever is wrong with Supabase Auth, the client is told to come back, and nothing is made",
          "[register]")
{
    auto const email = an_email();
    for (auto const& bytes :
         {http_answer(500, supabase::refusal("unexpected_failure")), http_answer(402, "{}"),
          http_answer(522, supabase::cloudflare_page(), "text/html"),
          http_answer(401, supabase::gateway_refusal()), http_answer(500, supabase::postgres_refusal()),
          http_answer(200, "{\"access_token\":\"a\"")})
        check_refusal(answered(chat, chat_body(email), bytes), 503, "auth_unavailable");
    check_refusal(
        cgi("register", "POST", chat, chat_body(email), {}, {{"SUPABASE_URL", "http://127.0.0.1:1"}}), 503,
        "auth_unavailable");
    check_refusal(cgi("register", "POST", chat, chat_body(email), {}, {}), 503, "auth_unavailable");

    auto const limited =
        answered(chat, chat_body(email), http_answer(429, supabase::refusal("over_request_rate_limit")));
    check_refusal(limited, 429, "rate_limited");
    CHECK(limited.header("retry-after") == "5");
    check_refusal(answered(chat, chat_body(email), http_answer(422, supabase::refusal("signup_disabled"))),
                  403, "registration_closed");
    CHECK(database().integer("select count(*) from farebox.users where email = $1", {email}) == 0);
}

TEST_CASE("a registration that a hook or a CAPTCHA refuses is refused, and not put off", "[register]")
{
    auto const email = an_email();
    auto const refused = [&](std::string const& path, int status, std::string_view code) {
        return answered(path, path == chat ? chat_body(email) : forge_body(email),
                        http_answer(status, supabase::refusal(code)));
    };

    check_refusal(refused(chat, 403, "unknown"), 403, "account_refused");
    check_refusal(refused(forge, 403, "unknown"), 403, "account_refused");
    check_refusal(refused(chat, 400, "captcha_failed"), 403, "captcha_failed");
    check_refusal(refused(chat, 422, "hook_timeout"), 503, "auth_unavailable");
    check_refusal(refused(chat, 422, "sms_send_failed"), 503, "auth_unavailable");

    database().rows("insert into local_auth.played (address, moment, status, code, sentence) "
                    "values ($1, 'signup', 403, 'unknown', 'Only members of example.org may register.')",
                    {email});
    auto const reply = post(chat, chat_body(email), anonymously());
    check_refusal(reply, 403, "account_refused");
    CHECK(reply.body.find("example.org") == std::string::npos); // the hook's own words stay here
    CHECK(database().integer("select count(*) from auth.users where email = $1", {email}) == 0);
}

TEST_CASE("a registration passes the token of a CAPTCHA on", "[register]")
{
    auto const email = an_email();
    auto const id = registered_at_supabase(email);
    auto const server = FakeHttp([&](Asked const&) { return http_answer(200, supabase::user(id, email)); });

    CHECK(cgi("register", "POST", chat,
              body({{"email", email}, {"password", a_password}, {"captcha_token", "solved"}}), {},
              {{"SUPABASE_URL", server.url()}})
              .status == 201);

    CHECK(json::write(*json::parse(server.asked().front().body).find("gotrue_meta_security")) ==
          R"({"captcha_token":"solved"})");
}

TEST_CASE("Supabase Auth is told the caller's address, if it would heed it", "[register]")
{
    auto const email = an_email();
    auto const id = registered_at_supabase(email);
    auto const server = FakeHttp(
        [&](Asked const&) { return http_answer(200, supabase::session(id, email, open_session(id))); });

    CHECK(cgi("register", "POST", chat, chat_body(email), {{"X-Forwarded-For", "198.51.100.9"}},
              {{"SUPABASE_URL", server.url()},
               {"SUPABASE_ISSUERS", project_issuer},
               {"SUPABASE_SECRET_KEY", "sb_secret_1"}})
              .status == 201);

    auto const asked = server.asked().front();
    CHECK(asked.header("sb-forwarded-for") == "203.0.113.7");
    CHECK(asked.header("user-agent").starts_with("farebox/"));
    CHECK(json::canonical(json::parse(asked.body)).find("\"data\":{}") != std::string::npos);
}
