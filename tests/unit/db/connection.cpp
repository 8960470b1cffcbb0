#include "shared/db/connection.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/db/fake_server.hpp"

#include <cstdlib>
#include <future>

namespace {

using db::CallFailed;
using db::Connection;
using db::Outcome;
using std::chrono::milliseconds;
using test::FakeServer;
using test::Peer;

constexpr std::int64_t some_time_us = 1'800'000'000'000'000;

db::Options options(FakeServer const& server)
{
    return {
        .conninfo = base::Secret(server.conninfo()), .connect_timeout_ms = 300, .application_name = "unit"};
}

std::int64_t ask(Connection& connection, milliseconds budget = milliseconds(3000))
{
    return connection.call("select 1", db::Params{}, base::deadline_in(budget)).int8(0, 0);
}

// How the call failed.
CallFailed failure(Connection& connection, milliseconds budget = milliseconds(3000))
{
    try {
        ask(connection, budget);
    } catch (CallFailed const& failed) {
        return failed;
    }
    FAIL("the call succeeded");
    std::abort();
}

milliseconds time_of(std::function<void()> const& work)
{
    auto const start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
}

FakeServer::Script answering(std::vector<std::string> answers)
{
    return [answers](Peer& peer) {
        peer.let_in_at(some_time_us);
        for (auto const& answer : answers) {
            if (peer.query().empty()) return;
            peer.send(answer);
        }
        peer.wait_for_end();
    };
}

// Sends something while the client is idle, tells when, and answers what is still asked.
FakeServer::Script muttering(std::string bytes, std::promise<void>& muttered)
{
    return [bytes, &muttered](Peer& peer) {
        peer.let_in_at(some_time_us);
        peer.query();
        peer.send(test::int8_rows(1) + test::ready());
        peer.send(bytes);
        muttered.set_value();
        if (!peer.query().empty()) peer.send(test::int8_rows(2) + test::ready());
        peer.wait_for_end();
    };
}

std::string const ok = test::int8_rows(42) + test::ready();

} // namespace

TEST_CASE("a call brings rows, and one connection serves many calls", "[connection]")
{
    FakeServer server({answering({ok, ok})});
    Connection connection(options(server));

    CHECK(ask(connection) == 42);
    CHECK(ask(connection) == 42);
    CHECK(connection.generation() == 1);
    CHECK(server.accepted() == 1);
}

TEST_CASE("the database's clock is measured at connect, and again when asked to", "[connection]")
{
    FakeServer server({[](Peer& peer) {
        peer.let_in_at(some_time_us);
        peer.query();
        peer.send(test::timestamp_rows(some_time_us + 3'600'000'000) + test::ready());
        peer.wait_for_end();
    }});
    Connection connection(options(server));
    auto const distance_us = [&](std::int64_t expected_us) {
        return std::abs(connection.database_us(std::chrono::steady_clock::now()) - expected_us);
    };

    connection.ready(base::deadline_in(milliseconds(3000)));
    CHECK(distance_us(some_time_us) < 2'000'000);
    CHECK(connection.clock_error_us() >= 0);
    CHECK(connection.clock_error_us() < 2'000'000);

    connection.remeasure_clock();
    connection.ready(base::deadline_in(milliseconds(3000)));
    CHECK(distance_us(some_time_us + 3'600'000'000) < 2'000'000);
}

TEST_CASE("a server that accepts and never answers is given up at the connect timeout", "[connection]")
{
    FakeServer server({[](Peer& peer) { peer.wait_for_end(); }});
    Connection connection(options(server));

    auto const took = time_of([&] { CHECK(failure(connection).outcome == Outcome::not_sent); });
    CHECK(took >= milliseconds(290));
    CHECK(took < milliseconds(1500));
}

TEST_CASE("connecting ends at the call's own deadline when that comes first", "[connection]")
{
    FakeServer server({[](Peer& peer) { peer.wait_for_end(); }});
    Connection connection(options(server));

    auto const took =
        time_of([&] { CHECK(failure(connection, milliseconds(50)).outcome == Outcome::not_sent); });
    CHECK(took < milliseconds(250));
}

TEST_CASE("garbage instead of a greeting is not_sent", "[connection]")
{
    FakeServer server({[](Peer& peer) {
        peer.first_packet();
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.wait_for_end();
    }});
    Connection connection(options(server));

    CHECK(failure(connection).outcome == Outcome::not_sent);
}

TEST_CASE("a refused login keeps its state and tells neither credentials nor server", "[connection]")
{
    FakeServer server({[](Peer& peer) {
        peer.first_packet();
        peer.send(test::error("FATAL", "28P01", "password authentication failed for user \"nobody\""));
    }});
    Connection connection(options(server));

    auto const failed = failure(connection);

    CHECK(failed.outcome == Outcome::not_sent);
    CHECK(failed.sqlstate == "28P01");
    for (auto const* secret : {"open-sesame", "nobody", "7201", "/tmp"})
        CHECK(failed.log.find(secret) == std::string::npos);
}

TEST_CASE("after a failed connect the next attempt waits, and calls in between fail at once", "[connection]")
{
    FakeServer server({});
    Connection connection(options(server));

    CHECK(failure(connection).outcome == Outcome::not_sent);
    CHECK(failure(connection).outcome == Outcome::not_sent);
    CHECK(server.accepted() == 1);

    auto const deadline = base::deadline_in(milliseconds(650));
    milliseconds unreachable{0};
    while (base::left_ms(deadline) > 0)
        unreachable = std::max(unreachable, failure(connection).unreachable);
    // 100, 200 and 400 ms apart: at 0, 100 and 300, not at 700.
    CHECK(server.accepted() >= 2);
    CHECK(server.accepted() <= 3);
    CHECK(unreachable >= milliseconds(400));
}

TEST_CASE("a connection string that cannot be read is not_sent and not told", "[connection]")
{
    Connection connection({.conninfo = base::Secret("pasword=open-sesame")});

    auto const failed = failure(connection);

    CHECK(failed.outcome == Outcome::not_sent);
    CHECK(failed.log.find("sesame") == std::string::npos);
}

TEST_CASE("a connection lost after the statement was sent leaves its outcome unknown", "[connection]")
{
    FakeServer server({[](Peer& peer) {
                           peer.let_in_at(some_time_us);
                           peer.query();
                       },
                       answering({ok})});
    Connection connection(options(server));

    CHECK(failure(connection).outcome == Outcome::unknown);
    CHECK(ask(connection) == 42);
    CHECK(connection.generation() == 2);
}

TEST_CASE("rows without the server's word that it is ready again may not have been committed", "[connection]")
{
    FakeServer server({[](Peer& peer) {
        peer.let_in_at(some_time_us);
        peer.query();
        peer.send(test::int8_rows(42));
    }});
    Connection connection(options(server));

    CHECK(failure(connection).outcome == Outcome::unknown);
}

TEST_CASE("an error at the commit takes the rows back", "[connection]")
{
    FakeServer server(
        {answering({test::int8_rows(42) + test::error("ERROR", "40001", "conflict") + test::ready(), ok})});
    Connection connection(options(server));

    auto const failed = failure(connection);

    CHECK(failed.outcome == Outcome::rolled_back);
    CHECK(failed.sqlstate == "40001");
    CHECK(ask(connection) == 42);
    CHECK(connection.generation() == 1);
}

TEST_CASE("a transaction that the server left open is unknown, and its connection is not used again",
          "[connection]")
{
    FakeServer server({answering({test::int8_rows(42) + test::message('Z', "T")}), answering({ok})});
    Connection connection(options(server));

    CHECK(failure(connection).outcome == Outcome::unknown);
    CHECK(ask(connection) == 42);
    CHECK(connection.generation() == 2);
}

TEST_CASE("a connection that died idle is replaced before anything is sent", "[connection]")
{
    std::promise<void> gone;
    FakeServer server({[&gone](Peer& peer) {
                           peer.let_in_at(some_time_us);
                           peer.query();
                           peer.send(ok);
                           peer.hang_up();
                           gone.set_value();
                       },
                       answering({ok})});
    Connection connection(options(server));

    CHECK(ask(connection) == 42);
    gone.get_future().wait();
    CHECK(ask(connection) == 42);
    CHECK(connection.generation() == 2);
}

TEST_CASE("with nobody there to reconnect to, a connection that died idle is not_sent", "[connection]")
{
    std::promise<void> gone;
    FakeServer server({[&gone](Peer& peer) {
        peer.let_in_at(some_time_us);
        peer.hang_up();
        gone.set_value();
    }});
    Connection connection(options(server));
    connection.ready(base::deadline_in(milliseconds(3000)));
    gone.get_future().wait();

    CHECK(failure(connection).outcome == Outcome::not_sent);
}

TEST_CASE("a server that says farewell is not spoken to again, even before it hangs up", "[connection]")
{
    std::promise<void> muttered;
    FakeServer server(
        {muttering(test::error("FATAL", "57P01", "terminating connection"), muttered), answering({ok})});
    Connection connection(options(server));

    CHECK(ask(connection) == 1);
    muttered.get_future().wait();
    CHECK(ask(connection) == 42);
    CHECK(connection.generation() == 2);
}

TEST_CASE("a setting that changes while idle does not cost the connection", "[connection]")
{
    std::promise<void> muttered;
    FakeServer server({muttering(test::message('S', std::string_view("TimeZone\0UTC\0", 13)), muttered)});
    Connection connection(options(server));

    CHECK(ask(connection) == 1);
    muttered.get_future().wait();
    CHECK(ask(connection) == 2);
    CHECK(connection.generation() == 1);
}

TEST_CASE("a refused statement is rolled back and the connection stays", "[connection]")
{
    FakeServer server({answering({test::error("ERROR", "22023", "malformed call") + test::ready(), ok})});
    Connection connection(options(server));

    auto const failed = failure(connection);

    CHECK(failed.outcome == Outcome::rolled_back);
    CHECK(failed.sqlstate == "22023");
    CHECK(failed.log == "22023 malformed call");
    CHECK(ask(connection) == 42);
    CHECK(connection.generation() == 1);
}

TEST_CASE("a statement that was refused stays refused when the connection is lost next", "[connection]")
{
    FakeServer server({[](Peer& peer) {
        peer.let_in_at(some_time_us);
        peer.query();
        peer.send(test::error("ERROR", "22023", "malformed call"));
    }});
    Connection connection(options(server));

    CHECK(failure(connection).outcome == Outcome::rolled_back);
}

TEST_CASE("a backend that is ended in mid-call leaves the outcome unknown", "[connection]")
{
    FakeServer server({[](Peer& peer) {
        peer.let_in_at(some_time_us);
        peer.query();
        peer.send(test::error("FATAL", "57P01", "terminating connection"));
    }});
    Connection connection(options(server));

    CHECK(failure(connection).outcome == Outcome::unknown);
}

TEST_CASE("garbage instead of an answer leaves the outcome unknown", "[connection]")
{
    FakeServer server({answering({"\x01\x02garbage garbage garbage"}), answering({ok})});
    Connection connection(options(server));

    CHECK(failure(connection).outcome == Outcome::unknown);
    CHECK(ask(connection) == 42);
}

TEST_CASE("a server that cannot write is left, so that the next call finds the one that can", "[connection]")
{
    FakeServer server(
        {answering({test::error("ERROR", "25006", "read-only") + test::ready()}), answering({ok})});
    Connection connection(options(server));

    CHECK(failure(connection).outcome == Outcome::rolled_back);
    CHECK(ask(connection) == 42);
    CHECK(connection.generation() == 2);
}

TEST_CASE("past the deadline the statement is cancelled and its outcome is unknown", "[connection]")
{
    std::promise<std::string> request;
    FakeServer server({[](Peer& peer) {
                           peer.let_in_at(some_time_us);
                           peer.query();
                           peer.wait_for_end();
                       },
                       [&request](Peer& peer) { request.set_value(peer.first_packet()); }});
    Connection connection(options(server));
    connection.ready(base::deadline_in(milliseconds(3000)));

    auto const took =
        time_of([&] { CHECK(failure(connection, milliseconds(100)).outcome == Outcome::unknown); });

    CHECK(took >= milliseconds(90));
    CHECK(took < milliseconds(1000));
    CHECK(request.get_future().get().ends_with(test::cancel_key));
}

TEST_CASE("a server that stops reading holds up a large statement no longer than its deadline",
          "[connection]")
{
    std::promise<void> done;
    auto const released = done.get_future().share();
    FakeServer server({[released](Peer& peer) {
        peer.let_in_at(some_time_us);
        released.wait();
    }});
    Connection connection(options(server));
    connection.ready(base::deadline_in(milliseconds(3000)));
    std::string const large(8UL * 1024 * 1024, 'x');

    auto const took = time_of([&] {
        CHECK_THROWS_AS(
            connection.call("select $1", db::Params{}.text(large), base::deadline_in(milliseconds(100))),
            CallFailed);
    });
    done.set_value();

    CHECK(took < milliseconds(1000));
}

TEST_CASE("a clock that cannot be read leaves the caller's statement unsent", "[connection]")
{
    FakeServer server({[](Peer& peer) {
        peer.let_in();
        peer.query();
    }});
    Connection connection(options(server));

    CHECK(failure(connection).outcome == Outcome::not_sent);
}
