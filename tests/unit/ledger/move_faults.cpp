// The money rules under every fault at once: a model of the database that loses answers, and calls that act
// long after their connection was given up, in every order that chance finds.

#include "shared/ledger/spends.hpp"
#include "tests/support/catch.hpp"

#include <map>
#include <mutex>
#include <random>
#include <thread>

namespace {

using db::CallFailed;
using db::Outcome;
using db::Sending;
using ledger::MoveRow;
using ledger::Spend;
using std::chrono::microseconds;
using std::chrono::milliseconds;

using SpendCall = db::MoveCall<Spend>;

constexpr std::int64_t wallets = 4;
constexpr std::int64_t opening_balance = 400;

std::int64_t now_us()
{
    auto const now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<microseconds>(now).count();
}

class FaultyDatabase {
  public:
    explicit FaultyDatabase(unsigned seed) : chance_(seed)
    {
        for (std::int64_t wallet = 0; wallet < wallets; ++wallet)
            balances_[wallet] = opening_balance;
    }

    std::vector<MoveRow> operator()(SpendCall const& call, Sending& sending)
    {
        auto const not_after = now_us() + 30'000;
        switch (roll(8)) {
        case 0: // nothing leaves
            throw CallFailed(Outcome::not_sent, "", "no connection");
        case 1:
            sending = {.sent_at_us = now_us(), .not_after_us = not_after};
            throw CallFailed(Outcome::rolled_back, "40001", "conflict");
        case 2: // done, and the answer is lost
            sending = {.sent_at_us = now_us(), .not_after_us = not_after};
            act(copies(call), not_after);
            throw CallFailed(Outcome::unknown, "", "lost after the commit");
        case 3: // the call acts when nobody waits for it any more
            sending = {.sent_at_us = now_us(), .not_after_us = not_after};
            later(copies(call), not_after);
            throw CallFailed(Outcome::unknown, "", "lost before the lock");
        default:
            sending = {.sent_at_us = now_us(), .not_after_us = not_after};
            return act(copies(call), not_after);
        }
    }

    void wait_for_late_calls()
    {
        for (auto& thread : late_)
            thread.join();
    }

    std::map<base::Uuid, std::int64_t> const& journal() const { return journal_; }
    std::int64_t balance(std::int64_t wallet) const { return balances_.at(wallet); }

  private:
    static std::vector<Spend> copies(SpendCall const& call)
    {
        std::vector<Spend> spends;
        for (auto const* spend : call.requests)
            spends.push_back(*spend);
        return spends;
    }

    unsigned roll(unsigned sides)
    {
        std::lock_guard const lock(mutex_);
        return std::uniform_int_distribution<unsigned>(0, sides - 1)(chance_);
    }

    void later(std::vector<Spend> spends, std::int64_t not_after)
    {
        auto const delay = milliseconds(roll(40));
        late_.emplace_back([this, spends = std::move(spends), not_after, delay] {
            std::this_thread::sleep_for(delay);
            act(spends, not_after);
        });
    }

    // One transaction, as farebox_api.spend does it: the lock, the clock, the decision.
    std::vector<MoveRow> act(std::vector<Spend> const& spends, std::int64_t not_after)
    {
        std::lock_guard const lock(mutex_);
        std::vector<MoveRow> rows;
        for (auto const& spend : spends) {
            MoveRow row;
            auto& balance = balances_.at(*spend.user.number);
            if (now_us() > not_after) {
                row.status = "late";
            } else if (journal_.contains(spend.entry)) {
                row.status = "replayed";
                row.entry = spend.entry;
            } else if (balance < spend.amount) {
                row.status = "insufficient_balance";
            } else {
                balance -= spend.amount;
                journal_[spend.entry] = spend.amount;
                row.status = "ok";
                row.entry = spend.entry;
            }
            rows.push_back(row);
        }
        return rows;
    }

    std::mutex mutex_;
    std::minstd_rand chance_;
    std::map<std::int64_t, std::int64_t> balances_;
    std::map<base::Uuid, std::int64_t> journal_;
    std::vector<std::thread> late_; // calls do not overlap, so only one thread adds to it at a time
};

} // namespace

TEST_CASE("whatever is lost, what was acknowledged is in the journal and what was refused never will be",
          "[move_faults]")
{
    FaultyDatabase database(4711);
    db::MoveBatcher<Spend> batcher([&](auto const& call, auto& sending) { return database(call, sending); });
    std::mutex mutex;
    std::vector<std::pair<Spend, std::optional<base::Error>>> answered;

    std::vector<std::thread> threads;
    for (int thread = 0; thread < 16; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 40; ++i) {
                auto const spend = Spend{.caller = db::Caller("api_key", {}),
                                         .user = {.number = (thread + i) % wallets},
                                         .amount = 1 + (i * 7 + thread) % 20};
                auto const receipt = batcher.submit({spend}, base::deadline_in(milliseconds(1500))).front();
                std::lock_guard const lock(mutex);
                answered.emplace_back(spend, receipt.refusal ? std::optional(receipt.refusal->error())
                                                             : std::nullopt);
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    database.wait_for_late_calls();

    int acknowledged = 0;
    int refused = 0;
    int wrong = 0;
    std::size_t unknown_but_done = 0;
    for (auto const& [spend, refusal] : answered) {
        bool const done = database.journal().contains(spend.entry);
        if (refusal == base::Error::outcome_unknown) {
            unknown_but_done += done ? 1 : 0;
            continue;
        }
        ++(refusal ? refused : acknowledged);
        wrong += done == !refusal ? 0 : 1;
    }
    CHECK(answered.size() == 640);
    CHECK(wrong == 0);
    CHECK(acknowledged > 50);
    CHECK(refused > 50);
    CHECK(database.journal().size() == static_cast<std::size_t>(acknowledged) + unknown_but_done);
    for (std::int64_t wallet = 0; wallet < wallets; ++wallet)
        CHECK(database.balance(wallet) >= 0);
}
