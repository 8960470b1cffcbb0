#include "shared/ledger/ledger.hpp"

#include "shared/base/log.hpp"
#include "shared/db/lane.hpp"
#include "shared/ledger/calls.hpp"
#include "shared/ledger/move_lane.hpp"
#include "shared/ledger/poison.hpp"
#include "shared/ledger/settlement.hpp"

#include <algorithm>
#include <numeric>
#include <thread>
#include <variant>

namespace ledger {

namespace {

using calls::NotAfter;

// A call ends in the database this much before we stop waiting for it, so that the next send of an unsettled
// move comes after its not_after.
constexpr std::chrono::milliseconds not_after_margin{20};

// A call that waited too long for the connection is not sent any more: its deadline would come in the middle.
void expect_left(base::Deadline deadline, int needed_ms)
{
    if (base::left_ms(deadline) < needed_ms)
        throw db::CallFailed(db::Outcome::not_sent, "", "no time left after waiting for the connection");
}

} // namespace

struct Ledger::State {
    explicit State(db::Options options)
        : session(std::move(options)),
          spends([this](auto const& call, Sending& sending) { return batch(call, sending, calls::spend); }),
          holds([this](auto const& call, Sending& sending) { return batch(call, sending, calls::hold); }),
          settlements(
              [this](auto const& call, Sending& sending) { return batch(call, sending, calls::settle); }),
          balances([this](auto asks) { return read_balances(asks); }, lane_batch_max)
    {
    }

    // What one reader wants, and what one call gave it.
    struct Ask {
        UserRef const* user;
        Credential const* credential;
        base::Deadline deadline;
    };
    using Answer = std::variant<calls::BalanceRow, db::CallFailed>;

    // One call of a lane: `function` is the one of calls.hpp that takes all of its requests.
    template <class Request, class Function>
    std::vector<typename Move<Request>::Row> batch(MoveCall<Request> const& call, Sending& sending,
                                                   Function const& function)
    {
        auto const turn = session.turn(call.deadline);
        auto const not_after =
            begin(*turn, call.deadline, call.skip_locked ? least_left_ms / 2 : lock_wait_ms, sending,
                  call.remeasure_clock);
        return function(*turn, call.requests, not_after, call.skip_locked, call.deadline);
    }

    // Fills in the Sending of a move that leaves now.
    static NotAfter begin(db::Connection& connection, base::Deadline deadline, int needed_ms,
                          Sending& sending, bool remeasure_clock)
    {
        if (remeasure_clock) connection.remeasure_clock();
        connection.ready(deadline);
        expect_left(deadline, needed_ms);
        sending.sent_at_us =
            connection.database_us(std::chrono::steady_clock::now()) - connection.clock_error_us();
        sending.not_after_us = connection.database_us(deadline - not_after_margin);
        return {sending.not_after_us};
    }

    // One move by itself, sent until its answer is final.
    template <class Call>
    auto move(base::Deadline deadline, Call const& call)
    {
        return ledger::settle(deadline, [&](Sending& sending, bool remeasure_clock) {
            auto const until = call_deadline(deadline);
            auto const turn = session.turn(until);
            auto const not_after = begin(*turn, until, lock_wait_ms, sending, remeasure_clock);
            return call(*turn, not_after, until);
        });
    }

    // A read, repeated while the database cannot answer.
    template <class Call>
    auto read(base::Deadline deadline, Call const& call)
    {
        for (Settlement settlement(deadline);;) {
            try {
                auto const until = call_deadline(deadline);
                auto const turn = session.turn(until);
                return call(*turn, until);
            } catch (db::CallFailed const& failed) {
                if (settlement.failed(as_read(failed), {}) == Settlement::Next::give_up)
                    throw settlement.failure();
            }
            std::this_thread::sleep_for(settlement.pause());
        }
    }

    std::vector<Answer> read_balances(std::span<Ask const> batch)
    {
        std::vector<Answer> answers(batch.size());
        auto const call = [&](std::span<std::size_t const> which) {
            std::vector<calls::BalanceOf> of;
            auto earliest = base::Deadline::max();
            for (auto const i : which) {
                of.emplace_back(batch[i].user, batch[i].credential);
                earliest = std::min(earliest, batch[i].deadline);
            }
            // A read that is out of time rides along, but does not cut short the call of the others.
            auto const until = call_deadline(
                std::max(earliest, base::deadline_in(std::chrono::milliseconds(least_left_ms))));
            auto const turn = session.turn(until);
            auto rows = calls::balance(*turn, of, until);
            for (std::size_t i = 0; i < which.size(); ++i)
                answers[which[i]] = std::move(rows[i]);
        };
        auto const fail = [&](std::span<std::size_t const> which, db::CallFailed const& failed) {
            for (auto const i : which)
                answers[i] = as_read(failed);
        };
        std::vector<std::size_t> all(batch.size());
        std::iota(all.begin(), all.end(), 0U);
        send_or_halve(all, call, fail);
        return answers;
    }

    db::Session session;
    MoveLane<Spend> spends;
    MoveLane<PlaceHold> holds;
    MoveLane<SettleHold> settlements;
    db::Lane<Ask, Answer> balances;
};

namespace {

// One request through its lane; throws its refusal.
template <class Request>
auto submit_one(MoveLane<Request>& lane, Request request, base::Deadline deadline)
{
    std::vector<Request> one;
    one.push_back(std::move(request));
    auto answer = std::move(lane.submit(one, deadline).front());
    if (answer.refusal) throw *answer.refusal;
    return answer;
}

} // namespace

Ledger::Ledger(db::Options options) : state_(std::make_unique<State>(std::move(options))) {}

Ledger::~Ledger() = default;

std::vector<Receipt> Ledger::spend_all(std::vector<Spend> const& spends, base::Deadline deadline)
{
    return state_->spends.submit(spends, deadline);
}

Receipt Ledger::spend(Spend spend, base::Deadline deadline)
{
    return submit_one(state_->spends, std::move(spend), deadline);
}

HoldReceipt Ledger::hold(PlaceHold hold, base::Deadline deadline)
{
    return submit_one(state_->holds, std::move(hold), deadline);
}

SettleReceipt Ledger::settle(SettleHold settle, base::Deadline deadline)
{
    return submit_one(state_->settlements, std::move(settle), deadline);
}

HoldReceipt Ledger::dispatch(DispatchHold const& hold, base::Deadline deadline)
{
    auto const row = state_->move(deadline, [&](auto& connection, NotAfter not_after, auto until) {
        return calls::dispatch(connection, hold, not_after, until);
    });
    auto receipt = hold_receipt_of(row, hold.hold, Subject::hold);
    if (receipt.refusal) throw *receipt.refusal;
    return receipt;
}

Balance Ledger::balance(UserRef const& user, Credential const& credential, base::Deadline deadline)
{
    State::Ask const ask{.user = &user, .credential = &credential, .deadline = deadline};
    auto row = ledger::settle(deadline, [&](Sending&, bool) {
        auto answers = state_->balances.submit({ask}, deadline - std::chrono::milliseconds(least_left_ms));
        // Where there is time left, too much waits already, and to try again would be to wait in another
        // place.
        if (!answers && base::left_ms(deadline) > least_left_ms) throw refusal_of("busy", Subject::user);
        if (!answers) throw db::CallFailed(db::Outcome::not_sent, "", "no call left in time");
        if (auto const* const failed = std::get_if<db::CallFailed>(&answers->front())) throw *failed;
        return std::get<calls::BalanceRow>(std::move(answers->front()));
    });
    if (row.status != "ok") throw refusal_of(row.status, Subject::user);
    return row.balance;
}

Receipt Ledger::grant(Grant const& grant, base::Deadline deadline)
{
    auto const row = state_->move(deadline, [&](auto& connection, NotAfter not_after, auto until) {
        return calls::grant(connection, grant, not_after, until);
    });
    auto receipt = receipt_of(row, grant.entry, Subject::user);
    if (receipt.refusal) throw *receipt.refusal;
    return receipt;
}

Receipt Ledger::reverse(Reverse const& reverse, base::Deadline deadline)
{
    auto const row = state_->move(deadline, [&](auto& connection, NotAfter not_after, auto until) {
        return calls::reverse(connection, reverse, not_after, until);
    });
    auto receipt = receipt_of(row, reverse.entry, Subject::entry);
    if (receipt.refusal) throw *receipt.refusal;
    return receipt;
}

User Ledger::create_user(NewUser const& user, base::Deadline deadline)
{
    auto const row = state_->move(deadline, [&](auto& connection, NotAfter not_after, auto until) {
        return calls::create_user(connection, user, not_after, until);
    });
    if (!took_effect(row.status)) throw refusal_of(row.status, Subject::user);
    return row.user;
}

std::vector<Entry> Ledger::statement(UserRef const& user, int limit, std::optional<std::int64_t> before,
                                     Credential const& credential, base::Deadline deadline)
{
    return state_->read(deadline, [&](auto& connection, auto until) {
        return calls::statement(connection, user, limit, before, credential, until);
    });
}

std::optional<ApiKey> Ledger::api_key(base::Sha256 const& hash, base::Deadline deadline)
{
    return state_->read(
        deadline, [&](auto& connection, auto until) { return calls::api_key(connection, hash, until); });
}

Account Ledger::account(Person const& person, base::Deadline deadline)
{
    return state_->read(
        deadline, [&](auto& connection, auto until) { return calls::account(connection, person, until); });
}

Account Ledger::rename_account(Person const& person, std::optional<std::string> const& display_name,
                               base::Deadline deadline)
{
    return state_->read(deadline, [&](auto& connection, auto until) {
        calls::rename_account(connection, person, display_name, until);
        return calls::account(connection, person, until);
    });
}

std::string Ledger::export_account(Person const& person, base::Deadline deadline)
{
    return state_->read(deadline, [&](auto& connection, auto until) {
        return calls::export_account(connection, person, until);
    });
}

void Ledger::erase_account(Person const& person, base::Deadline deadline)
{
    state_->read(deadline,
                 [&](auto& connection, auto until) { calls::erase_account(connection, person, until); });
}

std::int64_t Ledger::unused_number(base::Deadline deadline)
{
    return state_->read(deadline,
                        [](auto& connection, auto until) { return calls::unused_number(connection, until); });
}

namespace {

void log_lane(std::string const& name, db::LaneCounts const& counts)
{
    if (counts.calls == 0 && counts.refused == 0) return;
    auto const number = [](auto count) { return static_cast<std::int64_t>(count); };
    base::log::event(base::log::Level::info, "lane",
                     {{"lane", name},
                      {"requests", number(counts.requests)},
                      {"calls", number(counts.calls)},
                      {"batches", counts.batches_text()},
                      {"batch_largest", number(counts.batch_largest)},
                      {"queue_longest", number(counts.queue_longest)},
                      {"refused", number(counts.refused)}});
}

} // namespace

void Ledger::log_lanes()
{
    log_lane("spend", state_->spends.take_counts());
    log_lane("hold", state_->holds.take_counts());
    log_lane("settle", state_->settlements.take_counts());
    log_lane("balance", state_->balances.take_counts());
}

void Ledger::ping(base::Deadline deadline)
{
    state_->read(deadline, [](auto& connection, auto until) { calls::ping(connection, until); });
}

} // namespace ledger
