#include "shared/ledger/spend_lane.hpp"

#include "shared/ledger/poison.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

namespace ledger {

// A request between its submission and its final answer.
class SpendLane::Open {
  public:
    Open(Spend const& spend, base::Deadline deadline, Receipt& answer)
        : settlement(deadline), spend_(&spend), receipt_(&answer)
    {
    }

    Spend const& spend() const { return *spend_; }

    Item item() const
    {
        return {.spend = spend_,
                .deadline = settlement.deadline(),
                .cautious = settlement.cautious() || place.has_value(),
                .remeasure_clock = settlement.remeasure_clock()};
    }

    void answer(MoveRow const& row) { *receipt_ = receipt_of(row, spend_->entry, Subject::user); }
    void refuse() { receipt_->refusal = settlement.failure(); }

    Settlement settlement;
    std::optional<StuckWallets::Place> place; // while it waits for a locked wallet

  private:
    Spend const* spend_;
    Receipt* receipt_;
};

namespace {

// What a request in a hurry leaves of the call of the others (see the head of spend_lane.hpp).
constexpr std::chrono::milliseconds call_floor{400};

} // namespace

SpendLane::SpendLane(SpendCaller caller)
    : caller_(std::move(caller)), lane_([this](auto batch) { return execute(batch); }, batch_max)
{
}

std::vector<Receipt> SpendLane::submit(std::vector<Spend> const& spends, base::Deadline deadline)
{
    std::vector<Receipt> receipts(spends.size());
    for (auto pending = open(spends, deadline, receipts); !pending.empty();) {
        std::vector<Item> items;
        items.reserve(pending.size());
        for (auto const& one : pending)
            items.push_back(one.item());
        auto const sent = ride(std::move(items), deadline);

        std::vector<Open> rest;
        auto pause = std::chrono::milliseconds::max();
        for (std::size_t i = 0; i < pending.size(); ++i) {
            if (close(pending[i], sent[i])) continue;
            pause = std::min(pause, pending[i].settlement.pause());
            rest.push_back(std::move(pending[i]));
        }
        if (!rest.empty()) std::this_thread::sleep_for(pause);
        pending = std::move(rest);
    }
    return receipts;
}

// What each item got from the batch that took them.
std::vector<SpendLane::Sent> SpendLane::ride(std::vector<Item> items, base::Deadline deadline)
{
    Sent const left_behind{{}, db::CallFailed(db::Outcome::not_sent, "", "no call left in time")};
    std::vector<Sent> otherwise(items.size(), left_behind);
    return lane_.submit(std::move(items), deadline - std::chrono::milliseconds(least_left_ms))
        .value_or(std::move(otherwise));
}

// All but those whose wallet is stuck and has enough who wait for it.
std::vector<SpendLane::Open> SpendLane::open(std::vector<Spend> const& spends, base::Deadline deadline,
                                             std::vector<Receipt>& receipts)
{
    std::vector<Open> pending;
    pending.reserve(spends.size());
    for (std::size_t i = 0; i < spends.size(); ++i) {
        Open one(spends[i], deadline, receipts[i]);
        if (!stuck_.stuck(spends[i].user) || may_wait(one)) {
            pending.push_back(std::move(one));
            continue;
        }
        one.settlement.give_up(refusal_of("busy", Subject::user));
        one.refuse();
    }
    return pending;
}

// Whether the request is answered for good.
bool SpendLane::close(Open& open, Sent const& sent)
{
    using Next = Settlement::Next;
    auto const* const row = std::get_if<MoveRow>(&sent.answer);
    auto next = row != nullptr ? open.settlement.answered(row->status, sent.sending)
                               : open.settlement.failed(std::get<db::CallFailed>(sent.answer), sent.sending);
    bool const locked = row != nullptr && row->status == "busy";
    if (locked && next == Next::send_again && !may_wait(open))
        next = open.settlement.give_up(refusal_of("busy", Subject::user));
    if (row != nullptr && !locked && open.place) stuck_.freed(open.spend().user);

    if (next == Next::take_answer) open.answer(*row);
    if (next == Next::give_up) open.refuse();
    return next != Next::send_again;
}

bool SpendLane::may_wait(Open& open)
{
    if (open.place) return stuck_.stay(open.spend().user);
    if (auto place = stuck_.wait_for(open.spend().user)) open.place.emplace(std::move(*place));
    return open.place.has_value();
}

std::vector<SpendLane::Sent> SpendLane::execute(std::span<Item const> batch)
{
    std::vector<Sent> answers(batch.size());
    std::vector<std::size_t> patient;
    std::vector<std::size_t> cautious;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        bool const hurried = base::left_ms(batch[i].deadline) < least_left_ms + lock_wait_ms;
        (batch[i].cautious || hurried ? cautious : patient).push_back(i);
    }
    send(batch, patient, false, answers);
    send(batch, cautious, true, answers);
    return answers;
}

void SpendLane::send(std::span<Item const> batch, std::span<std::size_t const> which, bool skip_locked,
                     std::vector<Sent>& answers)
{
    if (which.empty()) return;
    Sending sending;
    auto const call = [&](std::span<std::size_t const> part) {
        sending = {};
        auto rows = caller_(call_for(batch, part, skip_locked), sending);
        if (rows.size() != part.size()) throw std::logic_error("a call was not answered one row a spend");
        for (std::size_t i = 0; i < part.size(); ++i)
            answers[part[i]] = {sending, std::move(rows[i])};
    };
    auto const fail = [&](std::span<std::size_t const> part, db::CallFailed const& failed) {
        if (failed.sqlstate == "55P03" && !skip_locked) {
            send(batch, part, true, answers);
            return;
        }
        for (auto const i : part)
            answers[i] = {sending, failed};
    };
    send_or_halve(which, call, fail);
}

SpendCall SpendLane::call_for(std::span<Item const> batch, std::span<std::size_t const> which,
                              bool skip_locked)
{
    SpendCall call;
    call.skip_locked = skip_locked;
    auto earliest = base::Deadline::max();
    for (auto const i : which) {
        call.spends.push_back(batch[i].spend);
        call.remeasure_clock = call.remeasure_clock || batch[i].remeasure_clock;
        earliest = std::min(earliest, batch[i].deadline);
    }
    auto const& most_urgent = *std::min_element(
        batch.begin(), batch.end(), [](Item const& a, Item const& b) { return a.deadline < b.deadline; });
    call.deadline = std::min(call_deadline(earliest),
                             std::max(most_urgent.deadline, std::chrono::steady_clock::now() + call_floor));
    return call;
}

} // namespace ledger
