// Access tokens of users: what they open, what stays shut, and that nobody else's wallet shows.
#include "shared/ledger/ledger.hpp"
#include "tests/http/signer.hpp"
#include "tests/support/accounts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/cgi.hpp"
#include "tests/support/client.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_supabase.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/target.hpp"
#include "tests/support/wallet.hpp"
#include "tests/unit/auth/mint.hpp"

#include <atomic>
#include <ctime>

using namespace support;

namespace {

// What a handler tells the database of this person.
db::Caller caller_of(Person const& person)
{
    return {"user",
            db::both_ids(base::parse_uuid(session_of(person)).value(), base::parse_uuid(person.id).value())};
}

db::Caller the_service()
{
    return {"api_key", base::sha256(target().service_key)};
}

// One of each batched move, as this caller: two ways to spend, which a user may, and three moves of holds, which only servers
// may; the errors, or "" where it went through.
std::vector<std::string> moves_of(Person const& person, db::Caller const& caller)
{
    auto session = db::Session(db::Options{.conninfo = base::Secret(target().database_url)});
    auto books = ledger::Ledger(session);
    auto const deadline = base::deadline_in(std::chrono::seconds(5));
    auto const user = ledger::UserRef{.id = base::parse_uuid(person.id)};
    auto const hold_by = [&](db::Caller const& whom) {
        return books
            .place_hold({.caller = whom, .user = user, .amount = 2, .ttl_ms = 60'000, .description = "x"},
                        deadline)
            .hold;
    };
    auto const a_spend = [&] {
        return ledger::Spend{.caller = caller, .user = user, .amount = 1, .description = "x"};
    };
    auto const held = hold_by(the_service()); // so that there is one to end

    auto const error_of = [](auto const& move) -> std::string {
        try {
            move();
            return {};
        } catch (base::Failure const& failure) {
            return std::string(base::info(failure.error()).name);
        }
    };
    return {error_of([&] { books.spend(a_spend(), deadline); }), error_of([&] {
                for (auto const& receipt : books.spend_all({a_spend(), a_spend()}, deadline))
                    if (receipt.refusal) throw *receipt.refusal;
            }),
            error_of([&] { hold_by(caller); }), error_of([&] {
                ledger::mark_started(session, {.caller = caller, .hold = held, .lapse_amount = 1}, deadline);
            }),
            error_of([&] { books.end_hold({.caller = caller, .hold = held, .amount = 1}, deadline); })};
}

// What a handler of its own answers the person, with keys from that address.
Reply with_keys_from(std::string const& url, Person const& person, Variables more = {})
{
    more.emplace_back("SUPABASE_URL", url);
    more.emplace_back("SUPABASE_ISSUERS", target().url + "/auth/v1");
    return cgi("balance", "GET", "/api/v1/users/" + person.id + "/balance", "", person.headers(),
               std::move(more));
}

std::string own(Person const& person, std::string_view what)
{
    return "/api/v1/users/" + person.id + "/" + std::string(what);
}

} // namespace

TEST_CASE("a user reads their own wallet, by id and by number", "[tokens]")
{
    auto const person = a_person();

    auto const by_id = get(own(person, "balance"), person.headers());

    REQUIRE(by_id.status == 200);
    CHECK(by_id["token_balance"].integer() == 50'000);
    auto const number = std::to_string(by_id["user_id"].integer());
    auto const by_number = get("/api/v1/users/" + number + "/balance", person.headers());
    CHECK(by_number.status == 200);
    CHECK(by_number.body == by_id.body);
    auto const entries = get("/api/v1/users/" + number + "/entries", person.headers());
    REQUIRE(entries.status == 200);
    CHECK(entries["entries"].size() == 1);
    CHECK(get(own(person, "entries"), person.headers()).body == entries.body);
}

TEST_CASE("another's wallet and nobody's are the same 404 to a user", "[tokens]")
{
    auto const person = a_person();
    auto const other = a_person();
    auto const phone = a_phone();
    auto const served = a_user().with_phone(phone).holding(5);
    auto const nobody = get("/api/v1/users/00000000-0000-4000-8000-000000000001/balance", person.headers());

    check_refusal(nobody, 404, "user_not_found");
    for (auto const& name : {other.id, served.id, std::to_string(served.number), std::to_string(a_number()),
                             std::string("nonsense"), std::string("0")})
        for (auto const* const what : {"balance", "entries"}) {
            auto const reply = get("/api/v1/users/" + name + "/" + what, person.headers());
            CHECK(reply.status == 404);
            CHECK(without_user(reply) == without_request_id(nobody));
        }
    check_refusal(get("/api/user/tokens/" + phone, person.headers()), 404, "user_not_found");
    check_refusal(get("/api/user/tokens/" + a_phone(), person.headers()), 404, "user_not_found");
}

TEST_CASE("a user moves no tokens by the endpoints of services", "[tokens]")
{
    auto const person = a_person();
    auto const order = an_order();

    check_refusal(post(own(person, "spend"), order, person.headers()), 403, "forbidden");
    check_refusal(post(own(person, "grants"), order, person.headers()), 403, "forbidden");
    check_refusal(post("/api/v1/users", "{}", person.headers()), 403, "forbidden");
    CHECK(get(own(person, "balance"), person.headers())["token_balance"].integer() == 50'000);
}

TEST_CASE("a token that is not good in every respect is 401", "[tokens]")
{
    auto const person = a_person();
    auto const signer = Signer();
    auto const claims = Signer::claims(person.id, session_of(person));
    auto const status = [&](std::string const& token) {
        return get(own(person, "balance"), as(token)).status;
    };

    REQUIRE(status(signer.key().token(claims)) == 200);
    for (auto const& bad :
         {claims.with("exp", std::to_string(std::time(nullptr) - 60)), claims.with("exp", "1e99"),
          claims.without("exp"), claims.with("iss", mint::in_quotes("https://other.example/auth/v1")),
          claims.with("aud", R"(["anon"])"), claims.with("role", mint::in_quotes("service_role")),
          claims.with("is_anonymous", "true"), claims.with("client_id", mint::in_quotes("app")),
          claims.with("session_id", mint::in_quotes("x")), claims.doubled("sub", mint::in_quotes(person.id))})
        CHECK(status(signer.key().token(bad)) == 401);
    auto const header = signer.key().header();
    CHECK(status(mint::Key::p256(signer.key().id()).token(claims)) == 401);
    CHECK(status(mint::Key::p256("unknown").token(claims)) == 401);
    CHECK(status(signer.key().token(header.with("crit", R"(["exp"])"), claims)) == 401);
    CHECK(status(signer.key().token(header.with("alg", mint::in_quotes("none")), claims)) == 401);
    CHECK(status(mint::hs256_token(signer.key().jwk().text(),
                                   header.with("alg", mint::in_quotes("HS256")).text(), claims.text())) ==
          401);
    CHECK(status(person.access_token.substr(0, person.access_token.size() - 1)) == 401);
    CHECK(status(person.access_token) == 200);
}

TEST_CASE("a good token of a user whom Supabase Auth does not know opens nothing", "[tokens]")
{
    auto const stranger = std::string("0f0f0f0f-0000-4000-8000-000000000001");

    auto const reply =
        get("/api/v1/users/" + stranger + "/balance", as(Signer().key().token(Signer::claims(stranger))));

    check_refusal(reply, 401, "unauthorized");
}

TEST_CASE("a session that has ended opens nothing, though its token has not expired", "[tokens]")
{
    auto const person = a_person();
    auto const caller = caller_of(person);
    auto const user = base::parse_uuid(person.id).value();
    auto const spends = std::vector<std::string>{"", "", "forbidden", "forbidden", "forbidden"};
    auto const all_refused = std::vector<std::string>(5, "unauthorized");

    CHECK(moves_of(person, caller) == spends);

    CHECK(moves_of(person, {"user", db::both_ids(base::uuid_v7(), user)}) == all_refused);
    auto const another_user = db::Caller("user", [&] {
        auto proof = caller.proof;
        proof.back() ^= 1;
        return proof;
    }());
    CHECK(moves_of(person, another_user) == all_refused);

    REQUIRE(post("/auth/v1/logout", "", person.headers() + Headers{{"apikey", "any"}}).status == 204);
    CHECK(moves_of(person, caller) == all_refused);
    check_refusal(get(own(person, "balance"), person.headers()), 401, "unauthorized");
    check_refusal(get(own(person, "entries"), person.headers()), 401, "unauthorized");
}

TEST_CASE("the database lets nobody move another user's tokens, whatever a handler thinks", "[tokens]")
{
    auto const absent = std::string("user_not_found");

    CHECK(moves_of(a_person(), caller_of(a_person())) ==
          std::vector<std::string>{absent, absent, "forbidden", "forbidden", "forbidden"});
}

TEST_CASE(
    "where the project's keys cannot be had a token is neither accepted nor refused, and nobody waits long",
    "[tokens]")
{
    auto const person = a_person();
    auto const keys = get("/auth/v1/.well-known/jwks.json", anonymously()).body;
    auto const slow = std::string();
    auto const moods = {slow,
                        http_answer(500, supabase::refusal("unexpected_failure")),
                        http_answer(200, supabase::cloudflare_page(), "text/html"),
                        http_answer(200, std::string(10'000'000, ' ') + keys),
                        http_answer(302, "", "text/plain", "Location: " + target().url + "/\r\n"),
                        http_answer(200, "{}")};
    for (auto const& bytes : moods) {
        INFO(bytes.substr(0, 80));
        auto const server = FakeHttp([&](Asked const&) { return bytes; });
        auto const reply = with_keys_from(server.url(), person);
        check_refusal(reply, 503, "auth_unavailable");
        CHECK(std::stoi(reply.header("retry-after")) >= 1);
        CHECK(reply.elapsed_ms < 5000);
        CHECK(server.asked().size() == 1);
    }
    check_refusal(with_keys_from("http://127.0.0.1:1", person), 503, "auth_unavailable");

    auto const server = FakeHttp([&](Asked const&) { return http_answer(200, keys); });
    CHECK(with_keys_from(server.url(), person).status == 200);
}

TEST_CASE("keys that one process fetched serve the next one while the project is down", "[tokens]")
{
    auto const person = a_person();
    auto const keys = get("/auth/v1/.well-known/jwks.json", anonymously()).body;
    auto const cache = target().directory + "/" + an_email() + ".json";
    {
        auto const server = FakeHttp([&](Asked const&) { return http_answer(200, keys); });
        REQUIRE(with_keys_from(server.url(), person, {{"JWKS_CACHE", cache}}).status == 200);
    }

    CHECK(with_keys_from("http://127.0.0.1:1", person, {{"JWKS_CACHE", cache}}).status == 200);
    check_refusal(with_keys_from("http://127.0.0.1:1", person), 503, "auth_unavailable");
}

TEST_CASE("a project that still signs with its secret is asked about its tokens, whatever keys it publishes",
          "[tokens]")
{
    auto const person = a_person();
    auto const keys = get("/auth/v1/.well-known/jwks.json", anonymously()).body;
    auto banned = std::atomic<bool>(false);
    auto const server = FakeHttp([&](Asked const& asked) {
        if (asked.target.ends_with("jwks.json")) return http_answer(200, keys);
        return banned ? http_answer(403, supabase::refusal("user_banned"))
                      : http_answer(200, supabase::user(person.id, person.email));
    });
    auto const hs256 = [&](std::string const& session) {
        return mint::hs256_token("of the project alone", mint::hs256_header().text(),
                                 Signer::claims(person.id, session).text());
    };
    auto const reply_to = [&](std::string const& token, Variables more) {
        auto bearer = person;
        bearer.access_token = token;
        return with_keys_from(server.url(), bearer, std::move(more));
    };

    // The keys are there, and this token's is none of them.
    CHECK(reply_to(person.access_token, {}).status == 200);
    auto const before = server.asked().size();
    CHECK(
        reply_to(hs256(session_of(person)), {{"SUPABASE_PUBLISHABLE_KEY", "p"}, {"SUPABASE_SECRET_KEY", "s"}})
            .status == 200);
    auto const other = hs256(session_of(person));
    CHECK(reply_to(other, {{"SUPABASE_SECRET_KEY", "s"}}).status == 200);
    CHECK(
        reply_to(mint::Key::p256("rotated a moment ago").token(Signer::claims(person.id, session_of(person))),
                 {})
            .status == 200);
    auto questions = std::vector<Asked>();
    for (auto const& one : server.asked())
        if (one.target == "/auth/v1/user") questions.push_back(one);
    REQUIRE(questions.size() == 3);
    CHECK(server.asked().size() == before + 4); // an HS256 token needs no keys
    CHECK(questions[0].header("apikey") == "p");
    CHECK(questions[1].header("apikey") == "s"); // where there is no other
    CHECK(questions[1].header("authorization") == "Bearer " + other);

    // A session that was made up costs no question.
    check_refusal(reply_to(hs256(mint::session_id), {}), 401, "unauthorized");
    CHECK(server.asked().size() == before + 4);
    banned = true;
    check_refusal(reply_to(hs256(session_of(person)), {}), 401, "unauthorized");
}

TEST_CASE("a user with much metadata, and a token of nearly 16 KB, is served like any other", "[tokens]")
{
    auto const person = a_person();
    auto const log_in = [&] {
        return post("/api/v1/auth/login", body({{"email", person.email}, {"password", a_password}}),
                    anonymously());
    };
    auto const has_metadata = [&](std::string const& data) {
        auto const reply = send("PUT", "/auth/v1/user", R"({"data":)" + data + "}",
                                person.headers() + Headers{{"apikey", "any"}});
        INFO(reply.body.substr(0, 300));
        REQUIRE(reply.status == 200);
    };
    has_metadata(R"({"deep":)" + std::string(30, '[') + std::string(30, ']') + R"(,"long":")" +
                 std::string(11'000, 'x') + "\"}");

    auto const login = log_in();
    INFO(login.body.substr(0, 300));
    REQUIRE(login.status == 200);
    auto const token = login["tokens"]["access_token"].text();
    CHECK(token.size() > 15'000);
    CHECK(token.size() <= 16'384);
    CHECK(get(own(person, "balance"), as(token)).status == 200);
    CHECK(get("/api/v1/auth/me", as(token)).status == 200);
    CHECK(get("/auth/v1/user", as(token) + Headers{{"apikey", "any"}}).status == 200);
    CHECK(post("/api/v1/auth/refresh", body({{"refresh_token", login["tokens"]["refresh_token"].text()}}),
               anonymously())
              .status == 200);
    CHECK(post("/api/auth/logout", "", as(token)).status == 200);

    // One that is longer still is nobody's, in the words of a handler.
    has_metadata(R"({"deep":null,"long":")" + std::string(13'000, 'x') + "\"}");
    auto const longer = post("/auth/v1/token?grant_type=password",
                             body({{"email", person.email}, {"password", a_password}}), {{"apikey", "any"}});
    check_refusal(get(own(person, "balance"), as(longer["access_token"].text())), 401, "unauthorized");
}
