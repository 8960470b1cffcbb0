// The loop that accepts and the workers that serve, with a service that only says one byte.
#include "shared/server/accept_loop.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/directory.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/sockets.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <ctime>
#include <future>
#include <mutex>
#include <optional>
#include <semaphore>
#include <set>
#include <thread>

namespace {

using server::Arrival;
using server::Descriptor;
using server::Ended;
using namespace std::chrono_literals;

using Serve = std::function<Descriptor(Descriptor)>;
using Look = std::function<Arrival(int)>;

// One byte, and the connection is over.
Descriptor say_hello(Descriptor connection)
{
    support::send_all(connection.number(), "h");
    return {};
}

// A service that speaks first: there is nothing to wait for.
Arrival at_once(int)
{
    return Arrival::whole;
}

// Requests of three bytes.
Arrival three_bytes(int connection)
{
    auto bytes = std::array<char, 4>();
    auto const count = recv(connection, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (count < 0) return Arrival::nothing;
    if (count == 0 || count > 3) return Arrival::never;
    return count == 3 ? Arrival::whole : Arrival::part;
}

// Answers those and keeps the connection.
Descriptor answer_three_bytes(Descriptor connection)
{
    auto bytes = std::array<char, 3>();
    recv(connection.number(), bytes.data(), bytes.size(), 0);
    support::send_all(connection.number(), "h");
    return connection;
}

class RunningLoop {
  public:
    struct With {
        int workers = 4;
        std::chrono::milliseconds idle_exit{0};
        Serve serve = say_hello;
        Look look = at_once;
        std::chrono::milliseconds arrival_max{5000};
        std::chrono::milliseconds silence_max{15'000};
    };

    explicit RunningLoop(With with) { start(std::move(with)); }
    ~RunningLoop()
    {
        if (ended_.valid()) stop();
    }

    // Again at the same socket, as a next process would.
    void start(With with)
    {
        stop_ = Descriptor(eventfd(0, EFD_CLOEXEC));
        auto const options = server::LoopOptions{.listen_fd = listener_.number(),
                                                 .stop_fd = stop_.number(),
                                                 .workers = with.workers,
                                                 .idle_exit = with.idle_exit,
                                                 .arrival_max = with.arrival_max,
                                                 .silence_max = with.silence_max};
        auto protocol = server::Protocol{.arrival = std::move(with.look), .serve = std::move(with.serve)};
        ended_ = std::async(std::launch::async, [options, protocol = std::move(protocol)] {
            return server::accept_loop(options, protocol);
        });
    }

    Ended stop()
    {
        eventfd_write(stop_.number(), 1);
        return ended_.get();
    }
    bool ends_within(std::chrono::milliseconds time)
    {
        return ended_.wait_for(time) == std::future_status::ready;
    }
    Ended ended() { return ended_.get(); }
    Descriptor connect() const { return support::connect_to(path()); }
    std::filesystem::path path() const { return directory_ / "s"; }
    int listener() const { return listener_.number(); }

  private:
    support::Directory directory_;
    Descriptor listener_ = support::listen_at(path());
    Descriptor stop_;
    std::future<Ended> ended_;
};

// Whether the service spoke to this connection within `patience`.
bool greeted(Descriptor const& connection, std::chrono::milliseconds patience = 10s)
{
    auto wait = pollfd{.fd = connection.number(), .events = POLLIN, .revents = 0};
    auto byte = '\0';
    return poll(&wait, 1, static_cast<int>(patience.count())) > 0 &&
           recv(connection.number(), &byte, 1, 0) == 1;
}

// Whether the loop closes this connection within ten seconds.
bool closed(Descriptor const& connection)
{
    auto wait = pollfd{.fd = connection.number(), .events = POLLIN, .revents = 0};
    auto byte = '\0';
    return poll(&wait, 1, 10'000) > 0 && recv(connection.number(), &byte, 1, 0) <= 0;
}

// A service that greets, then works until it is let go.
struct Slow {
    std::counting_semaphore<> let_go{0};
    std::atomic<int> begun = 0;
    std::atomic<int> done = 0;

    Serve serve()
    {
        return [this](Descriptor connection) {
            ++begun;
            let_go.acquire();
            say_hello(std::move(connection));
            ++done;
            return Descriptor();
        };
    }
};

TEST_CASE("every connection is served, however many more there are than workers")
{
    auto loop = RunningLoop({.workers = 3});
    auto connections = std::vector<Descriptor>();
    for (auto i = 0; i < 200; ++i)
        connections.push_back(loop.connect());

    auto served = 0;
    for (auto const& connection : connections)
        served += greeted(connection) ? 1 : 0;

    CHECK(served == 200);
    CHECK(loop.stop() == Ended::stopped);
}

TEST_CASE("connections beyond the workers wait in the backlog, where another process can take them")
{
    auto slow = Slow();
    auto loop = RunningLoop({.workers = 2, .serve = slow.serve()});
    auto const first = loop.connect();
    auto const second = loop.connect();
    REQUIRE(support::eventually([&] { return slow.begun == 2; }));

    auto const third = loop.connect();
    CHECK_FALSE(greeted(third, 50ms)); // the time in which a wrong loop would take it
    auto const taken_by_another = Descriptor(accept4(loop.listener(), nullptr, nullptr, SOCK_CLOEXEC));
    CHECK(taken_by_another.open());

    auto const fourth = loop.connect();
    CHECK_FALSE(greeted(fourth, 50ms));
    CHECK(slow.begun == 2);
    slow.let_go.release();
    REQUIRE(support::eventually([&] { return slow.begun == 3; }));

    slow.let_go.release(2);
    CHECK(greeted(first));
    CHECK(greeted(second));
    CHECK(greeted(fourth));
}

TEST_CASE("a thread is started only when none is idle, and then stays")
{
    auto mutex = std::mutex();
    auto threads = std::set<std::thread::id>();
    auto loop = RunningLoop({.workers = 64, .serve = [&](Descriptor connection) {
                                 auto const lock = std::lock_guard(mutex);
                                 threads.insert(std::this_thread::get_id());
                                 return say_hello(std::move(connection));
                             }});

    // One after another; a worker may still be on its way back to sleep when the next one comes.
    for (auto i = 0; i < 50; ++i)
        REQUIRE(greeted(loop.connect()));

    loop.stop();
    CHECK(threads.size() <= 4);
}

TEST_CASE("a stop lets what runs finish and leaves the rest to the next process")
{
    auto slow = Slow();
    auto loop = RunningLoop({.workers = 1, .serve = slow.serve()});
    auto const running = loop.connect();
    REQUIRE(support::eventually([&] { return slow.begun == 1; }));
    auto const waiting = loop.connect();

    auto stopping = std::async(std::launch::async, [&] { return loop.stop(); });
    CHECK(stopping.wait_for(50ms) == std::future_status::timeout);
    slow.let_go.release();

    CHECK(stopping.get() == Ended::stopped);
    CHECK(greeted(running));
    CHECK(slow.begun == 1);
    CHECK_FALSE(greeted(waiting, 0ms));

    loop.start({});
    CHECK(greeted(waiting));
}

TEST_CASE("what outlasts the drain ends with the process, which says so by its exit code")
{
    auto const directory = support::Directory();
    auto const listener = support::listen_at(directory / "s");
    auto const stop = Descriptor(eventfd(0, EFD_CLOEXEC));
    auto const waiting = support::connect_to(directory / "s");

    auto const process = fork();
    if (process == 0) {
        server::accept_loop(
            {.listen_fd = listener.number(), .stop_fd = stop.number(), .workers = 1, .drain = 100ms},
            {.arrival = at_once, .serve = [&](Descriptor) {
                 eventfd_write(stop.number(), 1);
                 std::this_thread::sleep_for(60s);
                 return Descriptor();
             }});
        _exit(0);
    }
    auto status = 0;
    REQUIRE(waitpid(process, &status, 0) == process);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 1);
}

TEST_CASE("without connections the loop leaves after its idle time, and never when that is zero")
{
    auto const begin = std::chrono::steady_clock::now();
    auto leaving = RunningLoop({.idle_exit = 100ms});
    CHECK(leaving.ended() == Ended::idle);
    CHECK(std::chrono::steady_clock::now() - begin >= 100ms);

    auto staying = RunningLoop({.idle_exit = 0ms});
    CHECK_FALSE(staying.ends_within(150ms));
}

TEST_CASE("the idle time begins when the last connection has been served")
{
    auto slow = Slow();
    auto loop = RunningLoop({.idle_exit = 100ms, .serve = slow.serve()});
    auto const connection = loop.connect();

    CHECK_FALSE(loop.ends_within(300ms));
    auto const released = std::chrono::steady_clock::now();
    slow.let_go.release();
    CHECK(loop.ended() == Ended::idle);
    CHECK(std::chrono::steady_clock::now() - released >= 100ms);
    CHECK(greeted(connection));
}

TEST_CASE("no connection is lost between a loop that leaves and the next one")
{
    auto loop = RunningLoop({.idle_exit = 1ms});
    auto over = std::atomic<bool>(false);
    auto starts = 0;
    auto const starter = std::jthread([&] {
        while (!over) {
            if (!loop.ends_within(1ms)) continue;
            loop.ended();
            loop.start({.idle_exit = 1ms});
            ++starts;
        }
    });

    auto lost = 0;
    for (auto i = 0; i < 300; ++i) {
        std::this_thread::sleep_for(std::chrono::microseconds(i * 7));
        lost += greeted(loop.connect()) ? 0 : 1;
    }
    over = true;
    CHECK(lost == 0);
}

TEST_CASE("running out of descriptors is waited out without spinning, and nobody is lost")
{
    auto loop = RunningLoop({});
    REQUIRE(greeted(loop.connect()));
    auto connection = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

    auto before = rlimit{};
    getrlimit(RLIMIT_NOFILE, &before);
    auto none_left = before;
    none_left.rlim_cur = static_cast<rlim_t>(connection.number());
    auto const cpu_ms = [] { return static_cast<double>(std::clock()) * 1000 / CLOCKS_PER_SEC; };
    auto const address = support::unix_address(loop.path());

    setrlimit(RLIMIT_NOFILE, &none_left);
    auto const cpu_begin = cpu_ms();
    auto const connected =
        connect(connection.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
    auto const early = greeted(connection, 300ms);
    auto const cpu_spent = cpu_ms() - cpu_begin;
    setrlimit(RLIMIT_NOFILE, &before);

    CHECK(connected);
    CHECK_FALSE(early);
    CHECK(cpu_spent < 20);
    CHECK(greeted(connection));
}

TEST_CASE("a kept connection carries one request after the other, and lies idle without a worker")
{
    auto loop = RunningLoop({.workers = 2, .serve = answer_three_bytes, .look = three_bytes});
    auto idle = std::vector<Descriptor>();
    for (auto i = 0; i < 50; ++i) {
        idle.push_back(loop.connect());
        support::send_all(idle.back().number(), "abc");
        REQUIRE(greeted(idle.back()));
    }
    // Fifty open connections, two workers; each still answers, in any order and again and again.
    for (auto round = 0; round < 3; ++round) {
        for (auto i = idle.size(); i-- > 0;) {
            support::send_all(idle[i].number(), "abc");
            REQUIRE(greeted(idle[i]));
        }
    }
    auto const another = loop.connect();
    support::send_all(another.number(), "abc");
    CHECK(greeted(another));
}

TEST_CASE("peers that have sent a part of a request hold no worker, and are served when the rest comes")
{
    auto loop = RunningLoop({.workers = 1, .serve = answer_three_bytes, .look = three_bytes});
    auto slow = std::vector<Descriptor>();
    for (auto i = 0; i < 20; ++i) {
        slow.push_back(loop.connect());
        support::send_all(slow.back().number(), "a");
    }
    auto const quick = loop.connect();
    support::send_all(quick.number(), "abc");
    CHECK(greeted(quick));

    for (auto const& connection : slow)
        support::send_all(connection.number(), "b");
    support::send_all(quick.number(), "abc");
    CHECK(greeted(quick));
    for (auto const& connection : slow)
        support::send_all(connection.number(), "c");
    for (auto const& connection : slow)
        CHECK(greeted(connection));
    // And once more on the same connections, in parts again.
    for (auto const& connection : slow) {
        support::send_all(connection.number(), "ab");
        support::send_all(connection.number(), "c");
        CHECK(greeted(connection));
    }
}

TEST_CASE("waiting for the rest of a request costs no processor time")
{
    auto loop = RunningLoop({.look = three_bytes});
    auto const slow = loop.connect();
    support::send_all(slow.number(), "ab");
    auto const begin = std::clock();
    std::this_thread::sleep_for(200ms);
    CHECK(static_cast<double>(std::clock() - begin) * 1000 / CLOCKS_PER_SEC < 20);
}

TEST_CASE("a request that has not arrived in time is given up, but a connection may be silent for longer")
{
    auto loop = RunningLoop(
        {.serve = answer_three_bytes, .look = three_bytes, .arrival_max = 100ms, .silence_max = 500ms});
    auto const slow = loop.connect();
    auto const silent = loop.connect();
    support::send_all(slow.number(), "a");
    auto const begin = std::chrono::steady_clock::now();

    CHECK(closed(slow));
    CHECK(std::chrono::steady_clock::now() - begin >= 90ms);
    CHECK(std::chrono::steady_clock::now() - begin < 450ms);
    support::send_all(silent.number(), "abc");
    CHECK(greeted(silent));
    CHECK(closed(silent));
    CHECK(std::chrono::steady_clock::now() - begin >= 500ms);
}

TEST_CASE("a peer that leaves in the middle of a request, or sends none, is forgotten at once")
{
    auto loop = RunningLoop({.idle_exit = 50ms, .look = three_bytes});
    {
        auto const partial = loop.connect();
        support::send_all(partial.number(), "ab");
        auto const nonsense = loop.connect();
        support::send_all(nonsense.number(), "abcd");
        CHECK(closed(nonsense));
        CHECK_FALSE(loop.ends_within(100ms)); // it is not idle while a connection is open
    }
    CHECK(loop.ended() == Ended::idle);
}

TEST_CASE("what is due each minute is done once more before the loop returns, however it ends")
{
    auto const directory = support::Directory();
    auto const listener = support::listen_at(directory / "s");
    auto const stop = Descriptor(eventfd(0, EFD_CLOEXEC));
    auto done = 0;
    auto options = server::LoopOptions{.listen_fd = listener.number(),
                                       .stop_fd = stop.number(),
                                       .workers = 1,
                                       .idle_exit = 10ms,
                                       .each_minute = [&] { ++done; }};

    CHECK(server::accept_loop(options, {.arrival = at_once, .serve = say_hello}) == Ended::idle);
    CHECK(done == 1);
    eventfd_write(stop.number(), 1);
    CHECK(server::accept_loop(options, {.arrival = at_once, .serve = say_hello}) == Ended::stopped);
    CHECK(done == 2);
}

TEST_CASE("after a stop, open connections carry requests until the peer closes them")
{
    auto loop = RunningLoop({.serve = answer_three_bytes, .look = three_bytes});
    auto kept = loop.connect();
    support::send_all(kept.number(), "abc");
    REQUIRE(greeted(kept));

    auto stopping = std::async(std::launch::async, [&] { return loop.stop(); });
    for (auto i = 0; i < 5; ++i) {
        CHECK(stopping.wait_for(20ms) == std::future_status::timeout);
        support::send_all(kept.number(), "abc");
        CHECK(greeted(kept));
    }
    auto const late = loop.connect();
    support::send_all(late.number(), "abc");
    CHECK_FALSE(greeted(late, 50ms)); // for the next process
    kept.reset();
    CHECK(stopping.get() == Ended::stopped);

    loop.start({.serve = answer_three_bytes, .look = three_bytes});
    CHECK(greeted(late));
}

TEST_CASE("a descriptor that does not listen is said to be unusable")
{
    auto const [one, other] = support::socket_pair();
    auto const stop = Descriptor(eventfd(0, EFD_CLOEXEC));
    support::send_all(other.number(), "x"); // so that it looks ready

    CHECK_THROWS_AS(server::accept_loop({.listen_fd = one.number(), .stop_fd = stop.number(), .workers = 1},
                                        {.arrival = at_once, .serve = say_hello}),
                    std::system_error);
}

} // namespace
