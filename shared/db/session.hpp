// The one connection of a handler, handed from thread to thread in the order they asked, and the ways to use it: a
// call that changes something, sent until its answer is final, and a read, which may be sent again at will. Beside it another
// one is opened now and then, to catch up with a row that is behind.
#pragma once

#include "shared/db/catch_ups.hpp"
#include "shared/db/connection.hpp"
#include "shared/db/resend.hpp"

#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

namespace db {

// A fair lock around a Connection: first come, first served, so a stream of batches never starves a single
// call, and only the one whose turn it is gets woken.
class Session {
  public:
    // `step` is how a row that is behind is caught up with; without one such a row is busy.
    explicit Session(Options options, CatchUps::Step step = {})
        : connection_(options), catch_ups_(std::move(options), std::move(step))
    {
    }

    class Turn {
      public:
        Turn(Session& session, base::Deadline deadline);
        ~Turn();
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;
        Connection& operator*() const { return session_.connection_; }
        Connection* operator->() const { return &session_.connection_; }

      private:
        Session& session_;
    };

    // Waits for its turn; past the deadline CallFailed not_sent.
    Turn turn(base::Deadline deadline) { return Turn(*this, deadline); }

    // One call that changes something, sent until its answer is final (resend.hpp). `call(Connection&, NotAfter, Deadline)`
    // returns a row with a `status`; it must carry the same ids each time. Throws the failure when there is no time left.
    template <class Call>
    auto move(base::Deadline deadline, Call const& call)
    {
        return resend_until_final(
            deadline,
            [&](Sending& sending, bool remeasure_clock) {
                auto const until = call_deadline(deadline);
                auto const mine = turn(until);
                auto const not_after = begin(*mine, until, lock_wait_ms, sending, remeasure_clock);
                return call(*mine, not_after, until);
            },
            catching_up());
    }

    // A read, repeated while the database cannot answer. `call(Connection&, Deadline)`. Throws the failure when there is no
    // time left.
    template <class Call>
    auto read(base::Deadline deadline, Call const& call)
    {
        for (Resend resend(deadline);;) {
            try {
                auto const until = call_deadline(deadline);
                auto const mine = turn(until);
                return call(*mine, until);
            } catch (CallFailed const& failed) {
                if (resend.failed(as_read(failed), {}) == Resend::Next::give_up) throw resend.failure();
            }
            std::this_thread::sleep_for(resend.pause());
        }
    }

    // The same for a read that answers a row with a `status`, which may be `behind`.
    template <class Call>
    auto read_up_to_date(base::Deadline deadline, Call const& call)
    {
        return resend_until_final(
            deadline,
            [&](Sending&, bool) {
                try {
                    auto const until = call_deadline(deadline);
                    auto const mine = turn(until);
                    return call(*mine, until);
                } catch (CallFailed const& failed) {
                    throw as_read(failed);
                }
            },
            catching_up());
    }

    // Catches up with a row, for who sends calls in ways of their own.
    CatchUp catching_up()
    {
        return [this](base::Uuid const& row, base::Deadline deadline) {
            return catch_ups_.catch_up(row, deadline);
        };
    }

    // Returns when the database answers.
    void ping(base::Deadline deadline);

    // Fills in the Sending of a call that leaves now. Throws CallFailed not_sent when less than `needed_ms` is left by then:
    // the deadline would come in the middle.
    static NotAfter begin(Connection& connection, base::Deadline deadline, int needed_ms, Sending& sending,
                          bool remeasure_clock);

    // How many threads wait for their turn at this moment.
    std::size_t waiting();

  private:
    struct Waiter {
        std::condition_variable called;
        bool mine = false;
    };

    Connection connection_;
    std::mutex mutex_;
    std::list<Waiter*> waiting_;
    bool taken_ = false;
    CatchUps catch_ups_;
};

} // namespace db
