#include "shared/db/catch_ups.hpp"

#include "shared/db/session.hpp"
#include "shared/db/status.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace {

using base::Error;
using db::CallFailed;
using db::CatchUps;
using db::Outcome;
using std::chrono::milliseconds;

base::Deadline in(int ms)
{
    return base::deadline_in(milliseconds(ms));
}

std::optional<Error> error(std::optional<base::Failure> const& failure)
{
    return failure ? std::optional(failure->error()) : std::nullopt;
}

// No step here asks the connection, so none is made.
CatchUps catch_ups(CatchUps::Step step)
{
    return {db::Options{.conninfo = base::Secret("host=/nonexistent")}, std::move(step)};
}

// A row on which so many steps are due, and the threads that make them.
class Due {
  public:
    explicit Due(int steps) : left_(steps) {}

    bool operator()()
    {
        if (inside_.exchange(true)) overlapped = true;
        while (closed_)
            std::this_thread::yield();
        ++made;
        inside_ = false;
        return --left_ > 0;
    }
    void close() { closed_ = true; }
    void open() { closed_ = false; }

    std::atomic<int> made = 0;
    std::atomic<bool> overlapped = false;

  private:
    std::atomic<int> left_;
    std::atomic<bool> inside_ = false;
    std::atomic<bool> closed_ = false;
};

} // namespace

TEST_CASE("steps are made until nothing is due", "[catch_ups]")
{
    auto due = Due(3);
    auto rows = std::vector<base::Uuid>();
    auto here = catch_ups([&](auto&, base::Uuid const& row, auto) {
        rows.push_back(row);
        return due();
    });
    auto const row = base::uuid_v7();

    CHECK_FALSE(here.catch_up(row, in(20'000)));

    CHECK(rows == std::vector{row, row, row});
    CHECK(here.waiting() == 0);
}

TEST_CASE("who wants the same row waits for the one who makes the steps", "[catch_ups]")
{
    auto due = Due(3);
    due.close();
    auto here = catch_ups([&](auto&, auto const&, auto) { return due(); });
    auto const row = base::uuid_v7();
    auto failed = std::atomic<int>{0};
    {
        auto threads = std::vector<std::jthread>();
        for (auto i = 0; i < CatchUps::waiting_max_row; ++i)
            threads.emplace_back([&] { failed += here.catch_up(row, in(20'000)) ? 1 : 0; });
        while (here.waiting() < CatchUps::waiting_max_row)
            std::this_thread::yield();
        due.open();
    }

    CHECK(failed == 0);
    CHECK(due.made == 3);
    CHECK_FALSE(due.overlapped);
}

TEST_CASE("of one row only a few may wait, the others are told busy at once", "[catch_ups]")
{
    auto due = Due(1);
    due.close();
    auto here = catch_ups([&](auto&, auto const&, auto) { return due(); });
    auto const row = base::uuid_v7();
    auto threads = std::vector<std::jthread>();
    for (auto i = 0; i < CatchUps::waiting_max_row; ++i)
        threads.emplace_back([&] { here.catch_up(row, in(20'000)); });
    while (here.waiting() < CatchUps::waiting_max_row)
        std::this_thread::yield();

    auto const begin = std::chrono::steady_clock::now();
    auto const failure = here.catch_up(row, in(20'000));
    auto const took = std::chrono::steady_clock::now() - begin;
    due.open();

    REQUIRE(failure);
    CHECK(failure->error() == Error::busy);
    CHECK(failure->retry_after_s() == 1);
    CHECK(took < milliseconds(5000));
    threads.clear();
    CHECK_FALSE(here.catch_up(row, in(20'000)));
}

TEST_CASE("of all rows together only some may wait", "[catch_ups]")
{
    auto open = std::atomic<bool>{false};
    auto here = catch_ups([&](auto&, auto const&, auto) {
        while (!open)
            std::this_thread::yield();
        return false;
    });
    auto threads = std::vector<std::jthread>();
    for (auto i = 0; i < CatchUps::waiting_max; ++i)
        threads.emplace_back([&] { here.catch_up(base::uuid_v7(), in(20'000)); });
    while (here.waiting() < CatchUps::waiting_max)
        std::this_thread::yield();

    auto const begin = std::chrono::steady_clock::now();
    CHECK(error(here.catch_up(base::uuid_v7(), in(20'000))) == Error::busy);
    CHECK(std::chrono::steady_clock::now() - begin < milliseconds(5000));
    open = true;
    threads.clear();
    CHECK_FALSE(here.catch_up(base::uuid_v7(), in(20'000)));
}

TEST_CASE("rows take turns, so that one with much due does not keep another waiting", "[catch_ups]")
{
    auto const large = base::uuid_v7();
    auto steps = std::atomic<int>{0};
    auto stop = std::atomic<bool>{false};
    auto here = catch_ups([&](auto&, base::Uuid const& row, auto) {
        if (row == large) ++steps;
        return row == large && !stop;
    });
    auto const thread = std::jthread([&] { here.catch_up(large, in(20'000)); });
    while (steps == 0)
        std::this_thread::yield();

    CHECK_FALSE(here.catch_up(base::uuid_v7(), in(20'000)));
    stop = true;
}

TEST_CASE("at the deadline the answer is busy, and who waits goes on with the steps", "[catch_ups]")
{
    auto stop = std::atomic<bool>{false};
    auto steps = std::atomic<int>{0};
    auto done = std::atomic<bool>{false};
    auto here = catch_ups([&](auto&, auto const&, auto) {
        ++steps;
        done = stop.load();
        return !done;
    });
    auto const row = base::uuid_v7();
    auto first = std::optional<Error>();
    auto thread = std::jthread([&] {
        first = error(here.catch_up(row, in(500)));
        stop = true;
    });
    while (steps == 0)
        std::this_thread::yield();

    CHECK_FALSE(here.catch_up(row, in(20'000)));
    CHECK(done);
    thread.join();
    CHECK(first == Error::busy);
}

TEST_CASE("a step that was lost is made again, one that cannot be made is told as what it is", "[catch_ups]")
{
    auto calls = 0;
    auto lossy = catch_ups([&](auto&, auto const&, auto) -> bool {
        if (++calls < 3) throw CallFailed(calls == 1 ? Outcome::unknown : Outcome::not_sent, "", "scripted");
        return false;
    });
    CHECK_FALSE(lossy.catch_up(base::uuid_v7(), in(20'000)));
    CHECK(calls == 3);

    auto locked = catch_ups([](auto&, auto const&, auto) -> bool {
        throw CallFailed(Outcome::rolled_back, "55P03", "scripted");
    });
    CHECK(error(locked.catch_up(base::uuid_v7(), in(500))) == Error::busy);

    auto read_only = catch_ups([](auto&, auto const&, auto) -> bool {
        throw CallFailed(Outcome::rolled_back, "25006", "scripted");
    });
    CHECK(error(read_only.catch_up(base::uuid_v7(), in(20'000))) == Error::maintenance);
}

TEST_CASE("what nobody can catch up with is busy", "[catch_ups]")
{
    CHECK(error(catch_ups({}).catch_up(base::uuid_v7(), in(20'000))) == Error::busy);
}

TEST_CASE("a read of a row that is behind is sent again once that was caught up with", "[catch_ups]")
{
    struct Row {
        std::string status;
        base::Uuid id;
        std::optional<base::Uuid> behind() const { return db::row_behind(status, id); }
    };
    auto const row = base::uuid_v7();
    auto order = std::vector<std::string>();
    db::Session session(db::Options{.conninfo = base::Secret("host=/nonexistent")},
                        [&](auto&, base::Uuid const& which, auto) {
                            order.emplace_back(which == row ? "step" : "step of another");
                            return order.size() < 3;
                        });

    auto const answer = session.read_up_to_date(in(20'000), [&](auto&, auto) {
        order.emplace_back("read");
        return Row{order.size() == 1 ? "behind" : "ok", row};
    });

    CHECK(answer.status == "ok");
    CHECK(order == std::vector<std::string>{"read", "step", "step", "read"});
}
