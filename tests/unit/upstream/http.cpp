// One HTTP request: where it may go, how long it may take, how much it may bring.

#include "shared/upstream/http.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fake_http.hpp"

using support::Asked;
using support::FakeHttp;
using support::http_answer;
using upstream::Http;
using upstream::HttpFault;
using upstream::HttpRequest;

namespace {

constexpr auto patience = std::chrono::seconds(10);

HttpRequest to(std::string url)
{
    auto request = HttpRequest();
    request.url = std::move(url);
    return request;
}

// How the request fails; the test fails when it does not.
upstream::HttpFailed failure_of(HttpRequest const& request,
                                base::Deadline deadline = base::deadline_in(patience),
                                Http const& http = Http())
{
    try {
        http.send(request, deadline);
    } catch (upstream::HttpFailed const& failed) {
        return failed;
    }
    throw std::runtime_error("the request was answered");
}

} // namespace

TEST_CASE("requests go by https, or by http to this machine, and name no user", "[upstream]")
{
    for (auto const* const url :
         {"https://abc.supabase.co/auth/v1", "http://127.0.0.1:8080", "http://127.3.2.1/",
          "http://localhost/x", "http://[::1]:80/", "https://127.0.0.1"}) {
        INFO(url);
        CHECK(upstream::may_send_to(url));
    }
    for (auto const* const url :
         {"http://abc.supabase.co", "http://127.0.0.1.example.com", "http://128.0.0.1",
          "http://127.0.0.1@evil.example/", "https://user:word@abc.supabase.co",
          "https://user@abc.supabase.co", "ftp://127.0.0.1", "file:///etc/passwd",
          "http://localhost.example.com", "abc.supabase.co", "", "http://[::2]/", "http://0.0.0.0/"}) {
        INFO(url);
        CHECK_FALSE(upstream::may_send_to(url));
        CHECK(failure_of(to(url)).fault == HttpFault::refused);
    }
}

TEST_CASE("a request arrives with its method, headers and body, and the answer comes back whole",
          "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) {
        return http_answer(429, "{\"a\":1}", "application/json", "Retry-After: 17\r\n");
    });
    auto request = to(server.url() + "/auth/v1/token?grant_type=password");
    request.method = "POST";
    request.headers = {{"apikey", "sb_publishable_x"}};
    request.body = "{\"email\":\"ann@example.com\"}";

    auto const answer = Http().send(request, base::deadline_in(patience));

    CHECK(answer.status == 429);
    CHECK(answer.content_type == "application/json");
    CHECK(answer.body == "{\"a\":1}");
    CHECK(answer.retry_after_s == 17);
    REQUIRE(server.asked().size() == 1);
    auto const asked = server.asked().front();
    CHECK(asked.method == "POST");
    CHECK(asked.target == "/auth/v1/token?grant_type=password");
    CHECK(asked.header("apikey") == "sb_publishable_x");
    CHECK(asked.header("user-agent") == "farebox");
    CHECK(asked.body == request.body);
}

TEST_CASE("a POST or a DELETE without a body is still that", "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) { return http_answer(204, ""); });
    for (auto const* const method : {"POST", "DELETE"}) {
        auto request = to(server.url() + "/");
        request.method = method;
        CHECK(Http().send(request, base::deadline_in(patience)).status == 204);
        CHECK(server.asked().back().method == method);
        CHECK(server.asked().back().body.empty());
    }
}

TEST_CASE("a redirect is an answer and is not followed", "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) {
        return http_answer(302, "", "text/html", "Location: http://127.0.0.1:1/elsewhere\r\n");
    });

    CHECK(Http().send(to(server.url()), base::deadline_in(patience)).status == 302);
    CHECK(server.asked().size() == 1);
}

TEST_CASE("an answer that is too long is not read, announced or not", "[upstream]")
{
    auto const announced = FakeHttp([](Asked const&) { return http_answer(200, std::string(1001, 'x')); });
    auto const endless = FakeHttp([](Asked const&) {
        return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + std::string(10'000'000, 'x');
    });
    for (auto const* const server : {&announced, &endless}) {
        auto request = to(server->url());
        request.answer_bytes_max = 1000;
        auto const failed = failure_of(request);
        CHECK(failed.fault == HttpFault::too_large);
        CHECK(failed.sent);
    }
    auto exact = to(announced.url());
    exact.answer_bytes_max = 1001;
    CHECK(Http().send(exact, base::deadline_in(patience)).body.size() == 1001);
}

TEST_CASE(
    "a server that does not answer is waited for no longer than the deadline, or the client's own limit",
    "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) { return std::string(); });
    auto const start = std::chrono::steady_clock::now();

    auto const failed = failure_of(to(server.url()), base::deadline_in(std::chrono::milliseconds(150)));
    CHECK(failed.fault == HttpFault::timeout);
    CHECK(failed.sent);
    CHECK(failure_of(to(server.url()), base::deadline_in(patience), Http({.total_timeout_ms = 150})).fault ==
          HttpFault::timeout);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("without time left nothing is sent", "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) { return http_answer(200, "{}"); });

    auto const failed = failure_of(to(server.url()), base::deadline_in(std::chrono::milliseconds(0)));

    CHECK(failed.fault == HttpFault::timeout);
    CHECK_FALSE(failed.sent);
    CHECK(server.asked().empty());
}

TEST_CASE("where nobody listens nothing was sent", "[upstream]")
{
    auto url = std::string();
    {
        auto const gone = FakeHttp([](Asked const&) { return std::string(); });
        url = gone.url();
    }
    auto const failed = failure_of(to(url));
    CHECK(failed.fault == HttpFault::unreachable);
    CHECK_FALSE(failed.sent);
}

TEST_CASE("half an answer is none", "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) {
        return std::string(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\":");
    });
    CHECK(failure_of(to(server.url())).fault == HttpFault::broken);
    auto const nonsense =
        FakeHttp([](Asked const&) { return std::string("220 mail.example.com ESMTP\r\n"); });
    CHECK(failure_of(to(nonsense.url())).fault == HttpFault::broken);
}

TEST_CASE("a header cannot smuggle in another", "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) { return http_answer(200, "{}"); });
    auto request = to(server.url());
    request.headers = {{"Authorization", "Bearer x\r\napikey: stolen"}};

    CHECK(failure_of(request).fault == HttpFault::refused);
    CHECK(server.asked().empty());
}

TEST_CASE("what is logged of a failure names no header, no body and no address", "[upstream]")
{
    auto const server = FakeHttp([](Asked const&) { return std::string(); });
    auto request = to(server.url() + "/secret-path");
    request.method = "POST";
    request.headers = {{"apikey", "sb_secret_value"}};
    request.body = "password";

    auto const log = failure_of(request, base::deadline_in(std::chrono::milliseconds(100))).log;

    for (auto const* const word : {"secret-path", "sb_secret_value", "password"})
        CHECK(log.find(word) == std::string::npos);
    CHECK_FALSE(log.empty());
}
