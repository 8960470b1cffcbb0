#include "shared/db/batcher.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

base::Deadline in(int ms)
{
    return base::deadline_in(std::chrono::milliseconds(ms));
}

// Further away than any test takes.
base::Deadline far_away()
{
    return in(60'000);
}

using Batcher = db::Batcher<int, std::string>;

// A database that answers each number with its text, and can be stopped in mid-call.
class Database {
  public:
    std::vector<std::string> operator()(std::span<int const> batch)
    {
        std::unique_lock lock(mutex_);
        calls_.emplace_back(batch.begin(), batch.end());
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
        std::vector<std::string> answers;
        for (int const number : batch)
            answers.push_back(std::to_string(number));
        return answers;
    }

    void stop()
    {
        std::lock_guard const lock(mutex_);
        open_ = false;
    }

    void go_on()
    {
        std::lock_guard const lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

    void wait_for_calls(std::size_t count)
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return calls_.size() >= count; });
    }

    std::vector<std::vector<int>> calls()
    {
        std::lock_guard const lock(mutex_);
        return calls_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = true;
    std::vector<std::vector<int>> calls_;
};

// A batcher over a stopped database: the first call holds `0`, and what is submitted next has to wait.
struct Stopped {
    explicit Stopped(std::size_t batch_max, std::size_t waiting_max = db::batcher_waiting_max)
        : batcher([this](auto batch) { return database(batch); }, batch_max, waiting_max)
    {
        database.stop();
        threads.emplace_back([this] { batcher.submit({0}, far_away()); });
        database.wait_for_calls(1);
    }

    // Submits a group from a thread of its own, and returns when it waits in the batcher.
    void wait_in(std::vector<int> group, std::uint64_t flow = 0)
    {
        auto const before = batcher.waiting();
        threads.emplace_back([this, group, flow] { batcher.submit(group, far_away(), flow); });
        while (batcher.waiting() == before)
            std::this_thread::yield();
    }

    std::vector<std::vector<int>> calls_after_going_on()
    {
        database.go_on();
        for (auto& thread : threads)
            thread.join();
        return database.calls();
    }

    Database database;
    Batcher batcher;
    std::vector<std::thread> threads;
};

// Not when the time was up, but before.
bool refused_at_once(Batcher& batcher, std::vector<int> group)
{
    auto const deadline = in(2000);
    return !batcher.submit(std::move(group), deadline) && base::left_ms(deadline) > 0;
}

std::vector<int> numbers(int first, int count)
{
    std::vector<int> group(static_cast<std::size_t>(count));
    std::iota(group.begin(), group.end(), first);
    return group;
}

} // namespace

TEST_CASE("a lone request is carried on its caller's own thread", "[batcher]")
{
    std::thread::id carrier;
    Batcher batcher(
        [&](std::span<int const>) {
            carrier = std::this_thread::get_id();
            return std::vector<std::string>{"done"};
        },
        8);

    CHECK(batcher.submit({1}, far_away())->front() == "done");
    CHECK(carrier == std::this_thread::get_id());
}

TEST_CASE("an empty group is answered without a call", "[batcher]")
{
    Database database;
    Batcher batcher([&](auto batch) { return database(batch); }, 8);

    CHECK(batcher.submit({}, far_away())->empty());
    CHECK(database.calls().empty());
}

TEST_CASE("requests gather while a call is in flight and leave together, in the order they came", "[batcher]")
{
    Stopped stopped(128);
    for (int number = 1; number <= 5; ++number)
        stopped.wait_in({number});

    CHECK(stopped.calls_after_going_on() == std::vector<std::vector<int>>{{0}, {1, 2, 3, 4, 5}});
}

TEST_CASE("a call takes whole groups until it holds enough", "[batcher]")
{
    Stopped stopped(4);
    stopped.wait_in({1, 2, 3});
    stopped.wait_in({4, 5, 6});
    stopped.wait_in({7});

    CHECK(stopped.calls_after_going_on() == std::vector<std::vector<int>>{{0}, {1, 2, 3, 4, 5, 6}, {7}});
}

TEST_CASE("a group that is larger than a batch goes alone", "[batcher]")
{
    Stopped stopped(4);
    stopped.wait_in({1});
    stopped.wait_in(numbers(2, 9));
    stopped.wait_in({11});

    CHECK(stopped.calls_after_going_on() == std::vector<std::vector<int>>{{0}, {1}, numbers(2, 9), {11}});
}

TEST_CASE("a failure of the call reaches every caller of that batch and none of the next", "[batcher]")
{
    Database database;
    Batcher batcher(
        [&](std::span<int const> batch) {
            auto answers = database(batch);
            if (batch.front() == 1) throw std::runtime_error("lost");
            return answers;
        },
        2);
    database.stop();
    std::mutex mutex;
    std::map<int, std::string> outcome;
    std::vector<std::thread> threads;
    for (int number = 0; number <= 4; ++number) {
        threads.emplace_back([&, number] {
            std::string answer;
            try {
                answer = batcher.submit({number}, far_away())->front();
            } catch (std::runtime_error const&) {
                answer = "lost";
            }
            std::lock_guard const lock(mutex);
            outcome[number] = answer;
        });
        if (number == 0) database.wait_for_calls(1);
        while (batcher.waiting() != static_cast<std::size_t>(number))
            std::this_thread::yield();
    }
    database.go_on();
    for (auto& thread : threads)
        thread.join();

    CHECK(outcome == std::map<int, std::string>{{0, "0"}, {1, "lost"}, {2, "lost"}, {3, "3"}, {4, "4"}});
}

TEST_CASE("a batch with a wrong number of answers is given to nobody", "[batcher]")
{
    Batcher batcher([](std::span<int const>) { return std::vector<std::string>{"one", "too many"}; }, 8);

    CHECK_THROWS_AS(batcher.submit({1}, far_away()), std::logic_error);
}

TEST_CASE("64 threads get each their own answer, once, and no two calls run at the same time", "[batcher]")
{
    constexpr int thread_count = 64;
    constexpr int submits = 200;
    std::atomic<int> inside = 0;
    std::atomic<bool> overlapped = false;
    std::vector<int> carried; // only touched inside the call: calls do not overlap
    Batcher batcher(
        [&](std::span<int const> batch) {
            if (inside.fetch_add(1) != 0) overlapped = true;
            std::vector<std::string> answers;
            for (int const number : batch) {
                carried.push_back(number);
                answers.push_back(std::to_string(number));
            }
            inside.fetch_sub(1);
            return answers;
        },
        16);

    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < thread_count; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < submits; ++i) {
                auto const size = 1 + (thread + i) % 3;
                auto const group = numbers((thread * submits + i) * 4, size);
                auto const answers = batcher.submit(group, far_away()).value();
                for (std::size_t k = 0; k < group.size(); ++k)
                    wrong += answers.at(k) == std::to_string(group[k]) ? 0 : 1;
            }
        });
    }
    for (auto& thread : threads)
        thread.join();

    CHECK(wrong == 0);
    CHECK_FALSE(overlapped);
    auto const unique = std::set<int>(carried.begin(), carried.end());
    CHECK(unique.size() == carried.size());
    CHECK(batcher.waiting() == 0);
}

TEST_CASE("nobody carries for others for ever: each call is led by one of its own callers", "[batcher]")
{
    std::atomic<int> foreign = 0;
    db::Batcher<std::thread::id, int> batcher(
        [&](std::span<std::thread::id const> batch) {
            foreign += batch.front() == std::this_thread::get_id() ? 0 : 1;
            return std::vector<int>(batch.size());
        },
        4);

    std::vector<std::thread> threads;
    for (int thread = 0; thread < 16; ++thread) {
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i)
                batcher.submit({std::this_thread::get_id()}, far_away());
        });
    }
    for (auto& thread : threads)
        thread.join();

    CHECK(foreign == 0);
}

TEST_CASE("a caller whose time is up leaves the batcher, and its request is not sent", "[batcher]")
{
    Stopped stopped(128);
    stopped.wait_in({1});
    CHECK_FALSE(stopped.batcher.submit({2}, in(20)));
    stopped.wait_in({3});
    CHECK_FALSE(stopped.batcher.submit({4}, in(20)));
    CHECK(stopped.batcher.waiting() == 2);
    stopped.wait_in({5});

    CHECK(stopped.calls_after_going_on() == std::vector<std::vector<int>>{{0}, {1, 3, 5}});
}

TEST_CASE("a caller whose request a call has taken waits for its answer", "[batcher]")
{
    Database database;
    Batcher batcher([&](auto batch) { return database(batch); }, 128);
    database.stop();
    std::optional<std::vector<std::string>> answers;
    std::thread caller([&] { answers = batcher.submit({1}, in(20)); });
    database.wait_for_calls(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    database.go_on();
    caller.join();

    REQUIRE(answers);
    CHECK(answers->front() == "1");
}

TEST_CASE("deadlines that pass at every moment lose no request and no answer", "[batcher]")
{
    std::atomic<int> carried = 0;
    Batcher batcher(
        [&](std::span<int const> batch) {
            carried += static_cast<int>(batch.size());
            std::this_thread::sleep_for(std::chrono::microseconds(300));
            return std::vector<std::string>(batch.size(), "done");
        },
        4);
    std::atomic<int> answered = 0;
    std::atomic<int> left = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 16; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 100; ++i) {
                auto const deadline =
                    std::chrono::steady_clock::now() + std::chrono::microseconds(50 * (thread + i % 7));
                ++(batcher.submit({i}, deadline) ? answered : left);
            }
        });
    }
    for (auto& thread : threads)
        thread.join();

    CHECK(answered == carried);
    CHECK(answered + left == 1600);
    CHECK(left > 0);
    CHECK(batcher.waiting() == 0);
    CHECK(batcher.submit({1}, far_away()));
}

TEST_CASE("a group that finds too much waiting is refused at once, and what waits is carried", "[batcher]")
{
    Stopped stopped(128, 4);
    stopped.wait_in({1, 2});
    stopped.wait_in({3});
    CHECK(refused_at_once(stopped.batcher, {4, 5}));
    stopped.wait_in({6});
    CHECK(refused_at_once(stopped.batcher, {7}));

    CHECK(stopped.calls_after_going_on() == std::vector<std::vector<int>>{{0}, {1, 2, 3, 6}});
    CHECK(stopped.batcher.submit({8}, in(2000)));
}

TEST_CASE("a group that is larger than all that may wait is carried when nothing waits", "[batcher]")
{
    Stopped stopped(128, 4);
    stopped.wait_in(numbers(1, 9));
    CHECK(refused_at_once(stopped.batcher, {10}));

    CHECK(stopped.calls_after_going_on() == std::vector<std::vector<int>>{{0}, numbers(1, 9)});
    CHECK(stopped.batcher.submit(numbers(1, 9), in(2000)));
}

TEST_CASE("who left the batcher makes room in it", "[batcher]")
{
    Stopped stopped(128, 2);
    stopped.wait_in({1});
    CHECK_FALSE(stopped.batcher.submit({2}, in(20), 7));
    stopped.wait_in({3}, 7);

    CHECK(stopped.calls_after_going_on() == std::vector<std::vector<int>>{{0}, {1, 3}});
}

TEST_CASE("flows take turns within a call, and each flow keeps its order", "[batcher]")
{
    Stopped stopped(4);
    for (int number = 10; number < 15; ++number)
        stopped.wait_in({number}, 1);
    stopped.wait_in({20}, 2);
    stopped.wait_in({21}, 2);
    stopped.wait_in({30}, 3);

    CHECK(stopped.calls_after_going_on() ==
          std::vector<std::vector<int>>{{0}, {10, 20, 30, 11}, {21, 12, 13, 14}});
}

TEST_CASE("10,000 waiting requests of one flow delay another flow's by no more than one call", "[batcher]")
{
    Stopped stopped(128, 20'000);
    for (int first = 1; first < 10'000; first += 100)
        stopped.wait_in(numbers(first, 100), 1);
    stopped.wait_in({-1}, 2);

    auto const calls = stopped.calls_after_going_on();
    CHECK(std::count(calls.at(1).begin(), calls.at(1).end(), -1) == 1);
    std::vector<int> of_one_flow;
    for (auto const& call : calls)
        std::copy_if(call.begin(), call.end(), std::back_inserter(of_one_flow), [](int n) { return n > 0; });
    CHECK(of_one_flow == numbers(1, 10'000));
}

TEST_CASE("two flows that each could fill every call leave the next turn to a third", "[batcher]")
{
    Stopped stopped(4);
    for (int number = 1; number <= 40; ++number)
        stopped.wait_in({number, number + 100}, static_cast<std::uint64_t>(1 + number % 2));
    stopped.wait_in({-1}, 3);

    auto const calls = stopped.calls_after_going_on();
    CHECK(calls.at(1) == std::vector<int>{1, 101, 2, 102});
    CHECK(calls.at(2) == std::vector<int>{-1, 3, 103, 4, 104});
}

TEST_CASE("a batcher counts its calls, their sizes, its longest queue and whom it refused", "[batcher]")
{
    Stopped stopped(4, 12);
    stopped.wait_in({1, 2, 3});
    stopped.wait_in({4, 5});
    stopped.wait_in({6, 7});
    stopped.wait_in(numbers(8, 5));
    CHECK(refused_at_once(stopped.batcher, {13}));

    CHECK(stopped.calls_after_going_on() ==
          std::vector<std::vector<int>>{{0}, {1, 2, 3, 4, 5}, {6, 7}, numbers(8, 5)});
    auto const counts = stopped.batcher.counts();
    CHECK(counts.calls == 4);
    CHECK(counts.requests == 13);
    CHECK(counts.refused == 1);
    CHECK(counts.batch_largest == 5);
    CHECK(counts.queue_longest == 12);
    CHECK(counts.batches == decltype(counts.batches){1, 1, 0, 2});
    CHECK(stopped.batcher.take_counts().calls == 4);
    CHECK(stopped.batcher.counts().calls == 0);
}

TEST_CASE("batches are counted by powers of two, the largest together", "[batcher]")
{
    db::BatchCounts counts;
    for (std::size_t const size : {1, 2, 3, 4, 5, 8, 9, 1024, 1025, 100'000})
        counts.count_call(size);

    CHECK(counts.batches == decltype(counts.batches){1, 1, 2, 2, 1, 0, 0, 0, 0, 0, 1, 2});
    CHECK(counts.batches_text() == "1:1 2:1 3-4:2 5-8:2 9-16:1 513-1024:1 1025+:2");
    CHECK(db::BatchCounts().batches_text().empty());
}
