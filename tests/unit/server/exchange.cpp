// CGI variables in, an HTTP request out; an HTTP response in, CGI text out.
#include "shared/server/exchange.hpp"

#include "shared/base/failure.hpp"
#include "shared/base/uuid.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/variables.hpp"

namespace {

server::Head head_of(support::Variables const& variables)
{
    auto texts = std::vector<std::string>();
    for (auto const& [name, value] : variables)
        texts.push_back(name + "=" + value);
    auto pointers = std::vector<char const*>();
    for (auto const& text : texts)
        pointers.push_back(text.c_str());
    pointers.push_back(nullptr);
    return server::read_head(pointers.data());
}

http::Request request_of(support::Variables const& variables)
{
    return head_of(variables).request;
}

TEST_CASE("a request has the method, path, query, address and headers that the web server passed")
{
    auto const request = request_of({{"REQUEST_METHOD", "POST"},
                                     {"REQUEST_URI", "/api/v1/users/7/entries?limit=5&before=9"},
                                     {"QUERY_STRING", "ignored=1"},
                                     {"REMOTE_ADDR", "192.0.2.7"},
                                     {"CONTENT_TYPE", "text/plain"},
                                     {"HTTP_IDEMPOTENCY_KEY", "k=1"},
                                     {"HTTP_X_FORWARDED_FOR", "203.0.113.9"}});

    CHECK(request.method == "POST");
    CHECK(request.path == "/api/v1/users/7/entries");
    CHECK(request.query == "limit=5&before=9");
    CHECK(request.remote_addr == "192.0.2.7");
    CHECK(request.header("content-type") == "text/plain");
    CHECK(request.header("idempotency-key") == "k=1");
    CHECK(request.header("x-forwarded-for") == "203.0.113.9");
}

TEST_CASE("a header that the client doubles stays doubled, so that it can be refused")
{
    auto const request =
        request_of({{"HTTP_AUTHORIZATION", "Bearer one"}, {"HTTP_AUTHORIZATION", "Bearer two"}});

    CHECK(request.headers.size() == 2);
    CHECK_THROWS_AS(request.header("authorization"), base::Failure);
}

TEST_CASE("names are read as a web server writes them: others pass by nothing that is imposed")
{
    auto const head = head_of({{"HTTP_x_REQUEST_ID", "request-0001"},
                               {"HTTP_content_type", "text/plain"},
                               {"HTTP_Authorization", "Bearer one"},
                               {"request_method", "POST"},
                               {"HTTP_X_REQUEST_ID", "request-0002"}});

    CHECK(head.request.request_id == "request-0002");
    CHECK(head.request.headers.empty());
    CHECK(head.request.method.empty());
}

TEST_CASE("the body's type and length are the web server's word, not a second header's")
{
    auto const head = head_of({{"CONTENT_TYPE", "application/json"},
                               {"HTTP_CONTENT_TYPE", "application/json"},
                               {"CONTENT_LENGTH", "12"},
                               {"HTTP_CONTENT_LENGTH", "99"}});

    CHECK(head.request.headers.size() == 1);
    CHECK(head.body_bytes == 12);
}

TEST_CASE("no header of a client can pose as a variable of the web server")
{
    auto const request = request_of({{"HTTP_REMOTE_ADDR", "127.0.0.1"}, {"HTTP_REQUEST_METHOD", "GET"}});

    CHECK(request.remote_addr.empty());
    CHECK(request.method.empty());
}

TEST_CASE("the path is decoded once")
{
    CHECK(request_of({{"REQUEST_URI", "/api/user/tokens/%2B7%20900"}}).path == "/api/user/tokens/+7 900");
    CHECK(request_of({{"REQUEST_URI", "/api/%2541"}}).path == "/api/%41");
    CHECK(request_of({{"REQUEST_URI", "/a?b=%zz"}}).query == "b=%zz");
}

TEST_CASE("a path that cannot be decoded becomes one that no route has, under the same prefix")
{
    auto const broken = GENERATE("%zz", "%4", "%", "%00", "%ff", "%C0%AF");
    auto const path = request_of({{"REQUEST_URI", std::string("/api/v1/users/") + broken + "/balance"}}).path;

    CHECK(path == "/api/v1/users///");
}

TEST_CASE("repeated slashes are one, and a slash at the end stays")
{
    auto const path_of = [](std::string const& target) { return request_of({{"REQUEST_URI", target}}).path; };
    CHECK(path_of("//api//v1///users/7//balance") == "/api/v1/users/7/balance");
    CHECK(path_of("/api/v1%2F/users/%2f7/balance?a=//") == "/api/v1/users/7/balance");
    CHECK(path_of("/api/v1/users/7/balance//") == "/api/v1/users/7/balance/");
    CHECK(path_of("//") == "/");
    CHECK(path_of("//api//%zz") == "/api///");
    CHECK(request_of({{"SCRIPT_NAME", "/api/v1/"}, {"PATH_INFO", "/users//7"}}).path == "/api/v1/users/7");
}

TEST_CASE("plain CGI without REQUEST_URI is addressed by script and path")
{
    auto const request = request_of(
        {{"SCRIPT_NAME", "/api/v1"}, {"PATH_INFO", "/users/7/balance"}, {"QUERY_STRING", "limit=1"}});

    CHECK(request.path == "/api/v1/users/7/balance");
    CHECK(request.query == "limit=1");
}

TEST_CASE("the web server's request id is kept, and an odd one is replaced")
{
    CHECK(request_of({{"HTTP_X_REQUEST_ID", "0123456789abcdef_-AZ"}}).request_id == "0123456789abcdef_-AZ");

    auto const odd = GENERATE(as<std::string>(), "", "1234567", std::string(65, 'a'), "has space",
                              "quo\"te--", "line\nbreak", "umlaut-\xc3\xbc-");
    auto const request = request_of({{"HTTP_X_REQUEST_ID", odd}});
    CHECK(base::parse_uuid(request.request_id).has_value());
    CHECK_FALSE(request.header("x-request-id").has_value());
}

TEST_CASE("two requests without an id get different ones")
{
    CHECK(request_of({}).request_id != request_of({}).request_id);
}

TEST_CASE("the length of the body is a plain number, and nothing means no body")
{
    CHECK(head_of({}).body_bytes == 0);
    CHECK(head_of({{"CONTENT_LENGTH", ""}}).body_bytes == 0);
    CHECK(head_of({{"CONTENT_LENGTH", "65536"}}).body_bytes == 65'536);
    for (auto const* const odd : {"-1", "+1", "1x", "0x1", " 1", "1.0", "99999999999999999999999"})
        CHECK_FALSE(head_of({{"CONTENT_LENGTH", odd}}).body_bytes.has_value());
}

TEST_CASE("an answer is a status line, its headers, its length, an empty line and its body")
{
    auto response = http::Response{.status = 409, .headers = {{"X-Request-Id", "abc"}}, .body = "{}"};
    CHECK(server::render(response) ==
          "Status: 409 Conflict\r\nX-Request-Id: abc\r\nContent-Length: 2\r\n\r\n{}");

    response = http::Response{.status = 204, .headers = {{"Allow", "GET"}}, .body = {}};
    CHECK(server::render(response) == "Status: 204 No Content\r\nAllow: GET\r\n\r\n");
}

} // namespace
