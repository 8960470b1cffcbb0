// The loop that accepts and the workers that serve, with a service that only says one byte.
#include "shared/service/accept_loop.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/service/support.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atomic>
#include <ctime>
#include <future>
#include <mutex>
#include <optional>
#include <semaphore>
#include <set>
#include <thread>

namespace {

using service::Descriptor;
using service::Ended;
using namespace std::chrono_literals;

void say_hello(Descriptor connection)
{
    support::send_all(connection.number(), "h");
}

class RunningLoop {
  public:
    struct With {
        int workers = 4;
        std::chrono::milliseconds idle_exit{0};
        service::Serve serve = say_hello;
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
        auto const options = service::LoopOptions{.listen_fd = listener_.number(),
                                                  .stop_fd = stop_.number(),
                                                  .workers = with.workers,
                                                  .idle_exit = with.idle_exit};
        ended_ = std::async(std::launch::async, [options, serve = std::move(with.serve)] {
            return service::accept_loop(options, serve);
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

// A service that greets, then works until it is let go.
struct Slow {
    std::counting_semaphore<> let_go{0};
    std::atomic<int> begun = 0;
    std::atomic<int> done = 0;

    service::Serve serve()
    {
        return [this](Descriptor connection) {
            ++begun;
            let_go.acquire();
            say_hello(std::move(connection));
            ++done;
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
                                 say_hello(std::move(connection));
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
        service::accept_loop(
            {.listen_fd = listener.number(), .stop_fd = stop.number(), .workers = 1, .drain = 100ms},
            [&](Descriptor) {
                eventfd_write(stop.number(), 1);
                std::this_thread::sleep_for(60s);
            });
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
    auto const path = loop.path();
    auto address = sockaddr_un{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, path.native().size());

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

TEST_CASE("a descriptor that does not listen is said to be unusable")
{
    auto const [one, other] = support::socket_pair();
    auto const stop = Descriptor(eventfd(0, EFD_CLOEXEC));
    support::send_all(other.number(), "x"); // so that it looks ready

    CHECK_THROWS_AS(
        service::accept_loop({.listen_fd = one.number(), .stop_fd = stop.number(), .workers = 1}, say_hello),
        std::system_error);
}

} // namespace
