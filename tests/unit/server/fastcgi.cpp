// One connection from a web server, well or badly behaved. The peer's bytes are written by hand, so
// everything a socket can deliver is tried, and the private fields of libfcgi that we use are held to what we
// think they mean.
#include "shared/server/fastcgi.hpp"

#include "shared/service/converse.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fastcgi_peer.hpp"
#include "tests/support/sockets.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

namespace {

namespace fastcgi = support::fastcgi;
using server::FastcgiRequest;
using support::fastcgi::Keep;

std::atomic<int> answered = 0;

http::Response echo(service::Call const& call)
{
    ++answered;
    return http::json(200, call.request.body);
}

service::Dispatcher a_dispatcher()
{
    auto config = config::Config();
    config.database_url = base::Secret("host=/nonexistent dbname=farebox");
    auto const endpoint = [](std::string_view method) {
        return service::Endpoint{.method = method,
                                 .pattern = "/echo",
                                 .dialect = http::Dialect::token,
                                 .access = service::Access::anyone(),
                                 .handle = echo,
                                 .body_max = 100'000};
    };
    return service::Dispatcher({endpoint("GET"), endpoint("POST")}, std::move(config));
}

FastcgiRequest take(support::Descriptor connection, int io_timeout_ms = 5000)
{
    static auto const initialised = [] {
        FastcgiRequest::init();
        return true;
    }();
    static_cast<void>(initialised);
    return FastcgiRequest(std::move(connection), io_timeout_ms);
}

// Serves one request as a worker does; the connection where it may carry another one. `answered`: whether a
// whole request was.
support::Descriptor serve_one(support::Descriptor accepted, bool& whole, int io_timeout_ms = 5000)
{
    auto dispatcher = a_dispatcher();
    auto request = take(std::move(accepted), io_timeout_ms);
    whole = request.begin() && converse(request, dispatcher);
    return whole ? request.end() : support::Descriptor();
}

bool serve(support::Descriptor accepted, int io_timeout_ms = 5000)
{
    auto whole = false;
    serve_one(std::move(accepted), whole, io_timeout_ms);
    return whole;
}

// Serves whatever arrives whole, as the loop does, until the connection is of no more use.
void serve_all(support::Descriptor connection)
{
    while (connection.open()) {
        auto wait = pollfd{.fd = connection.number(), .events = POLLIN, .revents = 0};
        poll(&wait, 1, 5000);
        auto const arrival = server::fastcgi_arrival(connection.number());
        if (arrival == server::Arrival::never) return;
        if (arrival == server::Arrival::part) std::this_thread::yield();
        if (arrival != server::Arrival::whole) continue;
        auto whole = false;
        connection = serve_one(std::move(connection), whole);
    }
}

// Reads up to the end of one request.
fastcgi::Reply one_reply(support::Descriptor const& connection)
{
    auto text = std::string();
    auto chunk = std::array<char, 4096>();
    while (text.size() < 16 || !fastcgi::parse_reply(text).ended) {
        auto const count = recv(connection.number(), chunk.data(), chunk.size(), 0);
        if (count <= 0) break;
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
    return fastcgi::parse_reply(text);
}

// What a peer that sends `bytes` and then closes its side gets back.
fastcgi::Reply reply_to(std::string const& bytes)
{
    auto [ours, theirs] = support::socket_pair();
    auto const worker = std::jthread([&served = theirs] { serve(std::move(served)); });
    support::send_all(ours.number(), bytes);
    shutdown(ours.number(), SHUT_WR);
    return fastcgi::read_reply(ours.number());
}

std::chrono::milliseconds time_of(std::function<void()> const& action)
{
    auto const begin = std::chrono::steady_clock::now();
    action();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

TEST_CASE("a request arrives whole and its answer goes back")
{
    auto const body = std::string(70'000, 'x'); // more than one record holds
    auto const reply = reply_to(fastcgi::request(fastcgi::post("/echo"), body));

    CHECK(reply.status() == 200);
    CHECK(reply.body() == body);
    CHECK(reply.ended);
    CHECK(reply.leftover.empty());
}

TEST_CASE("a header of seven kilobytes arrives whole")
{
    auto variables = fastcgi::get("/echo");
    variables.emplace_back("HTTP_AUTHORIZATION", std::string(7000, 'k'));
    auto [ours, theirs] = support::socket_pair();
    support::send_all(ours.number(), fastcgi::request(variables));
    shutdown(ours.number(), SHUT_WR);

    auto connection = take(std::move(theirs));

    REQUIRE(connection.begin());
    CHECK(server::read_head(connection.variables()).request.header("authorization") ==
          std::string(7000, 'k'));
}

TEST_CASE("a request cut at any byte is never acted on")
{
    auto const whole = fastcgi::request(fastcgi::post("/echo", "some-key"), "{\"amount\":5}");
    // Without the record that only says the body is over, all of the request is there.
    auto const needed = whole.size() - fastcgi::body_records({}).size();
    answered = 0;

    for (auto size = std::size_t{0}; size < needed; ++size) {
        auto [ours, theirs] = support::socket_pair();
        support::send_all(ours.number(), std::string_view(whole).substr(0, size));
        shutdown(ours.number(), SHUT_WR);
        INFO("cut after " << size << " of " << whole.size() << " bytes");
        CHECK_FALSE(serve(std::move(theirs)));
        CHECK(fastcgi::read_reply(ours.number()).status() == 0);
    }
    CHECK(answered == 0);

    CHECK(reply_to(whole).status() == 200);
    CHECK(answered == 1);
}

TEST_CASE("parameters cut at any byte, between two of them too, are not a request")
{
    auto const head = fastcgi::begin_record() + fastcgi::params_records(fastcgi::post("/echo", "some-key"));

    for (auto size = std::size_t{0}; size < head.size(); ++size) {
        auto [ours, theirs] = support::socket_pair();
        support::send_all(ours.number(), std::string_view(head).substr(0, size));
        shutdown(ours.number(), SHUT_WR);
        INFO("cut after " << size << " of " << head.size() << " bytes");
        CHECK_FALSE(take(std::move(theirs)).begin());
    }
}

TEST_CASE("a body shorter than its declared length is dropped without an answer")
{
    auto variables = fastcgi::post("/echo");
    variables.emplace_back("CONTENT_LENGTH", "100");
    auto const reply = reply_to(fastcgi::begin_record() + fastcgi::params_records(variables) +
                                fastcgi::body_records(std::string(40, 'x')));

    CHECK(reply.status() == 0);
}

TEST_CASE("a length that is no number is dropped without an answer")
{
    auto variables = fastcgi::post("/echo");
    variables.emplace_back("CONTENT_LENGTH", "12x");

    CHECK(reply_to(fastcgi::begin_record() + fastcgi::params_records(variables) +
                   fastcgi::body_records("{\"amount\":5}"))
              .status() == 0);
}

TEST_CASE("a body over the limit is refused without being read, and the refusal arrives")
{
    auto const body = std::string(100'001, 'x');
    auto const reply = reply_to(fastcgi::request(fastcgi::post("/echo"), body));

    CHECK(reply.status() == 413);
    CHECK(reply.ended);
}

TEST_CASE("a connection carries one request after the other when the peer asks for it")
{
    answered = 0;
    auto [ours, theirs] = support::socket_pair();
    auto const worker = std::jthread([&connection = theirs] { serve_all(std::move(connection)); });
    for (auto const* const body : {"first", "second", "third"}) {
        support::send_all(ours.number(), fastcgi::request(fastcgi::post("/echo"), body, Keep::yes));
        auto const reply = one_reply(ours);
        CHECK(reply.body() == body);
        CHECK(reply.leftover.empty());
    }
    support::send_all(ours.number(), fastcgi::request(fastcgi::get("/echo"), {}, Keep::yes));
    CHECK(one_reply(ours).status() == 200);
    support::send_all(ours.number(), fastcgi::request(fastcgi::get("/echo"), {}, Keep::no));
    CHECK(fastcgi::read_reply(ours.number()).closed);
    CHECK(answered == 5);
}

TEST_CASE("a request sent behind another one is never taken for one")
{
    answered = 0;
    auto [ours, theirs] = support::socket_pair();
    auto const second = fastcgi::request(fastcgi::get("/echo"));
    support::send_all(ours.number(), fastcgi::request(fastcgi::post("/echo"), "first", Keep::yes) + second);
    auto const worker = std::jthread([&connection = theirs] { serve_all(std::move(connection)); });

    CHECK(fastcgi::read_reply(ours.number()).text.empty());
    CHECK(answered == 0);
}

TEST_CASE("an unread body is never taken for another request: it is read after the refusal")
{
    answered = 0;
    auto const smuggled = fastcgi::request(fastcgi::post("/echo"), "smuggled", Keep::yes);
    auto body = std::string();
    while (body.size() <= 200'000)
        body += smuggled;
    // At every offset, so that one of them begins where the next request would.
    body.insert(0, GENERATE(0, 1, 7, 8, 9, 63), 'x');
    auto [ours, theirs] = support::socket_pair();
    auto const worker = std::jthread([&connection = theirs] { serve_all(std::move(connection)); });

    // Refused for its size before it is read, on a connection that was asked to be kept.
    support::send_all(ours.number(), fastcgi::request(fastcgi::post("/echo"), body, Keep::yes));
    CHECK(one_reply(ours).status() == 413);
    CHECK(answered == 0);
    support::send_all(ours.number(), fastcgi::request(fastcgi::post("/echo"), "honest", Keep::yes));
    auto const reply = one_reply(ours);
    CHECK(reply.body() == "honest");
    CHECK(answered == 1);
    ours.reset();
}

TEST_CASE("a refused body that does not end is not read for ever: the connection is closed")
{
    auto [ours, theirs] = support::socket_pair();
    auto variables = fastcgi::post("/echo");
    variables.emplace_back("CONTENT_LENGTH", "1000000000");
    auto const feeder = std::jthread([&peer = ours, &variables] {
        support::send_all(peer.number(),
                          fastcgi::begin_record(Keep::yes) + fastcgi::params_records(variables));
        auto const some = fastcgi::record(fastcgi::Type::in, std::string(60'000, 'x'));
        while (support::send_all(peer.number(), some))
            continue;
    });
    auto const took = time_of([&connection = theirs] { serve_all(std::move(connection)); });
    CHECK(took < std::chrono::milliseconds(3000));
}

TEST_CASE("a body of another length than declared does not carry a request along")
{
    answered = 0;
    auto const smuggled = fastcgi::request(fastcgi::post("/echo"), "smuggled", Keep::yes);
    auto variables = fastcgi::post("/echo");
    variables.emplace_back("CONTENT_LENGTH", "4");
    auto [ours, theirs] = support::socket_pair();
    auto const worker = std::jthread([&connection = theirs] { serve_all(std::move(connection)); });

    support::send_all(ours.number(), fastcgi::begin_record(Keep::yes) + fastcgi::params_records(variables) +
                                         fastcgi::body_records("four" + smuggled));
    CHECK(one_reply(ours).body() == "four");
    support::send_all(ours.number(), fastcgi::request(fastcgi::post("/echo"), "honest", Keep::yes));
    CHECK(one_reply(ours).body() == "honest");
    CHECK(answered == 2);
    ours.reset();
}

TEST_CASE("garbage is dropped, and the next connection is served")
{
    auto random = std::mt19937(20261123); // the same bytes in every run
    auto const whole = fastcgi::request(fastcgi::post("/echo"), "{}");
    for (auto round = 0; round < 300; ++round) {
        auto bytes = whole;
        // Lengths are spared: those of parameters make libfcgi allocate what they claim.
        auto const intact = fastcgi::begin_record().size() + 8;
        if (round % 2 == 0)
            bytes = std::string(random() % 200, static_cast<char>(random()));
        else
            bytes[random() % intact] = static_cast<char>(random());
        auto [ours, theirs] = support::socket_pair();
        support::send_all(ours.number(), bytes);
        shutdown(ours.number(), SHUT_WR);
        serve(std::move(theirs));
    }

    CHECK(reply_to(whole).status() == 200);
}

TEST_CASE("a silent peer loses its worker after the time limit")
{
    auto const whole = fastcgi::request(fastcgi::post("/echo"), "{}");
    auto const sent = GENERATE(0, 1, 40, 120);
    auto [ours, theirs] = support::socket_pair();
    support::send_all(ours.number(), std::string_view(whole).substr(0, static_cast<std::size_t>(sent)));

    auto served = true;
    auto const took = time_of([&, &connection = theirs] { served = serve(std::move(connection), 100); });

    CHECK_FALSE(served);
    CHECK(took >= std::chrono::milliseconds(90));
    CHECK(took < std::chrono::milliseconds(1500));
}

TEST_CASE("a peer that does not read loses its worker after the time limit")
{
    auto [ours, theirs] = support::socket_pair();
    auto const small = 4096;
    setsockopt(theirs.number(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    auto const feeder = std::jthread([&peer = ours] {
        support::send_all(peer.number(), fastcgi::request(fastcgi::post("/echo"), std::string(100'000, 'x')));
    });

    auto served = true;
    auto const took = time_of([&, &connection = theirs] { served = serve(std::move(connection), 100); });

    CHECK_FALSE(served);
    CHECK(took < std::chrono::milliseconds(2000));
}

TEST_CASE("a peer that keeps its side open holds the worker for a moment only")
{
    auto [ours, theirs] = support::socket_pair();
    support::send_all(ours.number(), fastcgi::request(fastcgi::get("/echo")));

    auto const took = time_of([&connection = theirs] { serve(std::move(connection)); });

    CHECK(took < std::chrono::milliseconds(1000));
    CHECK(fastcgi::read_reply(ours.number()).status() == 200);
}

TEST_CASE("a connection that was never begun is closed all the same")
{
    auto [ours, theirs] = support::socket_pair();
    {
        auto const unused = take(std::move(theirs));
    }

    CHECK(fastcgi::read_reply(ours.number()).text.empty());
    CHECK_FALSE(support::send_all(ours.number(), "x"));
}

} // namespace
