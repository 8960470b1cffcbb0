// Requests of one kind that move something (spends, holds, ends of holds), on their way to the database: sent together,
// made final one by one.
//
// Every request keeps its own time. A batch holds those that wait; whatever is not final after the call (a lost connection,
// a locked row, a clock that was off) goes back to the thread that submitted it, which sends it again in a later batch or
// gives up at its own deadline. So one request in trouble never keeps the others of its batch.
//
//   time that is left                           what happens
//   200 ms or more                              the call's deadline is that of its earliest request (resend.hpp: half of what
//                                               that one has left)
//   less than a lock may take                   in a call of its own that waits for no locks. Its thread waits for the whole
//                                               batch, so it cuts short the call of the others, but to no less than 400 ms,
//                                               which is more than a call takes unless the database hangs
//   less than 200 ms                            it is not sent at all
//
// So a request is answered at its deadline as a rule, and half a second after it at the latest.
//
// A row that somebody else holds: the call fails with 55P03 after the role's lock_timeout and is sent again without waiting
// for locks, so that only that row's requests are answered `busy`. They are tried again, and so is everything new for that
// row, in a call of their own that never waits (ContendedRows).
//
// A row that is behind: its requests leave the batch as well. Their own thread catches up with the row, outside of any batch,
// and they go into a later one (CatchUps).
//
// The order within a group is kept for each row: all of a row's requests are answered in one call, or none of them is.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/db/batcher.hpp"
#include "shared/db/catch_ups.hpp"
#include "shared/db/connection.hpp"
#include "shared/db/contended_rows.hpp"
#include "shared/db/halve.hpp"
#include "shared/db/resend.hpp"
#include "shared/db/status.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace db {

// What a batcher must know of a kind of request; specialised for each beside the request.
//
//   Row                     what the function answers to one; has a `status`
//   Answer                  what a caller is given for it; has an optional `refusal`
//   row_name(request)       what the request calls the row that it locks
//   answer(row, request)    the answer that a row means to this request
template <class Request>
struct Move;

// One call of the function that serves this kind of request.
template <class Request>
struct MoveCall {
    std::vector<Request const*> requests;
    bool skip_locked = false;     // answer `busy` instead of waiting for a lock
    bool remeasure_clock = false; // before sending
    base::Deadline deadline;
};

inline constexpr std::size_t batch_max_default = 128;

template <class Request>
class MoveBatcher {
  public:
    using Row = typename Move<Request>::Row;
    using Answer = typename Move<Request>::Answer;

    // Makes the call: a row a request, in order, or CallFailed. Fills in the Sending before anything leaves.
    using Execute = std::function<std::vector<Row>(MoveCall<Request> const&, Sending&)>;

    // `catch_up`: how to catch up with a row that is behind; without it such a row's requests are sent again and again.
    // `waiting_max`: requests that may wait for a call; beyond that they are answered `busy` at once.
    explicit MoveBatcher(Execute execute, CatchUp catch_up = {},
                         std::size_t waiting_max = batcher_waiting_max);

    // Blocks until each is answered. Each answer is what the requests, sent one by one in this order, would
    // have got. A row's requests take turns with those of others; a group counts for its first row.
    std::vector<Answer> submit(std::vector<Request> const& requests, base::Deadline deadline);

    // How many groups wait for a call at this moment.
    std::size_t waiting() { return batcher_.waiting(); }

    // What it has done since the counts were taken.
    BatchCounts counts() { return batcher_.counts(); }
    BatchCounts take_counts() { return batcher_.take_counts(); }

  private:
    struct Item {
        Request const* request = nullptr;
        base::Deadline deadline;
        bool cautious = false;
        bool remeasure_clock = false;
    };

    // What one request got from one batch.
    struct Attempt {
        Sending sending;
        std::variant<Row, CallFailed> answer;
        bool turned_away = false; // nothing was sent: too much waits
    };

    class Pending;

    // The rows that a group has caught up with since its last call, or why that failed.
    using CaughtUp = std::map<base::Uuid, std::optional<base::Failure>>;

    std::vector<Attempt> exchange(std::vector<Item> items, base::Deadline deadline, std::uint64_t flow);
    std::vector<Pending> admit(std::vector<Request> const& requests, base::Deadline deadline,
                               std::vector<Answer>& answers);
    bool finish(Pending& pending, Attempt const& sent, CaughtUp& caught_up);
    Resend::Next catch_up(Pending& pending, base::Uuid const& row, CaughtUp& caught_up);
    bool may_wait(Pending& pending);
    std::vector<Attempt> send_batch(std::span<Item const> batch);
    void send(std::span<Item const> batch, std::span<std::size_t const> which, bool skip_locked,
              std::vector<Attempt>& answers);
    static MoveCall<Request> call_for(std::span<Item const> batch, std::span<std::size_t const> which,
                                      bool skip_locked);

    Execute execute_;
    CatchUp catch_up_;
    ContendedRows contended_;
    Batcher<Item, Attempt> batcher_;
};

// A request between its submission and its final answer.
template <class Request>
class MoveBatcher<Request>::Pending {
  public:
    Pending(Request const& request, base::Deadline deadline, Answer& answer)
        : resend(deadline), request_(&request), answer_(&answer)
    {
    }

    ContendedRows::Name row_name() const { return Move<Request>::row_name(*request_); }

    Item item() const
    {
        return {.request = request_,
                .deadline = resend.deadline(),
                .cautious = resend.cautious() || slot.has_value(),
                .remeasure_clock = resend.remeasure_clock()};
    }

    void answer(Row const& row) { *answer_ = Move<Request>::answer(row, *request_); }
    void refuse() { answer_->refusal = resend.failure(); }

    Resend resend;
    std::optional<ContendedRows::WaitSlot> slot; // while it waits for a locked row

  private:
    Request const* request_;
    Answer* answer_;
};

namespace move_batcher_detail {

// What a request in a hurry leaves of the call of the others (see the head of this file).
inline constexpr std::chrono::milliseconds call_floor{400};

// The flow of a row in the batcher; 0 there is nobody's.
inline std::uint64_t flow_of(ContendedRows::Name const& row)
{
    auto flow = static_cast<std::uint64_t>(row.second.value_or(0));
    if (row.first)
        for (auto const byte : row.first->bytes)
            flow = flow * 31 + byte;
    return flow;
}

} // namespace move_batcher_detail

template <class Request>
MoveBatcher<Request>::MoveBatcher(Execute execute, CatchUp catch_up, std::size_t waiting_max)
    : execute_(std::move(execute)), catch_up_(std::move(catch_up)),
      batcher_([this](auto batch) { return send_batch(batch); }, batch_max_default, waiting_max)
{
}

template <class Request>
auto MoveBatcher<Request>::submit(std::vector<Request> const& requests, base::Deadline deadline)
    -> std::vector<Answer>
{
    auto answers = std::vector<Answer>(requests.size());
    for (auto pending = admit(requests, deadline, answers); !pending.empty();) {
        auto const flow = move_batcher_detail::flow_of(pending.front().row_name());
        auto items = std::vector<Item>();
        items.reserve(pending.size());
        for (auto const& one : pending)
            items.push_back(one.item());
        auto const sent = exchange(std::move(items), deadline, flow);

        auto rest = std::vector<Pending>();
        auto caught_up = CaughtUp();
        auto pause = std::chrono::milliseconds::max();
        for (std::size_t i = 0; i < pending.size(); ++i) {
            if (finish(pending[i], sent[i], caught_up)) continue;
            pause = std::min(pause, pending[i].resend.pause());
            rest.push_back(std::move(pending[i]));
        }
        if (!rest.empty()) std::this_thread::sleep_for(pause);
        pending = std::move(rest);
    }
    return answers;
}

// What each item got from the batch that took them.
template <class Request>
auto MoveBatcher<Request>::exchange(std::vector<Item> items, base::Deadline deadline, std::uint64_t flow)
    -> std::vector<Attempt>
{
    auto const size = items.size();
    auto answers =
        batcher_.submit(std::move(items), deadline - std::chrono::milliseconds(least_left_ms), flow);
    if (answers) return std::move(*answers);
    // With time left, too much waits already.
    auto const full = base::left_ms(deadline) > least_left_ms;
    auto const* const why = full ? "too many requests wait for the database" : "no call left in time";
    return std::vector<Attempt>(
        size, {.sending = {}, .answer = CallFailed(Outcome::not_sent, "", why), .turned_away = full});
}

// All but those whose row is contended and has enough who wait for it.
template <class Request>
auto MoveBatcher<Request>::admit(std::vector<Request> const& requests, base::Deadline deadline,
                                 std::vector<Answer>& answers) -> std::vector<Pending>
{
    auto pending = std::vector<Pending>();
    pending.reserve(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        auto one = Pending(requests[i], deadline, answers[i]);
        if (!contended_.contended(one.row_name()) || may_wait(one)) {
            pending.push_back(std::move(one));
            continue;
        }
        one.resend.give_up(refusal_of("busy"));
        one.refuse();
    }
    return pending;
}

// Whether the request is answered for good.
template <class Request>
bool MoveBatcher<Request>::finish(Pending& pending, Attempt const& sent, CaughtUp& caught_up)
{
    using Next = Resend::Next;
    auto const* const row = std::get_if<Row>(&sent.answer);
    auto next = row != nullptr ? pending.resend.answered(row->status, sent.sending)
                               : pending.resend.failed(std::get<CallFailed>(sent.answer), sent.sending);
    auto const locked = row != nullptr && row->status == "busy";
    if (locked && next == Next::send_again && !may_wait(pending))
        next = pending.resend.give_up(refusal_of("busy"));
    if (row != nullptr && next == Next::send_again)
        if (auto const behind = behind_of(*row)) next = catch_up(pending, *behind, caught_up);
    // To try again would be to wait in another place.
    if (sent.turned_away) next = pending.resend.give_up(refusal_of("busy"));
    if (row != nullptr && !locked && pending.slot) contended_.freed(pending.row_name());

    if (next == Next::take_answer) pending.answer(*row);
    if (next == Next::give_up) pending.refuse();
    return next != Next::send_again;
}

// Once for all of a group's requests for this row.
template <class Request>
Resend::Next MoveBatcher<Request>::catch_up(Pending& pending, base::Uuid const& row, CaughtUp& caught_up)
{
    if (!catch_up_) return Resend::Next::send_again;
    auto found = caught_up.find(row);
    if (found == caught_up.end())
        found = caught_up.emplace(row, catch_up_(row, pending.resend.deadline())).first;
    return found->second ? pending.resend.give_up(*found->second) : Resend::Next::send_again;
}

template <class Request>
bool MoveBatcher<Request>::may_wait(Pending& pending)
{
    if (pending.slot) return contended_.stay(pending.row_name());
    if (auto slot = contended_.wait_for(pending.row_name())) pending.slot.emplace(std::move(*slot));
    return pending.slot.has_value();
}

template <class Request>
auto MoveBatcher<Request>::send_batch(std::span<Item const> batch) -> std::vector<Attempt>
{
    auto answers = std::vector<Attempt>(batch.size());
    auto patient = std::vector<std::size_t>();
    auto cautious = std::vector<std::size_t>();
    for (std::size_t i = 0; i < batch.size(); ++i) {
        auto const hurried = base::left_ms(batch[i].deadline) < least_left_ms + lock_wait_ms;
        (batch[i].cautious || hurried ? cautious : patient).push_back(i);
    }
    send(batch, patient, false, answers);
    send(batch, cautious, true, answers);
    return answers;
}

template <class Request>
void MoveBatcher<Request>::send(std::span<Item const> batch, std::span<std::size_t const> which,
                                bool skip_locked, std::vector<Attempt>& answers)
{
    if (which.empty()) return;
    auto sending = Sending();
    auto const call = [&](std::span<std::size_t const> part) {
        sending = {};
        auto rows = execute_(call_for(batch, part, skip_locked), sending);
        if (rows.size() != part.size()) throw std::logic_error("a call was not answered one row a request");
        for (std::size_t i = 0; i < part.size(); ++i)
            answers[part[i]] = {sending, std::move(rows[i])};
    };
    auto const fail = [&](std::span<std::size_t const> part, CallFailed const& failed) {
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
MoveCall<Request> MoveBatcher<Request>::call_for(std::span<Item const> batch,
                                                 std::span<std::size_t const> which, bool skip_locked)
{
    auto call = MoveCall<Request>();
    call.skip_locked = skip_locked;
    auto earliest = base::Deadline::max();
    for (auto const i : which) {
        call.requests.push_back(batch[i].request);
        call.remeasure_clock = call.remeasure_clock || batch[i].remeasure_clock;
        earliest = std::min(earliest, batch[i].deadline);
    }
    auto const& most_urgent = *std::min_element(
        batch.begin(), batch.end(), [](Item const& a, Item const& b) { return a.deadline < b.deadline; });
    call.deadline = std::min(
        call_deadline(earliest),
        std::max(most_urgent.deadline, std::chrono::steady_clock::now() + move_batcher_detail::call_floor));
    return call;
}

} // namespace db
