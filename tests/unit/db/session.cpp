#include "shared/db/session.hpp"

#include "tests/support/catch.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace {

base::Deadline soon()
{
    return base::deadline_in(std::chrono::milliseconds(30));
}

base::Deadline late()
{
    return base::deadline_in(std::chrono::seconds(20));
}

} // namespace

TEST_CASE("the connection is used by one thread at a time", "[session]")
{
    db::Session session(db::Options{.conninfo = base::Secret("host=/nonexistent")});
    std::atomic<int> inside = 0;
    std::atomic<bool> shared = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
            for (int turn = 0; turn < 200; ++turn) {
                auto const mine = session.turn(late());
                if (inside.fetch_add(1) != 0) shared = true;
                inside.fetch_sub(1);
            }
        });
    }
    for (auto& thread : threads)
        thread.join();

    CHECK_FALSE(shared);
}

TEST_CASE("turns are taken in the order they were asked for", "[session]")
{
    db::Session session(db::Options{.conninfo = base::Secret("host=/nonexistent")});
    std::vector<int> order;
    std::vector<std::thread> threads;
    {
        auto const first = session.turn(late());
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&session, &order, i] {
                auto const turn = session.turn(late());
                order.push_back(i);
            });
            while (session.waiting() != threads.size())
                std::this_thread::yield();
        }
    }
    for (auto& thread : threads)
        thread.join();

    CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("a turn that does not come before the deadline is not_sent, and the queue goes on", "[session]")
{
    db::Session session(db::Options{.conninfo = base::Secret("host=/nonexistent")});
    {
        auto const first = session.turn(late());
        try {
            auto const second = session.turn(soon());
            FAIL("two turns at once");
        } catch (db::CallFailed const& failed) {
            CHECK(failed.outcome == db::Outcome::not_sent);
        }
    }

    CHECK_NOTHROW(session.turn(soon()));
}
