// One request to its answer: the order of the refusals, and what every answer carries. There is no database,
// so whatever reaches one is answered 503.
#include "shared/json/value.hpp"
#include "shared/service/service.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/auth/mint.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace {

using base::Error;
using base::Failure;
using service::Access;
using service::Call;

auto const key = std::string("a-key-of-the-environment");
auto const unknown_key = std::string("another-key-that-nobody-gave-out");
auto const jwt_secret = std::string(40, 's');
auto const well_formed_key = "fb_" + std::string(43, 'A');

int handled = 0;

http::Response echo(Call const& call)
{
    ++handled;
    return http::json(200, "{\"caller\":\"" + (call.recognised ? auth::name_of(call.caller()) : "") + "\"}");
}

// What the database is told of the caller, after their name.
http::Response proof_of(Call const& call)
{
    auto const caller = auth::proven(call.caller());
    auto const* const user = std::get_if<auth::User>(&call.caller());
    auto const told = user != nullptr &&
                      caller.proof == db::both_ids(*base::parse_uuid(mint::session_id), user->token.user);
    return http::json(200, "{\"caller\":\"" + auth::name_of(call.caller()) + "\",\"kind\":\"" +
                               std::string(caller.kind) + "\",\"session\":\"" + (told ? "told" : "none") +
                               "\"}");
}

http::Response who_is_it(Call const& call)
{
    call.caller();
    return http::json(200, "{}");
}

http::Response balance_of(Call const& call)
{
    call.ledger.balance({.caller = auth::proven(call.caller()), .user = {.number = 1}}, call.deadline);
    return http::json(200, "{}");
}

http::Response refuse(Call const&)
{
    throw Failure(Error::insufficient_balance, "for the log only").with("required", 5).with("available", 2);
}

http::Response nobody(Call const&)
{
    throw Failure(Error::user_not_found);
}

http::Response break_down(Call const&)
{
    throw std::runtime_error("password=hunter2");
}

service::Endpoint endpoint(std::string_view method, std::string_view pattern, Access access,
                           service::Handle handle, http::Dialect dialect = http::Dialect::token)
{
    return {.method = method,
            .pattern = pattern,
            .dialect = dialect,
            .access = access,
            .handle = handle,
            .body_max = 100};
}

// A database of credentials that knows the environment's key, and that alone.
std::optional<auth::KnownCredential> known(base::Sha256 const& hash, base::Deadline)
{
    if (hash != base::sha256(key)) return std::nullopt;
    auto found =
        auth::KnownCredential{.kind = "api_key", .owner = {}, .name = "API_SECRET_KEY", .scopes = {}};
    found.scopes.add(auth::Scope::spend);
    return found;
}

service::Dispatcher a_dispatcher(auth::Authenticator::Lookup lookup = known)
{
    auto config = config::Config();
    config.database_url = base::Secret("host=/nonexistent dbname=farebox");
    config.api_secret_key = base::Secret(key);
    config.request_timeout_ms = 500;
    config.supabase.url = "http://127.0.0.1:9"; // where nobody answers: the secret is all that is needed
    config.supabase.issuers = {mint::issuer};
    config.supabase.jwt_secret = base::Secret(jwt_secret);
    auto const service = Access::key(auth::Scope::spend);
    return service::Dispatcher(
        {endpoint("GET", "/open", Access::anyone(), echo, http::Dialect::chat),
         endpoint("GET", "/open-who", Access::anyone(), who_is_it, http::Dialect::chat),
         endpoint("GET", "/api/v1/things/{id}", service, echo),
         endpoint("POST", "/api/v1/things/{id}", service, echo),
         endpoint("POST", "/api/v1/closed", Access(), echo),
         endpoint("GET", "/api/v1/mine", Access::user(), proof_of),
         endpoint("POST", "/api/v1/leave", Access::leaving_user(), echo),
         endpoint("GET", "/api/v1/ours", Access::user_or_key(auth::Scope::spend), proof_of),
         endpoint("GET", "/api/v1/balance", service, balance_of),
         endpoint("POST", "/api/v1/refused", service, refuse),
         endpoint("POST", "/api/mgmt/refused", service, refuse, http::Dialect::mgmt),
         endpoint("GET", "/api/v1/users/{user_id}", service, nobody),
         endpoint("GET", "/elsewhere", service, refuse, http::Dialect::token),
         endpoint("POST", "/elsewhere", service, refuse, http::Dialect::track),
         endpoint("POST", "/track-only", service, refuse, http::Dialect::track),
         endpoint("POST", "/api/v1/broken", service, break_down)},
        std::move(config), std::move(lookup));
}

http::Request a_request(std::string const& method, std::string const& path,
                        std::string const& credential = {})
{
    auto request = http::Request();
    request.method = method;
    request.path = path;
    request.request_id = "request-0001";
    if (!credential.empty()) request.headers.emplace_back("authorization", "Bearer " + credential);
    return request;
}

http::Response answer(http::Request const& request, bool body_too_large = false)
{
    auto dispatcher = a_dispatcher();
    return dispatcher.answer(request, body_too_large);
}

std::string member(http::Response const& response, std::string_view name)
{
    auto const body = json::parse(response.body);
    auto const* const value = body.find(name);
    return value == nullptr ? std::string() : value->text;
}

http::Response which(Call const& call)
{
    auto text = std::string();
    for (auto const& [name, value] : call.path.params)
        text += name + "=" + value + " ";
    return http::json(200, text + std::to_string(call.deadline > base::deadline_in(std::chrono::seconds(2))));
}

TEST_CASE("a literal segment is meant before a name, and that before the rest, whatever the order of rows")
{
    auto rows = std::vector<service::Endpoint>{
        service::get("/a/{rest...}", http::Dialect::track, Access::anyone(), which),
        service::get("/a/{id}", http::Dialect::chat, Access::anyone(), which),
        service::get("/a/b", http::Dialect::mgmt, Access::anyone(), which),
        service::put("/a/b", http::Dialect::mgmt, Access::anyone(), which),
        service::post("/a/{name}", http::Dialect::chat, Access::anyone(), which),
        service::get("/a/b/{last}", http::Dialect::chat, Access::anyone(), which),
    };
    if (GENERATE(false, true)) std::reverse(rows.begin(), rows.end());
    auto dispatcher = service::Dispatcher(rows, config::Config());
    auto const body_of = [&](std::string const& method, std::string const& path) {
        auto const response = dispatcher.answer(a_request(method, path), false);
        return std::to_string(response.status) + " " + (response.status == 200 ? response.body : "");
    };

    CHECK(body_of("GET", "/a/b") == "200 1");
    CHECK(body_of("GET", "/a/c") == "200 id=c 1");
    CHECK(body_of("POST", "/a/c") == "200 name=c 1");
    CHECK(body_of("GET", "/a/b/c") == "200 last=c 1");
    CHECK(body_of("GET", "/a/c/d") == "200 rest=c/d 1");

    // The path decides first: what serves /a/{name} does not serve /a/b.
    CHECK(body_of("POST", "/a/b") == "405 ");
    auto const refused = dispatcher.answer(a_request("POST", "/a/b"), false);
    CHECK(member(refused, "error") == member(refused, "message")); // in the phone app API's words
    auto const options = dispatcher.answer(a_request("OPTIONS", "/a/c"), false);
    auto allowed = options.headers.front().second;
    CHECK((allowed == "GET, HEAD, POST, OPTIONS" || allowed == "POST, GET, HEAD, OPTIONS"));
}

TEST_CASE("a row has the time that it asks for, and else that of all")
{
    auto config = config::Config();
    config.request_timeout_ms = 1000;
    auto const row = service::get("/a", http::Dialect::chat, Access::anyone(), which);
    auto const long_row =
        service::get("/b", http::Dialect::chat, Access::anyone(), which).with_timeout_ms(9000);
    auto dispatcher = service::Dispatcher({row, long_row}, std::move(config));

    CHECK(dispatcher.answer(a_request("GET", "/a"), false).body == "0");
    CHECK(dispatcher.answer(a_request("GET", "/b"), false).body == "1");
}

TEST_CASE("a path that nobody serves is 404, in the dialect of its prefix")
{
    auto const token = answer(a_request("GET", "/api/v1/nothing"));
    CHECK(token.status == 404);
    CHECK(member(token, "error") == "not_found");

    CHECK(member(token, "message") == "Resource not found");

    auto const mgmt = answer(a_request("GET", "/api/nothing"));
    CHECK(mgmt.status == 404);
    CHECK(member(mgmt, "message") == "Not found.");
    CHECK(member(mgmt, "error") != "not_found");
    CHECK(member(mgmt, "code") == "NOT_FOUND");

    CHECK(answer(a_request("OPTIONS", "/api/nothing")).status == 404);
    CHECK(answer(a_request("POST", "/nothing"), true).status == 404);
}

TEST_CASE(
    "a 404 of a user names the whole number that the path holds as it was read, and no other text of it")
{
    auto const said = [](std::string const& user) {
        return member(answer(a_request("GET", "/api/v1/users/" + user, key)), "message");
    };
    CHECK(said("8999") == "User 8999 not found");
    CHECK(said("9223372036854775807") == "User 9223372036854775807 not found");
    CHECK(said("0") == "User 0 not found");
    CHECK(said("-5") == "User -5 not found");
    CHECK(said("007") == "User 7 not found");
    for (auto const* const other : {"9223372036854775808", "1.0", "1e3", "+1", " 1", "1 ", "nonsense", "-",
                                    "01900000-0000-7000-8000-ffffffffffff"})
        CHECK(said(other) == "User not found");
}

TEST_CASE("a 401 says whether a credential came")
{
    auto const said = [](http::Request const& request) { return member(answer(request), "message"); };
    auto request = a_request("GET", "/api/v1/things/1");
    CHECK(said(request) == "Missing API key");
    request.headers.emplace_back("authorization", "");
    CHECK(said(request) == "Missing API key");
    request.headers.back().second = "Bearer";
    CHECK(said(request) == "Invalid API key");
    CHECK(said(a_request("GET", "/api/v1/things/1", unknown_key)) == "Invalid API key");
    // Two are none that could be accepted.
    request.headers.emplace_back("authorization", "Bearer " + key);
    CHECK(said(request) == "Invalid API key");
}

TEST_CASE("a query parameter given twice is refused wherever it is sent, once the caller is known")
{
    auto request = a_request("GET", "/api/v1/things/1", key);
    request.query = "a=1&b=2&a=1";
    auto const response = answer(request);
    CHECK(response.status == 422);
    CHECK(member(response, "error") == "validation_error");
    request.query = "a=1&b=1";
    CHECK(answer(request).status == 200);

    request = a_request("GET", "/api/v1/things/1", unknown_key);
    request.query = "a=1&a=1";
    CHECK(answer(request).status == 401);
}

TEST_CASE("a known path and another method is 405, and Allow names every method of the path")
{
    auto const both = answer(a_request("PUT", "/api/v1/things/1"));
    CHECK(both.status == 405);
    CHECK(both.header("Allow") == "GET, HEAD, POST, OPTIONS");

    auto const post_only = answer(a_request("GET", "/api/v1/refused"));
    CHECK(post_only.status == 405);
    CHECK(post_only.header("Allow") == "POST, OPTIONS");

    CHECK(answer(a_request("get", "/open")).status == 405);
}

TEST_CASE("OPTIONS tells the methods of a path to anyone")
{
    auto const response = answer(a_request("OPTIONS", "/api/v1/things/1"));

    CHECK(response.status == 204);
    CHECK(response.header("Allow") == "GET, HEAD, POST, OPTIONS");
    CHECK(response.body.empty());
}

TEST_CASE("no credential and an unknown one are 401 before anything else is judged")
{
    handled = 0;
    for (auto const& credential : {std::string(), unknown_key}) {
        auto request = a_request("POST", "/api/v1/things/1", credential);
        request.headers.emplace_back("content-encoding", "gzip");
        request.body = "not json";

        for (auto const body_too_large : {false, true}) {
            auto const response = answer(request, body_too_large);
            CHECK(response.status == 401);
            CHECK(response.header("WWW-Authenticate") == "Bearer");
            CHECK(member(response, "error") == "unauthorized");
        }
    }
    CHECK(handled == 0);
}

TEST_CASE("a key of the environment is let in, with or without its scheme")
{
    auto bare = a_request("GET", "/api/v1/things/1");
    bare.headers.emplace_back("authorization", key);

    CHECK(answer(bare).status == 200);
    auto const response = answer(a_request("GET", "/api/v1/things/1", key));
    CHECK(response.status == 200);
    CHECK(member(response, "caller") == "key:API_SECRET_KEY");
}

TEST_CASE("a key of the environment that the database does not know is 401")
{
    auto dispatcher = a_dispatcher([](auto const&, auto) { return std::nullopt; });

    CHECK(dispatcher.answer(a_request("GET", "/api/v1/things/1", key), false).status == 401);
}

TEST_CASE("an endpoint that anyone may call has no caller to ask for: absence is no right")
{
    CHECK(answer(a_request("GET", "/open-who")).status == 500);
    CHECK(answer(a_request("GET", "/open-who", key)).status == 500);
}

TEST_CASE("an environment key that is not set matches nothing, not even an empty credential")
{
    auto request = a_request("GET", "/api/v1/things/1");
    request.headers.emplace_back("authorization", "Bearer ");

    CHECK(answer(request).status == 401);
}

TEST_CASE("two Authorization headers are refused, even when both are right")
{
    auto request = a_request("GET", "/api/v1/things/1", key);
    request.headers.emplace_back("authorization", "Bearer " + key);

    CHECK(answer(request).status == 401);
}

TEST_CASE("an endpoint that names nobody lets nobody in")
{
    handled = 0;

    auto const response = answer(a_request("POST", "/api/v1/closed", key));

    CHECK(response.status == 403);
    CHECK(member(response, "code") == "FORBIDDEN");
    CHECK(handled == 0);
}

TEST_CASE("a user's token is let in where users are, and the database is told of the session")
{
    auto const token = mint::hs256_token(jwt_secret, mint::hs256_header().text(),
                                         mint::user_claims(base::now_us() / 1'000'000).text());
    for (auto const* const path : {"/api/v1/mine", "/api/v1/ours"}) {
        auto const response = answer(a_request("GET", path, token));
        CHECK(response.status == 200);
        CHECK(member(response, "caller") == std::string("user:") + mint::user_id);
        CHECK(member(response, "kind") == "user");
        CHECK(member(response, "session") == "told");
    }
    handled = 0;
    for (auto const* const path : {"/api/v1/things/1", "/api/v1/balance"})
        CHECK(answer(a_request("GET", path, token)).status == 403);
    CHECK(answer(a_request("POST", "/api/v1/closed", token)).status == 403);
    CHECK(handled == 0);
}

TEST_CASE("a service is let in where services are, without a session")
{
    CHECK(answer(a_request("GET", "/api/v1/mine", key)).status == 403);
    auto const response = answer(a_request("GET", "/api/v1/ours", key));
    CHECK(response.status == 200);
    CHECK(member(response, "session") == "none");
    CHECK(member(response, "kind") == "api_key");
}

TEST_CASE("a token that is not good in every respect is 401 wherever it is sent")
{
    auto const claims = mint::user_claims(base::now_us() / 1'000'000);
    auto const header = mint::hs256_header().text();
    for (auto const& token :
         {mint::hs256_token(std::string(40, 'x'), header, claims.text()),
          mint::hs256_token(jwt_secret, header, claims.with("exp", "0").text()),
          mint::hs256_token(jwt_secret, header, claims.with("role", "\"service_role\"").text()),
          mint::hs256_token(jwt_secret, R"({"alg":"none"})", claims.text()), std::string("a.b.c")})
        for (auto const* const path : {"/api/v1/mine", "/api/v1/ours", "/api/v1/things/1"}) {
            auto const response = answer(a_request("GET", path, token));
            CHECK(response.status == 401);
            CHECK(response.header("WWW-Authenticate") == "Bearer");
        }
}

TEST_CASE("who leaves may show a token that is not good any more, and the handler then knows nobody")
{
    auto const claims = mint::user_claims(base::now_us() / 1'000'000);
    auto const token = [&](mint::Object const& of) {
        return mint::hs256_token(jwt_secret, mint::hs256_header().text(), of.text());
    };
    auto const caller = [&](std::string const& credential) {
        auto const response = answer(a_request("POST", "/api/v1/leave", credential));
        CHECK(response.status == 200);
        return member(response, "caller");
    };

    CHECK(caller(token(claims)) == std::string("user:") + mint::user_id);
    CHECK(caller(token(claims.with("exp", "0"))).empty());
    CHECK(answer(a_request("POST", "/api/v1/leave", key)).status == 403);
    CHECK(answer(a_request("POST", "/api/v1/leave", mint::Key::p256("one").token(claims))).status == 503);
}

TEST_CASE("where the project's keys cannot be had a token is 503, and services go on")
{
    auto const token = mint::Key::p256("one").token(mint::user_claims(base::now_us() / 1'000'000));

    auto const response = answer(a_request("GET", "/api/v1/mine", token));

    CHECK(response.status == 503);
    CHECK_FALSE(response.header("Retry-After").empty());
    CHECK(answer(a_request("GET", "/api/v1/things/1", key)).status == 200);
}

TEST_CASE("a body that is too large is 413, an encoded one 415, and the handler sees neither")
{
    handled = 0;
    auto request = a_request("POST", "/api/v1/things/1", key);
    CHECK(answer(request, true).status == 413);

    request.headers.emplace_back("content-encoding", "gzip");
    CHECK(answer(request).status == 415);
    CHECK(handled == 0);

    request.headers.back().second = "identity";
    CHECK(answer(request).status == 200);
    CHECK(handled == 1);
}

TEST_CASE("how much body is read depends on the endpoint, and is nothing where there is none")
{
    auto const dispatcher = a_dispatcher();

    CHECK(dispatcher.body_max(a_request("POST", "/api/v1/things/1")) == 100);
    CHECK(dispatcher.body_max(a_request("HEAD", "/api/v1/things/1")) == 100);
    CHECK(dispatcher.body_max(a_request("PUT", "/api/v1/things/1")) == 0);
    CHECK(dispatcher.body_max(a_request("POST", "/nothing")) == 0);
}

TEST_CASE("HEAD is GET without the body")
{
    auto const head = answer(a_request("HEAD", "/open"));
    auto const get = answer(a_request("GET", "/open"));

    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK_FALSE(get.body.empty());
    CHECK(head.headers == get.headers);
    CHECK(answer(a_request("HEAD", "/api/v1/things/1")).status == 401);
    CHECK(answer(a_request("HEAD", "/api/v1/refused")).status == 405);
}

TEST_CASE("every answer carries its request's id and may not be stored")
{
    for (auto const& request :
         {a_request("GET", "/open"), a_request("OPTIONS", "/open"), a_request("GET", "/nothing"),
          a_request("PUT", "/open"), a_request("GET", "/api/v1/things/1"),
          a_request("POST", "/api/v1/broken", key)}) {
        auto const response = answer(request);
        CHECK(response.header("X-Request-Id") == "request-0001");
        CHECK(response.header("Cache-Control") == "no-store");
        if (response.status >= 400) CHECK(member(response, "request_id") == "request-0001");
    }
}

TEST_CASE("a refusal is spoken in the dialect of its endpoint and keeps the log's words to itself")
{
    auto const token = answer(a_request("POST", "/api/v1/refused", key));
    CHECK(token.status == 409);
    CHECK(member(token, "error") == "insufficient_balance");

    auto const mgmt = answer(a_request("POST", "/api/mgmt/refused", key));
    CHECK(mgmt.status == 402);
    CHECK(member(mgmt, "code") == "INSUFFICIENT_BALANCE");

    CHECK(token.body.find("for the log only") == std::string::npos);
}

TEST_CASE("the endpoint's dialect is spoken whatever its prefix, also before the handler is reached")
{
    auto const short_of_tokens = answer(a_request("POST", "/elsewhere", key));
    CHECK(short_of_tokens.status == 403);
    CHECK(member(short_of_tokens, "code") == "INSUFFICIENT_TOKENS");

    for (auto const& request : {a_request("POST", "/elsewhere"), a_request("GET", "/track-only")}) {
        auto const response = answer(request);
        CHECK(response.status >= 401);
        CHECK(member(response, "error") == member(response, "message"));
    }
}

TEST_CASE("what nobody expected is 500 and says nothing about the inside")
{
    auto const response = answer(a_request("POST", "/api/v1/broken", key));

    CHECK(response.status == 500);
    CHECK(member(response, "error") == "internal");
    CHECK(response.body.find("hunter2") == std::string::npos);
}

TEST_CASE("without a database the answer is 503 within the request's time, and says to come back")
{
    auto const begin = std::chrono::steady_clock::now();
    auto const read = answer(a_request("GET", "/api/v1/balance", key));
    // A key can only be judged by the database: not 401, for it may be a good one.
    auto without = a_dispatcher({});
    auto const unjudged = without.answer(a_request("GET", "/api/v1/things/1", well_formed_key), false);
    CHECK(without.answer(a_request("GET", "/api/v1/things/1", key), false).status == 503);
    auto const took = std::chrono::steady_clock::now() - begin;

    CHECK(read.status == 503);
    CHECK(read.header("Retry-After") == "1");
    CHECK(unjudged.status == 503);
    CHECK(took < std::chrono::seconds(3));
}

} // namespace
