// GET /health and GET /: what a load balancer and a curious person ask.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"

using namespace support;

TEST_CASE("health tells anyone that the service and its database answer", "[health]")
{
    auto const reply = get("/health", anonymously());

    REQUIRE(reply.status == 200);
    CHECK(reply.header("content-type").starts_with("application/json"));
    CHECK(reply["status"].text() == "healthy");
    CHECK(reply["service"].text() == "farebox");
    CHECK_FALSE(reply["version"].text().empty());
    CHECK_FALSE(reply["environment"].text().empty());
}

TEST_CASE("the root is JSON and says what this is, whatever the client accepts", "[health]")
{
    for (auto const* const accept : {"text/html", "application/json", "*/*"}) {
        auto const reply = get("/", {{"Accept", accept}});

        REQUIRE(reply.status == 200);
        CHECK(reply.header("content-type").starts_with("application/json"));
        CHECK(reply.json().names() == std::vector<std::string>{"docs", "message", "version"});
        CHECK_FALSE(reply["message"].text().empty());
        CHECK(reply["version"].text() == get("/health", anonymously())["version"].text());
    }
}

TEST_CASE("a credential does not disturb health, not even a wrong one", "[health]")
{
    CHECK(get("/health", as("nonsense")).status == 200);
    CHECK(get("/health", as_service()).status == 200);
}
