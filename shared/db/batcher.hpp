// Group commit: callers put requests in, one of them sends all that wait to the database in one call, and
// each gets its own answer. While a call is in flight the next batch gathers; an idle batcher sends a batch of
// one at once, on the caller's own thread, so nothing ever waits on a timer and a lone caller pays no
// handover.
//
// Leader and followers: a caller that finds the batcher without a leader leads. A leader sends one batch, and
// its own group is always the first of it; then the caller whose turn is next leads, so nobody works for
// others for ever. The next leader is woken before the answers are handed out: waking a hundred followers
// takes longer than a call, and the database must not wait for it.
//
// Turns: groups wait in flows, of which each keeps its order. A call takes one group of each waiting flow
// before it takes a second of any, so a flow with ten thousand requests delays another one's by the call in
// flight and no more.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/db/batch_counts.hpp"
#include "shared/db/event.hpp"
#include "shared/db/intrusive_queue.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

namespace db {

// Requests that may wait for a call where nothing else is said.
inline constexpr std::size_t batcher_waiting_max = 4096;

template <class Request, class Answer>
class Batcher {
  public:
    // Answers a batch, one answer a request, in order. An exception is delivered to every caller of that
    // batch. Never runs twice at the same time.
    using Execute = std::function<std::vector<Answer>(std::span<Request const>)>;

    // `batch_max`: a call takes whole groups until it holds at least this many requests; a group larger than
    // that goes alone. So no call holds more than 2 * batch_max - 1 requests, or one such group.
    // `waiting_max`: a group that would make more requests than this wait is refused, unless nothing waits: a
    // group that is larger than the bound must be sent some time.
    Batcher(Execute execute, std::size_t batch_max, std::size_t waiting_max = batcher_waiting_max)
        : execute_(std::move(execute)), batch_max_(batch_max), waiting_max_(waiting_max)
    {
    }

    // Blocks until every request of the group is answered. A group stays together and in order. Empty when
    // too much waits already, at once, or when no call took it before the deadline: then nothing of it was
    // sent. A call that has taken it is waited for, so the deadline of a call should be that of its most
    // urgent request. `flow`: whose group this is, for the turns; groups of one flow are sent in the order
    // they came. Those that name none are all of one flow.
    std::optional<std::vector<Answer>> submit(std::vector<Request> group, base::Deadline deadline,
                                              std::uint64_t flow = 0)
    {
        if (group.empty()) return std::vector<Answer>{};
        auto self = Waiter(std::move(group), flow);
        if (!enqueue(self)) return std::nullopt;
        if (!self.leads_at_once) {
            if (!self.wake.wait_until(deadline) && withdraw(self)) return std::nullopt;
            self.wake.wait(); // not long where the deadline came first: its call is under way
        }
        if (!self.leads) return self.result();
        if (base::left_ms(deadline) == 0) {
            resign(self);
            return std::nullopt;
        }
        lead();
        return self.result();
    }

    // How many groups no call has taken yet, at this moment.
    std::size_t waiting()
    {
        auto const lock = std::lock_guard(mutex_);
        return groups_waiting_;
    }

    // What it has done since it was made, or since the counts were taken.
    BatchCounts counts()
    {
        auto const lock = std::lock_guard(mutex_);
        return counts_;
    }
    BatchCounts take_counts()
    {
        auto const lock = std::lock_guard(mutex_);
        return std::exchange(counts_, {});
    }

  private:
    struct Waiter {
        Waiter(std::vector<Request> group, std::uint64_t of_flow) : requests(std::move(group)), flow(of_flow)
        {
        }

        std::vector<Answer> result()
        {
            if (failure) std::rethrow_exception(failure);
            return std::move(answers);
        }

        std::vector<Request> requests;
        std::uint64_t flow;
        std::vector<Answer> answers;
        std::exception_ptr failure;
        Waiter* next = nullptr;     // in its flow, then among the members of its call
        bool leads = false;         // sends the next batch; set before the wake-up
        bool leads_at_once = false; // and was never put to sleep
        Event wake;
    };

    // The groups of one wallet that wait.
    struct Flow {
        std::uint64_t id = 0;
        IntrusiveQueue<Waiter> groups; // never empty while the flow is known
        Flow* next = nullptr;          // whose turn is next
    };

    // False when too much waits. Only a flow that nobody waits in yet takes memory, before anything changes.
    bool enqueue(Waiter& self)
    {
        auto const lock = std::lock_guard(mutex_);
        auto const waiting_then = requests_waiting_ + self.requests.size();
        if (!turns_.empty() && waiting_then > waiting_max_) {
            ++counts_.refused;
            return false;
        }
        auto& flow = flows_[self.flow];
        if (flow.groups.empty()) {
            flow.id = self.flow;
            turns_.push(flow);
        }
        flow.groups.push(self);
        ++groups_waiting_;
        requests_waiting_ = waiting_then;
        counts_.queue_longest = std::max(counts_.queue_longest, waiting_then);
        self.leads = self.leads_at_once = !std::exchange(led_, true);
        return true;
    }

    // Whether a caller whose time is up could leave. It cannot when a call has taken it or when it has just
    // been made the leader: then it has been woken, or will be.
    bool withdraw(Waiter& self)
    {
        auto const lock = std::lock_guard(mutex_);
        return !self.leads && leave(self);
    }

    // A leader whose time was up before its call: the next one leads.
    void resign(Waiter& self)
    {
        {
            auto const lock = std::lock_guard(mutex_);
            leave(self);
        }
        pass_on();
    }

    // Takes a group out of its flow; false when a call has taken it. With the lock.
    bool leave(Waiter& self)
    {
        auto const found = flows_.find(self.flow);
        if (found == flows_.end() || !found->second.groups.remove(self)) return false;
        left(self);
        if (found->second.groups.empty()) {
            turns_.remove(found->second);
            flows_.erase(found);
        }
        return true;
    }

    void left(Waiter const& self)
    {
        --groups_waiting_;
        requests_waiting_ -= self.requests.size();
    }

    // Whose turn is next. With the lock; somebody must wait.
    Waiter& next_in_turn() { return *turns_.first()->groups.first(); }

    // Takes it; its flow has its next turn after all the others. With the lock.
    Waiter& take_next()
    {
        auto& flow = turns_.pop();
        auto& waiter = flow.groups.pop();
        left(waiter);
        if (flow.groups.empty())
            flows_.erase(flow.id);
        else
            turns_.push(flow);
        return waiter;
    }

    void lead()
    {
        auto* const leader = collect();
        run(leader);
        pass_on();
        // Once woken, a member and its `next` may be gone.
        for (auto* member = leader->next; member != nullptr;) {
            auto* const next = member->next;
            member->wake.set();
            member = next;
        }
    }

    // Takes the members of one call out of their flows; the first is the leader, whose turn it is.
    Waiter* collect()
    {
        auto const lock = std::lock_guard(mutex_);
        auto* const leader = &take_next();
        auto* member = leader;
        auto requests = leader->requests.size();
        while (!turns_.empty() && requests < batch_max_ && next_in_turn().requests.size() <= batch_max_) {
            member->next = &take_next();
            member = member->next;
            requests += member->requests.size();
        }
        counts_.count_call(requests);
        return leader;
    }

    // Whatever happens here ends in an answer or an exception for each member, the leader included: nobody may
    // be left waiting.
    void run(Waiter* leader)
    {
        try {
            if (leader->next == nullptr)
                leader->answers = answers_for(leader->requests);
            else
                run_together(leader);
        } catch (...) {
            for (auto* member = leader; member != nullptr; member = member->next)
                member->failure = std::current_exception();
        }
    }

    void run_together(Waiter* leader)
    {
        auto batch = std::vector<Request>();
        for (auto* member = leader; member != nullptr; member = member->next)
            batch.insert(batch.end(), member->requests.begin(), member->requests.end());

        auto answers = answers_for(batch);
        auto begin = std::make_move_iterator(answers.begin());
        for (auto* member = leader; member != nullptr; member = member->next) {
            auto const end = begin + static_cast<std::ptrdiff_t>(member->requests.size());
            member->answers.assign(begin, end);
            begin = end;
        }
    }

    std::vector<Answer> answers_for(std::vector<Request> const& batch)
    {
        auto answers = execute_(batch);
        if (answers.size() != batch.size())
            throw std::logic_error("a batch was not answered one answer a request");
        return answers;
    }

    void pass_on()
    {
        auto const lock = std::lock_guard(mutex_);
        if (turns_.empty()) {
            led_ = false;
            return;
        }
        auto& leader = next_in_turn();
        leader.leads = true;
        leader.wake.set();
    }

    Execute execute_;
    std::size_t batch_max_;
    std::size_t waiting_max_;
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, Flow> flows_; // in which somebody waits
    IntrusiveQueue<Flow> turns_;                    // the same, in the order of their turns
    std::size_t groups_waiting_ = 0;
    std::size_t requests_waiting_ = 0;
    BatchCounts counts_;
    bool led_ = false; // whoever leads and has not collected a batch yet is next in turn
};

} // namespace db
