// Group commit: callers put requests in, one of them carries all that wait to the database in one call, and
// each gets its own answer. While a call is in flight the next batch gathers; an idle lane sends a batch of
// one at once, on the caller's own thread, so nothing ever waits on a timer and a lone caller pays no
// handover.
//
// Leader and followers: a caller that finds the lane without a leader leads. A leader carries one batch, and
// its own group is always the first of it; then the caller that has waited longest leads, so nobody works for
// others for ever. The next leader is woken before the answers are handed out: waking a hundred followers
// takes longer than a call, and the database must not wait for it.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/db/wakeup.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace db {

template <class Request, class Answer>
class Lane {
  public:
    // Answers a batch, one answer a request, in order. An exception is delivered to every caller of that
    // batch. Never runs twice at the same time.
    using Execute = std::function<std::vector<Answer>(std::span<Request const>)>;

    // `batch_max`: a call takes whole groups until it holds at least this many requests; a group larger than
    // that goes alone. So no call holds more than 2 * batch_max - 1 requests, or one such group.
    Lane(Execute execute, std::size_t batch_max) : execute_(std::move(execute)), batch_max_(batch_max) {}

    // Blocks until every request of the group is answered. A group stays together and in order. Empty when no
    // call took it before the deadline: then nothing of it was sent. A call that has taken it is waited for,
    // so the deadline of a call should be that of its most urgent request.
    std::optional<std::vector<Answer>> submit(std::vector<Request> group, base::Deadline deadline)
    {
        if (group.empty()) return std::vector<Answer>{};
        Waiter self(std::move(group));
        if (!enqueue(self)) {
            if (!self.wake.wait_until(deadline) && withdraw(self)) return std::nullopt;
            self.wake.wait(); // not long where the deadline came first: its call is under way
        }
        if (!self.leads) return self.result();
        if (base::left_ms(deadline) == 0) {
            resign();
            return std::nullopt;
        }
        carry();
        return self.result();
    }

    // How many groups no call has taken yet, at this moment.
    std::size_t waiting()
    {
        std::lock_guard const lock(mutex_);
        std::size_t count = 0;
        for (auto const* waiter = first_; waiter != nullptr; waiter = waiter->next)
            ++count;
        return count;
    }

  private:
    struct Waiter {
        explicit Waiter(std::vector<Request> group) : requests(std::move(group)) {}

        std::vector<Answer> result()
        {
            if (failure) std::rethrow_exception(failure);
            return std::move(answers);
        }

        std::vector<Request> requests;
        std::vector<Answer> answers;
        std::exception_ptr failure;
        Waiter* next = nullptr; // who came after this one
        bool leads = false;     // carries the next call; set before the wake-up
        Wakeup wake;
    };

    // Whether the caller leads at once. The queue runs through the waiters themselves, so that nothing can
    // fail for want of memory between joining the queue and being answered.
    bool enqueue(Waiter& self)
    {
        std::lock_guard const lock(mutex_);
        (last_ != nullptr ? last_->next : first_) = &self;
        last_ = &self;
        self.leads = !std::exchange(led_, true);
        return self.leads;
    }

    // Whether a caller whose time is up could leave. It cannot when a call has taken it or when it has just
    // been made the leader: then it has been woken, or will be.
    bool withdraw(Waiter& self)
    {
        std::lock_guard const lock(mutex_);
        if (self.leads) return false;
        Waiter* before = nullptr;
        for (auto* waiter = first_; waiter != &self; before = std::exchange(waiter, waiter->next))
            if (waiter == nullptr) return false;
        (before != nullptr ? before->next : first_) = self.next;
        if (last_ == &self) last_ = before;
        return true;
    }

    // A leader whose time was up before its call: the next one leads.
    void resign()
    {
        {
            std::lock_guard const lock(mutex_);
            first_ = first_->next; // the leader is the first
            if (first_ == nullptr) last_ = nullptr;
        }
        hand_over();
    }

    void carry()
    {
        auto* const leader = board();
        run(leader);
        hand_over();
        // Once woken, a rider and its `next` may be gone.
        for (auto* rider = leader->next; rider != nullptr;) {
            auto* const next = rider->next;
            rider->wake.post();
            rider = next;
        }
    }

    // Takes the riders of one call off the queue; the first is the leader.
    Waiter* board()
    {
        std::lock_guard const lock(mutex_);
        auto* const leader = first_;
        auto* rider = leader;
        auto requests = rider->requests.size();
        while (rider->next != nullptr && requests < batch_max_ &&
               rider->next->requests.size() <= batch_max_) {
            rider = rider->next;
            requests += rider->requests.size();
        }
        first_ = std::exchange(rider->next, nullptr);
        if (first_ == nullptr) last_ = nullptr;
        return leader;
    }

    // Whatever happens here ends in an answer or an exception for each rider, the leader included: nobody may
    // be left waiting.
    void run(Waiter* leader)
    {
        try {
            if (leader->next == nullptr)
                leader->answers = answers_for(leader->requests);
            else
                run_together(leader);
        } catch (...) {
            for (auto* rider = leader; rider != nullptr; rider = rider->next)
                rider->failure = std::current_exception();
        }
    }

    void run_together(Waiter* leader)
    {
        std::vector<Request> batch;
        for (auto* rider = leader; rider != nullptr; rider = rider->next)
            batch.insert(batch.end(), rider->requests.begin(), rider->requests.end());

        auto answers = answers_for(batch);
        auto begin = std::make_move_iterator(answers.begin());
        for (auto* rider = leader; rider != nullptr; rider = rider->next) {
            auto const end = begin + static_cast<std::ptrdiff_t>(rider->requests.size());
            rider->answers.assign(begin, end);
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

    void hand_over()
    {
        std::lock_guard const lock(mutex_);
        if (first_ == nullptr) {
            led_ = false;
            return;
        }
        first_->leads = true;
        first_->wake.post();
    }

    Execute execute_;
    std::size_t batch_max_;
    std::mutex mutex_;
    Waiter* first_ = nullptr; // whose requests no call has taken yet, in the order they came
    Waiter* last_ = nullptr;
    bool led_ = false;
};

} // namespace db
