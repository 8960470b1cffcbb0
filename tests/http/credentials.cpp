// Credentials: their spellings, how they end, and what is said of them. Whom each endpoint lets in: endpoints.cpp.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/keys.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/target.hpp"
#include "tests/support/wallet.hpp"

#include <map>

using namespace support;

namespace {

Headers authorization(std::string const& value)
{
    return {{"Authorization", value}};
}

// `scope` and nothing else.
std::string const& key_with(std::string const& scope)
{
    static auto keys = std::map<std::string, std::string>();
    auto& key = keys[scope];
    if (key.empty()) key = an_api_key(scope).secret;
    return key;
}

} // namespace

TEST_CASE("a long credential is refused like any other wrong one", "[credentials]")
{
    auto const wallet = a_user().holding(100);

    for (auto const size : {7 * 1024, 16 * 1024, 19 * 1024}) {
        check_refusal(post(wallet.path("spend"), an_order(), as(std::string(size, 'k'))), 401,
                      "unauthorized");
        check_refusal(post(wallet.path("spend"), an_order(), as("fb_" + std::string(size, 'A'))), 401,
                      "unauthorized");
    }
    CHECK(wallet.spends().empty());
}

TEST_CASE("a doubled Authorization header is refused, though one of the two be good", "[credentials]")
{
    auto const wallet = a_user().holding(100);
    for (auto const& headers :
         {as_service() + as("wrong"), as("wrong") + as_service(), as_service() + as_service()}) {
        auto const reply = post(wallet.path("spend"), an_order(), headers);
        // The web server may refuse it before the handler does.
        CHECK((reply.status == 401 || reply.status == 400));
    }
    CHECK(wallet.spends().empty());
}

TEST_CASE("the bare key is accepted, and the scheme in any case", "[credentials]")
{
    auto const wallet = a_user().holding(100);
    auto const made = an_api_key("spend").secret;
    for (auto const& key : {target().service_key, made}) {
        CHECK(post(wallet.path("spend"), an_order(), authorization(key)).status == 200);
        CHECK(post(wallet.path("spend"), an_order(), authorization("Bearer " + key)).status == 200);
        CHECK(post(wallet.path("spend"), an_order(), authorization("bearer " + key)).status == 200);
        CHECK(post(wallet.path("spend"), an_order(), authorization("BEARER   " + key)).status == 200);
    }
    CHECK(wallet.balance() == 92);
}

TEST_CASE("first tokens need the scope to grant besides the one to make users", "[credentials]")
{
    auto const request = body({{"tokens", 1}});

    check_refusal(post("/api/v1/users", request, as(key_with("users"))), 403, "forbidden");
    CHECK(post("/api/v1/users", body({{"tokens", 0}}), as(key_with("users"))).status == 201);
    CHECK(post("/api/v1/users", request, as(an_api_key("users,grant").secret)).status == 201);
}

TEST_CASE("a revoked key moves nothing from that moment on", "[credentials]")
{
    auto const wallet = a_user().holding(100);
    auto const key = an_api_key("read,spend,hold,grant,users");
    // The handlers know the key by now.
    REQUIRE(post(wallet.path("spend"), an_order(), as(key.secret)).status == 200);
    REQUIRE(get(wallet.path("balance"), as(key.secret)).status == 200);
    REQUIRE(post("/api/v1/users", "{}", as(key.secret)).status == 201);
    auto const entry = wallet.spends().at(0).id;

    key.revoke();

    // Requests that would do something: the handlers know the key and let it in, and the database does not.
    struct Request {
        std::string method;
        std::string path;
        std::string body;
    };
    auto const no_hold = std::string("/api/v1/holds/01900000-0000-7000-8000-ffffffffffff");
    for (auto const& [method, path, json] : std::vector<Request>{
             {"GET", wallet.path("balance"), ""},
             {"GET", wallet.path("entries"), ""},
             {"GET", "/api/user/tokens/12345", ""},
             {"POST", wallet.path("spend"), an_order()},
             {"POST", "/api/v1/spend/batch",
              body({{"items",
                     list({body({{"user_id", wallet.number}, {"amount", 1}, {"description", "x"}})})}})},
             {"POST", wallet.path("holds"), body({{"amount", 1}, {"ttl_seconds", 1}, {"description", "x"}})},
             {"POST", no_hold + "/capture", body({{"amount", 1}})},
             {"POST", no_hold + "/release", "{}"},
             {"POST", wallet.path("grants"), body({{"amount", 1}, {"description", "g"}})},
             {"POST", "/api/v1/entries/" + entry + "/reverse", "{}"},
             {"POST", "/api/v1/users", "{}"},
         }) {
        INFO(method << " " << path);
        check_refusal(send(method, path, json, as(key.secret)), 401, "unauthorized");
    }
    CHECK(wallet.balance() == 99);
}

TEST_CASE("an expired key is refused from that moment on", "[credentials]")
{
    auto const wallet = a_user().holding(100);
    auto const key = an_api_key("spend");
    REQUIRE(post(wallet.path("spend"), an_order(), as(key.secret)).status == 200);

    key.expire();

    check_refusal(post(wallet.path("spend"), an_order(), as(key.secret)), 401, "unauthorized");
    CHECK(wallet.balance() == 99);
}

TEST_CASE("a refusal never repeats the credential", "[credentials]")
{
    auto const secret = std::string("fb_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG");

    auto const reply = get(a_user().holding(1).path("balance"), as(secret));

    CHECK(reply.status == 401);
    CHECK(reply.body.find(secret.substr(3)) == std::string::npos);
}
