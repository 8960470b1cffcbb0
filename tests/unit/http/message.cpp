#include "shared/http/message.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/base/failure_of.hpp"

#include <algorithm>
#include <memory>

using http::Request;
using namespace std::string_literals;

namespace {

Request with_headers(std::vector<http::Header> headers)
{
    Request request;
    request.headers = std::move(headers);
    return request;
}

Request with_query(std::string query)
{
    Request request;
    request.query = std::move(query);
    return request;
}

// Decodes from memory that ends where the text does, so that a sanitizer sees a read past it.
std::optional<std::string> percent_decode(std::string_view text)
{
    auto const bytes = std::make_unique<char[]>(text.size());
    std::copy(text.begin(), text.end(), bytes.get());
    return http::percent_decode({bytes.get(), text.size()});
}

} // namespace

TEST_CASE("a header is found by its name")
{
    auto const request = with_headers({{"accept", "a"}, {"authorization", "Bearer x"}, {"empty", ""}});
    CHECK(request.header("authorization") == "Bearer x");
    CHECK(request.header("empty") == "");
    CHECK(request.header("author") == std::nullopt);
    CHECK(request.header("idempotency-key") == std::nullopt);
}

TEST_CASE("a header that came twice is refused by name, even with the same value")
{
    auto const request = with_headers({{"idempotency-key", "a"}, {"x", ""}, {"idempotency-key", "a"}});
    auto const failure = test::failure_of([&] { request.header("idempotency-key"); });
    CHECK(failure.error() == base::Error::validation_error);
    REQUIRE(failure.problems().size() == 1);
    CHECK(failure.problems()[0].loc == std::vector<std::string>{"header", "idempotency-key"});
    CHECK(request.header("x") == "");
}

TEST_CASE("two credentials are none")
{
    auto const request = with_headers({{"authorization", "Bearer a"}, {"authorization", "Bearer a"}});
    auto const failure = test::failure_of([&] { request.header("authorization"); });
    CHECK(failure.error() == base::Error::unauthorized);
    CHECK(failure.log().find("Bearer") == std::string::npos);
}

TEST_CASE("a query parameter is found by its name, decoded")
{
    auto const request = with_query("limit=5&na%6De=a%20b+c&empty=&bare&eq=a=b&&=x");
    CHECK(request.query_value("limit") == "5");
    CHECK(request.query_value("name") == "a b+c");
    CHECK(request.query_value("empty") == "");
    CHECK(request.query_value("bare") == "");
    CHECK(request.query_value("eq") == "a=b");
    CHECK(request.query_value("") == "x");
    CHECK(request.query_value("lim") == std::nullopt);
    CHECK(request.query_value("x") == std::nullopt);
    CHECK(with_query("").query_value("limit") == std::nullopt);
}

TEST_CASE("a query parameter that is given twice is refused by name, even with the same value")
{
    for (auto const* const query : {"limit=5&limit=5", "a=1&limit=1&b=2&limit=", "limit&lim%69t=2"}) {
        INFO(query);
        auto const request = with_query(query);
        auto const failure = test::failure_of([&] { request.parameters(); });
        CHECK(failure.error() == base::Error::validation_error);
        REQUIRE(failure.problems().size() == 1);
        CHECK(failure.problems()[0].loc == std::vector<std::string>{"query", "limit"});
        CHECK(test::failure_of([&] { request.query_value("a"); }).error() == base::Error::validation_error);
    }
    CHECK(with_query("limit=5&Limit=5&%zz=1&&&").parameters().size() == 3);
}

TEST_CASE("a query parameter that cannot be decoded is refused by name, if anybody asks for it")
{
    auto const request = with_query("%zz=1&other=%zz&limit=%ff");
    auto const failure = test::failure_of([&] { request.query_value("limit"); });
    CHECK(failure.error() == base::Error::validation_error);
    REQUIRE(failure.problems().size() == 1);
    CHECK(failure.problems()[0].loc == std::vector<std::string>{"query", "limit"});
    CHECK(request.query_value("before") == std::nullopt);
}

TEST_CASE("a response's header is found in any case")
{
    http::Response response;
    response.headers = {{"Retry-After", "1"}, {"Allow", "GET"}};
    CHECK(response.header("retry-after") == "1");
    CHECK(response.header("Allow") == "GET");
    CHECK(response.header("allo") == "");
    CHECK(response.header("X-Request-Id") == "");
}

TEST_CASE("a JSON response says that it is one")
{
    auto const response = http::json(201, "{}");
    CHECK(response.status == 201);
    CHECK(response.body == "{}");
    CHECK(response.header("content-type") == "application/json");
}

TEST_CASE("percent escapes become their bytes and a plus stays one")
{
    CHECK(percent_decode("") == "");
    CHECK(percent_decode("/api/v1/users/42") == "/api/v1/users/42");
    CHECK(percent_decode("a%20b+c%2Fd%2fe") == "a b+c/d/e");
    CHECK(percent_decode("%D1%82%d0%be\xD0\xBA") == "\xD1\x82\xD0\xBE\xD0\xBA");
    CHECK(percent_decode("%25%32%35") == "%25");
    CHECK(percent_decode("%7F%01") == "\x7F\x01");
}

TEST_CASE("a broken escape, NUL, and what is not UTF-8 decode to nothing")
{
    for (auto const& text :
         {"%"s, "%4"s, "a%"s, "%4G"s, "%G4"s, "%%41"s, "%+1"s, "%-1"s, "% 1"s, "%00"s, "a%00b"s, "a\0b"s,
          "%FF"s, "\xFF"s, "%C3"s, "%C0%AF"s, "%ED%A0%80"s, "%F4%90%80%80"s}) {
        INFO(text);
        CHECK_FALSE(percent_decode(text).has_value());
    }
}
