#include "shared/ledger/ledger.hpp"

#include "shared/base/log.hpp"
#include "shared/db/batcher.hpp"
#include "shared/db/halve.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <variant>

namespace ledger {

namespace {

// What one reader wants, and what one call gave it.
struct Ask {
    ReadBalance const* asked;
    base::Deadline deadline;
};
using Answer = std::variant<BalanceRow, db::CallFailed>;

// A batcher of requests whose calls are made by this function of the domain.
template <class Request, class Function>
auto calls_of(db::Session& session, Function const& function)
{
    return [&session, &function](db::MoveCall<Request> const& call, db::Sending& sending) {
        auto const turn = session.turn(call.deadline);
        auto const needed_ms = call.skip_locked ? db::least_left_ms / 2 : db::lock_wait_ms;
        auto const not_after =
            db::Session::begin(*turn, call.deadline, needed_ms, sending, call.remeasure_clock);
        return function(*turn, call, not_after);
    };
}

// One request through its batcher; throws its refusal.
template <class Request>
auto submit_one(db::MoveBatcher<Request>& batcher, Request request, base::Deadline deadline)
{
    auto one = std::vector<Request>();
    one.push_back(std::move(request));
    return or_throw(std::move(batcher.submit(one, deadline).front()));
}

} // namespace

struct Ledger::State {
    explicit State(db::Session& of)
        : session(of), spends(calls_of<Spend>(of, ledger::spend), of.catching_up()),
          holds(calls_of<PlaceHold>(of, place_holds), of.catching_up()),
          ends(calls_of<EndHold>(of, end_holds), of.catching_up()),
          balances([this](auto asks) { return read_balances(asks); }, db::batch_max_default)
    {
    }

    std::vector<Answer> read_balances(std::span<Ask const> batch)
    {
        auto answers = std::vector<Answer>(batch.size());
        auto const call = [&](std::span<std::size_t const> which) {
            auto asked = std::vector<ReadBalance const*>();
            auto earliest = base::Deadline::max();
            for (auto const i : which) {
                asked.push_back(batch[i].asked);
                earliest = std::min(earliest, batch[i].deadline);
            }
            // A read that is out of time is sent with the others, but does not cut short their call.
            auto const until = db::call_deadline(
                std::max(earliest, base::deadline_in(std::chrono::milliseconds(db::least_left_ms))));
            auto const turn = session.turn(until);
            auto rows = ledger::balances(*turn, asked, until);
            for (std::size_t i = 0; i < which.size(); ++i)
                answers[which[i]] = std::move(rows[i]);
        };
        auto const fail = [&](std::span<std::size_t const> which, db::CallFailed const& failed) {
            for (auto const i : which)
                answers[i] = db::as_read(failed);
        };
        auto all = std::vector<std::size_t>(batch.size());
        std::iota(all.begin(), all.end(), 0U);
        db::send_or_halve(all, call, fail);
        return answers;
    }

    db::Session& session;
    db::MoveBatcher<Spend> spends;
    db::MoveBatcher<PlaceHold> holds;
    db::MoveBatcher<EndHold> ends;
    db::Batcher<Ask, Answer> balances;
};

Ledger::Ledger(db::Session& session) : state_(std::make_unique<State>(session)) {}

Ledger::~Ledger() = default;

std::vector<Receipt> Ledger::spend_all(std::vector<Spend> const& spends, base::Deadline deadline)
{
    return state_->spends.submit(spends, deadline);
}

Receipt Ledger::spend(Spend spend, base::Deadline deadline)
{
    return submit_one(state_->spends, std::move(spend), deadline);
}

HoldReceipt Ledger::place_hold(PlaceHold hold, base::Deadline deadline)
{
    return submit_one(state_->holds, std::move(hold), deadline);
}

EndReceipt Ledger::end_hold(EndHold hold, base::Deadline deadline)
{
    return submit_one(state_->ends, std::move(hold), deadline);
}

Balance Ledger::balance(ReadBalance const& asked, base::Deadline deadline)
{
    auto const ask = Ask{.asked = &asked, .deadline = deadline};
    auto row = db::resend_until_final(
        deadline,
        [&](db::Sending&, bool) {
            auto answers =
                state_->balances.submit({ask}, deadline - std::chrono::milliseconds(db::least_left_ms));
            // Where there is time left, too much waits already, and to try again would be to wait in another
            // place.
            if (!answers && base::left_ms(deadline) > db::least_left_ms) throw db::refusal_of("busy");
            if (!answers) throw db::CallFailed(db::Outcome::not_sent, "", "no call left in time");
            if (auto const* const failed = std::get_if<db::CallFailed>(&answers->front())) throw *failed;
            return std::get<BalanceRow>(std::move(answers->front()));
        },
        state_->session.catching_up());
    db::expect_ok(row.status);
    return row.balance;
}

namespace {

void log_batcher(std::string const& name, db::BatchCounts const& counts)
{
    if (counts.calls == 0 && counts.refused == 0) return;
    auto const number = [](auto count) { return static_cast<std::int64_t>(count); };
    base::log::event(base::log::Level::info, "batches",
                     {{"of", name},
                      {"requests", number(counts.requests)},
                      {"calls", number(counts.calls)},
                      {"batches", counts.batches_text()},
                      {"batch_largest", number(counts.batch_largest)},
                      {"queue_longest", number(counts.queue_longest)},
                      {"refused", number(counts.refused)}});
}

} // namespace

void Ledger::log_batches()
{
    log_batcher("spend", state_->spends.take_counts());
    log_batcher("place_hold", state_->holds.take_counts());
    log_batcher("end_hold", state_->ends.take_counts());
    log_batcher("balance", state_->balances.take_counts());
}

} // namespace ledger
