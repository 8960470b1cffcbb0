// Addresses: unknown ones, wrong methods, and other spellings of known ones.
#include "tests/support/accounts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

#include <set>

using namespace support;

TEST_CASE("an unknown path is 404 in the dialect of its prefix", "[paths]")
{
    for (auto const* const path :
         {"/api/v1/nothing", "/api/v1", "/api/v1/", "/nothing", "/index.html", "/.env"}) {
        for (auto const* const method : {"GET", "POST"}) {
            INFO(method << " " << path);
            auto const reply = send(method, path, "", as_service());
            check_refusal(reply, 404, "not_found");
            CHECK(reply["error"].text() == "not_found");
            CHECK(reply["message"].text() == "Resource not found");
            CHECK(reply["detail"].text() == "Resource not found");
        }
    }
    for (auto const* const path : {"/api/nothing", "/api/user/tokens", "/api"}) {
        INFO(path);
        auto const reply = get(path);
        check_refusal(reply, 404, "not_found");
        CHECK(reply["error"].text() == "Not found.");
        CHECK(reply["detail"].text() == "Not found.");
    }
}

TEST_CASE("an unknown path is 404 for strangers too", "[paths]")
{
    check_refusal(get("/api/v1/nothing", anonymously()), 404, "not_found");
}

TEST_CASE("a path is taken as it is written: no slash at its end, no step up", "[paths]")
{
    auto const wallet = a_user().holding(100);
    auto const other = a_user().holding(100);
    auto const user = "/api/v1/users/" + std::to_string(wallet.number);
    auto const order = an_order();
    for (auto const& path : {user + "/spend/", user + "/spend//", user + "/./spend",
                             user + "/../" + std::to_string(other.number) + "/spend",
                             user + "/%2e%2e/" + std::to_string(other.number) + "/spend", user + "/Spend",
                             user + "/spend;x=1", user + "/spend%20"}) {
        INFO(path);
        auto const reply = post(path, order);
        CHECK(reply.status == 404);
        CHECK(reply.header("content-type").starts_with("application/json"));
    }
    CHECK(wallet.balance() == 100);
    CHECK(other.balance() == 100);
}

TEST_CASE("repeated slashes count as one, since a client's base URL may end in one", "[paths]")
{
    auto const wallet = a_user().holding(100);
    auto const user = "/api/v1/users/" + std::to_string(wallet.number);
    for (auto const& path :
         {"/" + user + "/spend", user + "//spend", "//api///v1//users/" + wallet.id + "/spend",
          "/api/v1/users%2F/" + wallet.id + "/spend"}) {
        INFO(path);
        CHECK(post(path, an_order()).status == 200);
    }
    CHECK(wallet.balance() == 96);
    CHECK(get("//health").status == 200);
    CHECK(get("//").status == 200);
    CHECK(get("/health/").status == 404);
    CHECK(get("/health//").status == 404);
    check_refusal(get("//api//nothing"), 404, "not_found");
    CHECK(get("//api//nothing")["error"].text() == "Not found.");
}

TEST_CASE("a query parameter given twice is refused, whether or not the endpoint knows it", "[paths]")
{
    auto const wallet = a_user().holding(100);
    check_invalid(get(wallet.path("entries?limit=1&limit=1")), "validation_error", "limit", "query.limit");
    check_invalid(get(wallet.path("balance?at=1&at=2")), "validation_error", "at", "query.at");
    check_invalid(post(wallet.path("spend?a&%61"), an_order()), "validation_error", "a", "query.a");
    CHECK(wallet.balance() == 100);
}

TEST_CASE(
    "parameters that a document does not know are ignored, in endpoints of our own they are refused by name",
    "[paths]")
{
    auto const wallet = a_user().holding(100);
    CHECK(get(wallet.path("balance?verbose=1")).status == 200);
    CHECK(get("/health?verbose=1").status == 200);
    CHECK(post(wallet.path("spend?verbose=1"), an_order()).status == 200);

    check_invalid(get(wallet.path("entries?limit=1&verbose=1")), "validation_error", "verbose",
                  "query.verbose");
    check_invalid(post(wallet.path("grants?verbose=1"), R"({"amount":1,"description":"d"})"),
                  "validation_error", "verbose", "query.verbose");
    check_invalid(post("/api/v1/auth/refresh?verbose=1", R"({"refresh_token":"t"})", anonymously()),
                  "validation_error", "verbose", "query.verbose");
    auto const person = a_person();
    check_invalid(get("/api/v1/user/export?verbose=1", person.headers()), "validation_error", "verbose",
                  "query.verbose");
    check_invalid(post("/api/v1/user/delete?verbose=1", R"({"sure":true})", person.headers()),
                  "validation_error", "sure", "body.sure");
    CHECK(get("/api/v1/auth/me", person.headers()).status == 200);
    CHECK(wallet.balance() == 99);
}

TEST_CASE("an escaped path is the path, and a query does not change it", "[paths]")
{
    auto const wallet = a_user().holding(100);
    auto const number = std::to_string(wallet.number);
    auto const order = an_order();

    CHECK(post("/api/v1/users/%3" + number.substr(0, 1) + number.substr(1) + "/s%70end", order).status ==
          200);
    CHECK(post(wallet.path("spend?amount=50&user_id=1"), order).status == 200);
    CHECK(wallet.balance() == 98);
}

TEST_CASE("every answer has a request id of the service's own making", "[paths]")
{
    auto const wallet = a_user().holding(100);
    auto seen = std::set<std::string>();
    for (auto i = 0; i < 3; ++i) {
        for (auto const& reply :
             {get(wallet.path("balance"), as_service() + Headers{{"X-Request-Id", "chosen-by-the-client"}}),
              get("/api/v1/nothing"), get(wallet.path("spend")), post(wallet.path("spend"), "{")}) {
            auto const id = reply.header("x-request-id");
            CHECK(id.size() >= 8);
            CHECK(id != "chosen-by-the-client");
            CHECK(seen.insert(id).second);
        }
    }
}
