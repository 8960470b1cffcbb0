// GET /health and GET /: what a load balancer and a curious person ask.
#include "tests/support/catch.hpp"
#include "tests/support/cgi.hpp"
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
    CHECK(reply["environment"].text() == "development");
    CHECK(reply.json().names() == std::vector<std::string>{"environment", "service", "status", "version"});
}

TEST_CASE("the root is JSON and says what this is, whatever the client accepts", "[health]")
{
    for (auto const* const accept : {"text/html", "application/json", "*/*"}) {
        auto const reply = get("/", {{"Accept", accept}});

        REQUIRE(reply.status == 200);
        CHECK(reply.header("content-type").starts_with("application/json"));
        CHECK(reply.json().names() == std::vector<std::string>{"docs", "message", "version"});
        CHECK(reply["message"].text() == "farebox");
        CHECK(reply["docs"].text() == "Not available in production");
        CHECK(reply["version"].text() == get("/health", anonymously())["version"].text());
    }
}

TEST_CASE("a service that has a name says it, and a production that it is one", "[health]")
{
    auto const named = [](std::string const& path) {
        return cgi("health", "GET", path, "", {},
                   {{"SERVICE_NAME", "AI Chat Platform API"}, {"FAREBOX_ENV", "production"}});
    };
    CHECK(named("/health")["service"].text() == "AI Chat Platform API");
    CHECK(named("/health")["environment"].text() == "production");
    CHECK(named("/")["message"].text() == "AI Chat Platform API");
}

TEST_CASE("a credential does not disturb health, not even a wrong one", "[health]")
{
    CHECK(get("/health", as("nonsense")).status == 200);
    CHECK(get("/health", as_service()).status == 200);
}
