#include "shared/ledger/move_lane.hpp"

#include "shared/ledger/poison.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

namespace ledger {

// A request between its submission and its final answer.
template <class Request>
class MoveLane<Request>::Open {
  public:
    Open(Request const& request, base::Deadline deadline, Answer& answer)
        : settlement(deadline), request_(&request), answer_(&answer)
    {
    }

    StuckWallets::Name wallet() const { return Move<Request>::wallet(*request_); }

    Item item() const
    {
        return {.request = request_,
                .deadline = settlement.deadline(),
                .cautious = settlement.cautious() || place.has_value(),
                .remeasure_clock = settlement.remeasure_clock()};
    }

    void answer(Row const& row) { *answer_ = Move<Request>::answer(row, *request_); }
    void refuse() { answer_->refusal = settlement.failure(); }

    Settlement settlement;
    std::optional<StuckWallets::Place> place; // while it waits for a locked wallet

  private:
    Request const* request_;
    Answer* answer_;
};

namespace {

// What a request in a hurry leaves of the call of the others (see the head of move_lane.hpp).
constexpr std::chrono::milliseconds call_floor{400};

// The flow of a wallet in the lane; 0 there is nobody's.
std::uint64_t flow_of(StuckWallets::Name const& wallet)
{
    std::uint64_t flow = static_cast<std::uint64_t>(wallet.second.value_or(0));
    if (wallet.first)
        for (auto const byte : wallet.first->bytes)
            flow = flow * 31 + byte;
    return flow;
}

} // namespace

template <class Request>
MoveLane<Request>::MoveLane(Caller caller, std::size_t waiting_max)
    : caller_(std::move(caller)),
      lane_([this](auto batch) { return execute(batch); }, lane_batch_max, waiting_max)
{
}

template <class Request>
auto MoveLane<Request>::submit(std::vector<Request> const& requests, base::Deadline deadline)
    -> std::vector<Answer>
{
    std::vector<Answer> answers(requests.size());
    for (auto pending = open(requests, deadline, answers); !pending.empty();) {
        auto const flow = flow_of(pending.front().wallet());
        std::vector<Item> items;
        items.reserve(pending.size());
        for (auto const& one : pending)
            items.push_back(one.item());
        auto const sent = ride(std::move(items), deadline, flow);

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
    return answers;
}

// What each item got from the batch that took them.
template <class Request>
auto MoveLane<Request>::ride(std::vector<Item> items, base::Deadline deadline, std::uint64_t flow)
    -> std::vector<Sent>
{
    auto const size = items.size();
    auto answers = lane_.submit(std::move(items), deadline - std::chrono::milliseconds(least_left_ms), flow);
    if (answers) return std::move(*answers);
    // With time left, too much waits already.
    bool const full = base::left_ms(deadline) > least_left_ms;
    auto const* const why = full ? "too many requests wait for the database" : "no call left in time";
    return std::vector<Sent>(
        size, {.sending = {}, .answer = db::CallFailed(db::Outcome::not_sent, "", why), .turned_away = full});
}

// All but those whose wallet is stuck and has enough who wait for it.
template <class Request>
auto MoveLane<Request>::open(std::vector<Request> const& requests, base::Deadline deadline,
                             std::vector<Answer>& answers) -> std::vector<Open>
{
    std::vector<Open> pending;
    pending.reserve(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        Open one(requests[i], deadline, answers[i]);
        if (!stuck_.stuck(one.wallet()) || may_wait(one)) {
            pending.push_back(std::move(one));
            continue;
        }
        one.settlement.give_up(refusal_of("busy", Move<Request>::subject));
        one.refuse();
    }
    return pending;
}

// Whether the request is answered for good.
template <class Request>
bool MoveLane<Request>::close(Open& open, Sent const& sent)
{
    using Next = Settlement::Next;
    auto const* const row = std::get_if<Row>(&sent.answer);
    auto next = row != nullptr ? open.settlement.answered(row->status, sent.sending)
                               : open.settlement.failed(std::get<db::CallFailed>(sent.answer), sent.sending);
    bool const locked = row != nullptr && row->status == "busy";
    if (locked && next == Next::send_again && !may_wait(open))
        next = open.settlement.give_up(refusal_of("busy", Move<Request>::subject));
    // To try again would be to wait in another place.
    if (sent.turned_away) next = open.settlement.give_up(refusal_of("busy", Move<Request>::subject));
    if (row != nullptr && !locked && open.place) stuck_.freed(open.wallet());

    if (next == Next::take_answer) open.answer(*row);
    if (next == Next::give_up) open.refuse();
    return next != Next::send_again;
}

template <class Request>
bool MoveLane<Request>::may_wait(Open& open)
{
    if (open.place) return stuck_.stay(open.wallet());
    if (auto place = stuck_.wait_for(open.wallet())) open.place.emplace(std::move(*place));
    return open.place.has_value();
}

template <class Request>
auto MoveLane<Request>::execute(std::span<Item const> batch) -> std::vector<Sent>
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

template <class Request>
void MoveLane<Request>::send(std::span<Item const> batch, std::span<std::size_t const> which,
                             bool skip_locked, std::vector<Sent>& answers)
{
    if (which.empty()) return;
    Sending sending;
    auto const call = [&](std::span<std::size_t const> part) {
        sending = {};
        auto rows = caller_(call_for(batch, part, skip_locked), sending);
        if (rows.size() != part.size()) throw std::logic_error("a call was not answered one row a request");
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

template <class Request>
MoveCall<Request> MoveLane<Request>::call_for(std::span<Item const> batch, std::span<std::size_t const> which,
                                              bool skip_locked)
{
    MoveCall<Request> call;
    call.skip_locked = skip_locked;
    auto earliest = base::Deadline::max();
    for (auto const i : which) {
        call.requests.push_back(batch[i].request);
        call.remeasure_clock = call.remeasure_clock || batch[i].remeasure_clock;
        earliest = std::min(earliest, batch[i].deadline);
    }
    auto const& most_urgent = *std::min_element(
        batch.begin(), batch.end(), [](Item const& a, Item const& b) { return a.deadline < b.deadline; });
    call.deadline = std::min(call_deadline(earliest),
                             std::max(most_urgent.deadline, std::chrono::steady_clock::now() + call_floor));
    return call;
}

template class MoveLane<Spend>;
template class MoveLane<PlaceHold>;
template class MoveLane<SettleHold>;

} // namespace ledger
