#include "shared/ledger/spends.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace {

using base::Error;
using db::CallFailed;
using db::Outcome;
using db::Sending;
using ledger::MoveRow;
using ledger::Receipt;
using ledger::Spend;
using std::chrono::milliseconds;

using SpendCall = db::MoveCall<Spend>;
using SpendBatcher = db::MoveBatcher<Spend>;

using Rows = std::vector<MoveRow>;

base::Deadline in(int ms)
{
    return base::deadline_in(milliseconds(ms));
}

Spend spend_of(std::int64_t wallet, std::int64_t amount = 1)
{
    return {.caller = db::Caller("api_key", {}), .user = {.number = wallet}, .amount = amount};
}

MoveRow ok(Spend const& spend, std::string status = "ok")
{
    return {.status = std::move(status),
            .entry = spend.entry,
            .amount = spend.amount,
            .before = spend.amount,
            .after = 0,
            .available = {},
            .at_us = 1};
}

MoveRow only(std::string status)
{
    MoveRow row;
    row.status = std::move(status);
    return row;
}

Rows all(SpendCall const& call, std::string const& status)
{
    Rows rows;
    for (auto const* spend : call.requests)
        rows.push_back(status == "ok" || status == "replayed" ? ok(*spend, status) : only(status));
    return rows;
}

// A database that does what the test says, one step a call, and the last step for all further calls.
class Script {
  public:
    using Step = std::function<Rows(SpendCall const&, Sending&)>;

    explicit Script(std::vector<Step> steps) : steps_(steps.begin(), steps.end()) {}

    Rows operator()(SpendCall const& call, Sending& sending)
    {
        Step step;
        {
            std::lock_guard const lock(mutex_);
            calls.push_back(call);
            ids.push_back(call.requests.front()->entry);
            step = steps_.front();
            if (steps_.size() > 1) steps_.pop_front();
        }
        return step(call, sending);
    }

    std::vector<SpendCall> calls; // whose spends are gone when the submit has returned
    std::vector<base::Uuid> ids;  // of the first spend of each

  private:
    std::mutex mutex_;
    std::deque<Step> steps_;
};

Script::Step answers(std::string status)
{
    return [status](SpendCall const& call, Sending& sending) {
        sending = {.sent_at_us = 1'000'000, .not_after_us = 2'000'000};
        return all(call, status);
    };
}

Script::Step answers_at(std::int64_t sent_at_us, std::string status)
{
    return [=](SpendCall const& call, Sending& sending) {
        sending = {.sent_at_us = sent_at_us, .not_after_us = sent_at_us + 1'000'000};
        return all(call, status);
    };
}

Script::Step fails(Outcome outcome, std::string sqlstate, std::int64_t not_after_us = 0)
{
    return [=](SpendCall const&, Sending& sending) -> Rows {
        sending = {.sent_at_us = 1, .not_after_us = not_after_us};
        throw CallFailed(outcome, sqlstate, "scripted");
    };
}

Receipt submit(Script& script, Spend const& spend, int budget_ms = 2000)
{
    SpendBatcher batcher([&](auto const& call, auto& sending) { return script(call, sending); });
    return batcher.submit({spend}, in(budget_ms)).front();
}

std::optional<Error> refusal(Receipt const& receipt)
{
    return receipt.refusal ? std::optional(receipt.refusal->error()) : std::nullopt;
}

} // namespace

TEST_CASE("a lone spend is one call of one, which may wait for a lock", "[move_batcher]")
{
    Script script({answers("ok")});
    auto const spend = spend_of(1, 5);

    auto const receipt = submit(script, spend);

    CHECK_FALSE(receipt.refusal);
    CHECK(receipt.entry == spend.entry);
    CHECK(receipt.amount == 5);
    REQUIRE(script.calls.size() == 1);
    CHECK(script.calls[0].requests.size() == 1);
    CHECK_FALSE(script.calls[0].skip_locked);
}

TEST_CASE("a refusal of the first send is final", "[move_batcher]")
{
    Script script({answers("insufficient_balance")});

    CHECK(refusal(submit(script, spend_of(1))) == Error::insufficient_balance);
    CHECK(script.calls.size() == 1);
}

TEST_CASE("a lost spend is sent again with the same id, and finding it done is no replay", "[move_batcher]")
{
    Script script({fails(Outcome::unknown, "", 2'000'000), answers("replayed")});
    auto const spend = spend_of(1);

    auto const receipt = submit(script, spend);

    CHECK_FALSE(receipt.refusal);
    CHECK_FALSE(receipt.replayed);
    CHECK(script.ids == std::vector<base::Uuid>{spend.entry, spend.entry});
}

TEST_CASE("a lost spend that replays another request's entry is a replay", "[move_batcher]")
{
    auto const other = spend_of(1);
    Script script({fails(Outcome::unknown, "", 2'000'000),
                   [&](SpendCall const&, Sending&) { return Rows{ok(other, "replayed")}; }});

    auto const receipt = submit(script, spend_of(1));

    CHECK(receipt.replayed);
    CHECK(receipt.entry == other.entry);
}

TEST_CASE("a lost spend refused while the first send may still act is outcome_unknown", "[move_batcher]")
{
    Script script({fails(Outcome::unknown, "", 5'000'000), answers_at(4'000'000, "insufficient_balance")});

    CHECK(refusal(submit(script, spend_of(1), 600)) == Error::outcome_unknown);
}

TEST_CASE("a lost spend refused after the first send's not_after is refused", "[move_batcher]")
{
    Script script({fails(Outcome::unknown, "", 3'900'000), answers_at(4'000'000, "insufficient_balance")});

    CHECK(refusal(submit(script, spend_of(1), 600)) == Error::insufficient_balance);
}

TEST_CASE("a refusal that is not final yet is asked again when it can be", "[move_batcher]")
{
    Script script({fails(Outcome::unknown, "", 4'050'000), answers_at(4'000'000, "insufficient_balance"),
                   answers_at(4'051'000, "insufficient_balance")});

    CHECK(refusal(submit(script, spend_of(1))) == Error::insufficient_balance);
    CHECK(script.calls.size() == 3);
}

TEST_CASE("a spend that stays lost is outcome_unknown at its deadline, not later", "[move_batcher]")
{
    Script script({fails(Outcome::unknown, "", 2'000'000)});
    auto const start = std::chrono::steady_clock::now();

    CHECK(refusal(submit(script, spend_of(1), 500)) == Error::outcome_unknown);
    CHECK(std::chrono::steady_clock::now() - start < milliseconds(700));
    CHECK(script.calls.size() > 1);
}

TEST_CASE("a spend that never reached the database is busy at its deadline", "[move_batcher]")
{
    Script script({fails(Outcome::not_sent, "")});

    CHECK(refusal(submit(script, spend_of(1), 400)) == Error::busy);
    CHECK(script.calls.size() > 1);
}

TEST_CASE("a locked wallet fails alone: the others of its batch are served at once", "[move_batcher]")
{
    auto const locked = spend_of(1);
    auto const free_one = spend_of(2);
    int rounds = 0;
    Script script({fails(Outcome::rolled_back, "55P03"), [&](SpendCall const& call, Sending&) {
                       Rows rows;
                       for (auto const* spend : call.requests)
                           rows.push_back(spend->user.number == 1 && rounds < 3 ? only("busy") : ok(*spend));
                       ++rounds;
                       return rows;
                   }});
    SpendBatcher batcher([&](auto const& call, auto& sending) { return script(call, sending); });

    auto const receipts = batcher.submit({locked, free_one}, in(2000));

    CHECK_FALSE(receipts[0].refusal);
    CHECK_FALSE(receipts[1].refusal);
    REQUIRE(script.calls.size() == 5);
    CHECK_FALSE(script.calls[0].skip_locked);
    for (std::size_t i = 1; i < script.calls.size(); ++i)
        CHECK(script.calls[i].skip_locked);
    CHECK(script.calls[1].requests.size() == 2);
    CHECK(script.calls[2].requests.size() == 1);
}

TEST_CASE("when a lock is not had, the same batch goes again at once, without waiting for locks",
          "[move_batcher]")
{
    // How many spends, and whether they waited for locks. Calls do not overlap.
    std::vector<std::pair<std::size_t, bool>> calls;
    std::atomic<bool> started = false;
    std::atomic<bool> go = false;
    SpendBatcher batcher([&](SpendCall const& call, Sending&) {
        calls.emplace_back(call.requests.size(), !call.skip_locked);
        started = true;
        while (!go)
            std::this_thread::yield();
        if (calls.size() == 2) throw CallFailed(Outcome::rolled_back, "55P03", "scripted");
        return all(call, "ok");
    });
    std::vector<std::thread> threads;
    for (int i = 0; i < 5; ++i) {
        threads.emplace_back([&] { batcher.submit({spend_of(1)}, in(4000)); });
        while (!started)
            std::this_thread::yield();
    }
    while (batcher.waiting() != 4)
        std::this_thread::yield();
    go = true;
    for (auto& thread : threads)
        thread.join();

    CHECK(calls == std::vector<std::pair<std::size_t, bool>>{{1, true}, {4, true}, {4, false}});
}

TEST_CASE("a wallet that stays locked is busy at the deadline", "[move_batcher]")
{
    Script script({fails(Outcome::rolled_back, "55P03"), answers("busy")});

    auto const receipt = submit(script, spend_of(1), 600);

    CHECK(refusal(receipt) == Error::busy);
    CHECK(receipt.refusal->retry_after_s() == 1);
    CHECK(script.calls.size() > 3);
}

TEST_CASE("a spend on a wallet known to be locked never makes others wait for the lock", "[move_batcher]")
{
    struct Seen {
        std::size_t size;
        bool of_locked;
        bool skip_locked;
    };
    std::vector<Seen> calls; // calls do not overlap
    SpendBatcher batcher([&](SpendCall const& call, Sending&) {
        bool const has_locked = call.requests.front()->user.number == 1;
        calls.push_back({call.requests.size(), has_locked, call.skip_locked});
        if (has_locked && !call.skip_locked) throw CallFailed(Outcome::rolled_back, "55P03", "scripted");
        return all(call, has_locked ? "busy" : "ok");
    });
    CHECK(refusal(batcher.submit({spend_of(1)}, in(600)).front()) == Error::busy);
    calls.clear();

    auto const receipts = batcher.submit({spend_of(1), spend_of(2)}, in(600));

    CHECK(refusal(receipts[0]) == Error::busy);
    CHECK_FALSE(receipts[1].refusal);
    for (auto const& call : calls) {
        CHECK(call.size == 1);
        CHECK(call.skip_locked == call.of_locked);
    }
}

TEST_CASE("no more than eight wait for a wallet that stays locked", "[move_batcher]")
{
    SpendBatcher batcher([&](SpendCall const& call, Sending&) {
        if (!call.skip_locked) throw CallFailed(Outcome::rolled_back, "55P03", "scripted");
        return all(call, "busy");
    });
    auto const start = std::chrono::steady_clock::now();
    std::mutex mutex;
    int early = 0;
    int at_deadline = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 24; ++i) {
        threads.emplace_back([&] {
            auto const receipt = batcher.submit({spend_of(1)}, in(1500)).front();
            auto const took = std::chrono::steady_clock::now() - start;
            std::lock_guard const lock(mutex);
            if (refusal(receipt) == Error::busy) ++(took < milliseconds(900) ? early : at_deadline);
        });
    }
    for (auto& thread : threads)
        thread.join();

    CHECK(early == 16);
    CHECK(at_deadline == 8);
}

TEST_CASE("a poisoned spend in a batch of 64 fails alone and cheaply", "[move_batcher]")
{
    constexpr std::int64_t poison = 41;
    int calls = 0;
    std::vector<std::int64_t> order;
    SpendBatcher batcher([&](SpendCall const& call, Sending&) {
        ++calls;
        for (auto const* spend : call.requests)
            if (spend->amount == poison) throw CallFailed(Outcome::rolled_back, "22021", "scripted");
        for (auto const* spend : call.requests)
            order.push_back(spend->amount);
        return all(call, "ok");
    });
    std::vector<Spend> spends;
    for (std::int64_t i = 0; i < 64; ++i)
        spends.push_back(spend_of(1, i));

    auto const receipts = batcher.submit(spends, in(2000));

    for (std::int64_t i = 0; i < 64; ++i)
        CHECK(refusal(receipts[static_cast<std::size_t>(i)]) ==
              (i == poison ? std::optional(Error::internal) : std::nullopt));
    CHECK(calls == 13); // 1 + 2 for each of the six halvings
    CHECK(std::is_sorted(order.begin(), order.end()));
    CHECK(order.size() == 63);
}

TEST_CASE("a conflict is sent again whole", "[move_batcher]")
{
    Script script({fails(Outcome::rolled_back, "40P01"), answers("ok")});

    CHECK_FALSE(submit(script, spend_of(1)).refusal);
    CHECK(script.calls.size() == 2);
}

TEST_CASE("a database that cannot write fails all of a batch, once", "[move_batcher]")
{
    for (auto const& [state, error] :
         {std::pair{"25006", Error::maintenance}, {"53100", Error::maintenance}, {"53200", Error::busy}}) {
        Script script({fails(Outcome::rolled_back, state)});
        SpendBatcher batcher([&](auto const& call, auto& sending) { return script(call, sending); });

        auto const receipts = batcher.submit({spend_of(1), spend_of(2)}, in(2000));

        CHECK(refusal(receipts[0]) == error);
        CHECK(refusal(receipts[1]) == error);
        CHECK(script.calls.size() == 1);
    }
}

TEST_CASE("a late spend is sent once more with the clock measured anew", "[move_batcher]")
{
    Script script({answers("late"), answers("ok")});

    CHECK_FALSE(submit(script, spend_of(1)).refusal);
    REQUIRE(script.calls.size() == 2);
    CHECK_FALSE(script.calls[0].remeasure_clock);
    CHECK(script.calls[1].remeasure_clock);

    Script always({answers("late")});
    CHECK(refusal(submit(always, spend_of(1))) == Error::busy);
    CHECK(always.calls.size() == 2);
}

TEST_CASE("a spend with hardly any time left is not sent", "[move_batcher]")
{
    Script script({answers("ok")});

    CHECK(refusal(submit(script, spend_of(1), 100)) == Error::busy);
    CHECK(script.calls.empty());
}

TEST_CASE("a spend in a hurry waits for no lock and leaves the others of its batch time for theirs",
          "[move_batcher]")
{
    struct Seen {
        std::int64_t wallet;
        std::size_t size;
        bool skip_locked;
        int left_ms;
    };
    std::vector<Seen> calls; // calls do not overlap
    std::atomic<bool> started = false;
    std::atomic<bool> go = false;
    SpendBatcher batcher([&](SpendCall const& call, Sending&) {
        calls.push_back({*call.requests.front()->user.number, call.requests.size(), call.skip_locked,
                         base::left_ms(call.deadline)});
        started = true;
        while (!go)
            std::this_thread::yield();
        return all(call, "ok");
    });
    std::vector<std::thread> threads;
    auto const submit_in_thread = [&](std::int64_t wallet, int budget_ms) {
        threads.emplace_back(
            [&batcher, wallet, budget_ms] { batcher.submit({spend_of(wallet)}, in(budget_ms)); });
    };
    submit_in_thread(1, 4000);
    while (!started)
        std::this_thread::yield();
    submit_in_thread(2, 350);
    submit_in_thread(3, 4000);
    while (batcher.waiting() != 2)
        std::this_thread::yield();
    go = true;
    for (auto& thread : threads)
        thread.join();

    REQUIRE(calls.size() == 3);
    CHECK(calls[0].left_ms > 1500);
    CHECK(calls[1].wallet == 3);
    CHECK(calls[1].size == 1);
    CHECK_FALSE(calls[1].skip_locked);
    CHECK(calls[1].left_ms > 360);
    CHECK(calls[2].wallet == 2);
    CHECK(calls[2].skip_locked);
    CHECK(calls[2].left_ms <= 350);
}

TEST_CASE("a bug in the call reaches its callers as it is", "[move_batcher]")
{
    Script script(
        {[](SpendCall const&, Sending&) -> Rows { throw base::Failure(Error::internal, "odd rows"); }});

    CHECK_THROWS_AS(submit(script, spend_of(1)), base::Failure);

    Script short_one({[](SpendCall const&, Sending&) { return Rows{}; }});
    CHECK_THROWS_AS(submit(short_one, spend_of(1)), std::logic_error);
}

TEST_CASE("when too much waits, a spend is answered busy at once, not at its deadline", "[move_batcher]")
{
    std::atomic<bool> started = false;
    std::atomic<bool> go = false;
    SpendBatcher batcher(
        [&](SpendCall const& call, Sending&) {
            started = true;
            while (!go)
                std::this_thread::yield();
            return all(call, "ok");
        },
        {}, 10);
    std::thread carried([&] { batcher.submit({spend_of(1)}, in(4000)); });
    while (!started)
        std::this_thread::yield();
    std::thread waits([&] { batcher.submit(std::vector<Spend>(10, spend_of(2)), in(4000)); });
    while (batcher.waiting() != 1)
        std::this_thread::yield();

    auto const begin = std::chrono::steady_clock::now();
    auto const receipts = batcher.submit({spend_of(3)}, in(4000));
    auto const took = std::chrono::steady_clock::now() - begin;
    go = true;
    carried.join();
    waits.join();

    REQUIRE(receipts.front().refusal);
    CHECK(receipts.front().refusal->error() == Error::busy);
    CHECK(receipts.front().refusal->retry_after_s() == 1);
    CHECK(took < milliseconds(500));
    CHECK(batcher.counts().refused == 1);
    CHECK(batcher.counts().requests == 11);
}

TEST_CASE("a wallet that many debit at once does not keep another one waiting", "[move_batcher]")
{
    std::vector<bool> has_other; // of each call; calls do not overlap
    std::atomic<bool> started = false;
    std::atomic<bool> go = false;
    SpendBatcher batcher([&](SpendCall const& call, Sending&) {
        has_other.push_back(std::any_of(call.requests.begin(), call.requests.end(),
                                        [](Spend const* spend) { return spend->user.number == 2; }));
        started = true;
        while (!go)
            std::this_thread::yield();
        return all(call, "ok");
    });
    std::vector<std::thread> threads;
    auto const submit_in_thread = [&](std::int64_t wallet, std::size_t spends) {
        threads.emplace_back([&batcher, wallet, spends] {
            batcher.submit(std::vector<Spend>(spends, spend_of(wallet)), in(4000));
        });
    };
    submit_in_thread(3, 1);
    while (!started)
        std::this_thread::yield();
    for (std::size_t waiting = 1; waiting <= 4; ++waiting) {
        submit_in_thread(1, 100);
        while (batcher.waiting() != waiting)
            std::this_thread::yield();
    }
    submit_in_thread(2, 1);
    while (batcher.waiting() != 5)
        std::this_thread::yield();
    go = true;
    for (auto& thread : threads)
        thread.join();

    REQUIRE(has_other.size() > 2);
    CHECK(has_other[1]);
}

namespace {

// Answers `behind`, with the wallet's id, for that number until it was caught up with; everything else is served.
struct Behind {
    explicit Behind(std::int64_t behind_number) : number(behind_number) {}

    Rows operator()(SpendCall const& call, Sending& sending)
    {
        sending = {.sent_at_us = 1'000'000, .not_after_us = 2'000'000};
        auto rows = Rows();
        for (auto const* spend : call.requests) {
            auto const late = spend->user.number == number && !caught_up;
            rows.push_back(late ? only("behind") : ok(*spend));
            if (late) rows.back().entry = wallet;
            ids.push_back(spend->entry);
        }
        return rows;
    }

    std::int64_t number;
    base::Uuid wallet = base::uuid_v7();
    std::atomic<bool> caught_up = false;
    std::vector<base::Uuid> ids; // as they were sent; calls do not overlap
};

} // namespace

TEST_CASE("a wallet that is behind is caught up with once, and its spends are sent again with the same ids",
          "[move_batcher]")
{
    auto database = Behind(1);
    auto asked = std::vector<base::Uuid>();
    SpendBatcher batcher([&](auto const& call, auto& sending) { return database(call, sending); },
                         [&](base::Uuid const& wallet, auto) -> std::optional<base::Failure> {
                             asked.push_back(wallet);
                             database.caught_up = true;
                             return {};
                         });
    auto const spends = std::vector{spend_of(1), spend_of(2), spend_of(1)};

    auto const receipts = batcher.submit(spends, in(3000));

    for (auto const& receipt : receipts) {
        CHECK_FALSE(receipt.refusal);
        CHECK_FALSE(receipt.replayed);
    }
    CHECK(asked == std::vector{database.wallet});
    CHECK(database.ids ==
          std::vector{spends[0].entry, spends[1].entry, spends[2].entry, spends[0].entry, spends[2].entry});
}

TEST_CASE("while somebody catches up with a wallet, others are served", "[move_batcher]")
{
    auto database = Behind(1);
    auto catching_up = std::atomic<bool>{false};
    auto go = std::atomic<bool>{false};
    SpendBatcher batcher([&](auto const& call, auto& sending) { return database(call, sending); },
                         [&](auto const&, auto) -> std::optional<base::Failure> {
                             catching_up = true;
                             while (!go)
                                 std::this_thread::yield();
                             database.caught_up = true;
                             return {};
                         });
    auto receipt = Receipt();
    auto behind = std::thread([&] { receipt = batcher.submit({spend_of(1)}, in(10'000)).front(); });
    while (!catching_up)
        std::this_thread::yield();

    CHECK_FALSE(batcher.submit({spend_of(2)}, in(2000)).front().refusal);
    go = true;
    behind.join();
    CHECK_FALSE(receipt.refusal);
}

TEST_CASE("where a wallet cannot be caught up with, its spends are refused with the reason", "[move_batcher]")
{
    auto database = Behind(1);
    SpendBatcher batcher(
        [&](auto const& call, auto& sending) { return database(call, sending); },
        [](auto const&, auto) -> std::optional<base::Failure> { return base::Failure(Error::maintenance); });

    auto const receipts = batcher.submit({spend_of(1), spend_of(2)}, in(3000));

    CHECK(refusal(receipts[0]) == Error::maintenance);
    CHECK_FALSE(receipts[1].refusal);
}

TEST_CASE("a lost spend of a wallet that cannot be caught up with is outcome_unknown", "[move_batcher]")
{
    auto database = Behind(1);
    auto lost = false;
    SpendBatcher batcher(
        [&](auto const& call, auto& sending) {
            auto rows = database(call, sending);
            if (!std::exchange(lost, true)) throw CallFailed(Outcome::unknown, "", "scripted");
            return rows;
        },
        [](auto const&, auto) -> std::optional<base::Failure> { return base::Failure(Error::busy); });

    CHECK(refusal(batcher.submit({spend_of(1)}, in(3000)).front()) == Error::outcome_unknown);
}
