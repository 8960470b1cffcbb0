// When is the answer to a call that changes something final, and when must it be sent again?
//
// A call whose connection was lost may have been committed, may still wait for a lock, or may never have
// arrived. Asking whether it is there cannot tell: the old backend may go on after the question. So the same
// call is sent again with the same ids, which takes effect once however often it arrives, and every send says
// until when it may act (`not_after`, in the database's clock). Then:
//
//   ok, replayed   final.
//   a refusal      final, unless an earlier send is still unsettled: that one may act after this refusal. It
//                  is final once this send began after the earlier one's not_after: the database looked at
//                  the row later than the earlier send could have changed it.
//   unauthorized,  judged before a replay is looked for: with an earlier send unsettled they do not tell what that
//   forbidden      one did, however late they come. outcome_unknown.
//   busy           somebody else holds the row: again, until there is no time left.
//   behind         more has fallen due on the row than a call has time for: again, once it was caught up with (catch_ups.hpp).
//   late           this send came after its not_after. Our measure of the database's clock may be off: it is
//                  measured anew and the move sent once more.
//
// Who runs out of time with an unsettled send answers outcome_unknown, never a refusal.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/failure.hpp"
#include "shared/db/catch_ups.hpp"
#include "shared/db/connection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace db {

// Less time than this is not worth a send: its answer would come too late.
inline constexpr int least_left_ms = 200;

// A call that may wait for a row's lock needs this much: the role's lock_timeout (250 ms) and the way.
inline constexpr int lock_wait_ms = 300;

// The deadline of one call that serves requests due at `deadline`: half of what is left, so that after a
// server that does not answer there is time for another send; not less than 500 ms where there are that many.
base::Deadline call_deadline(base::Deadline deadline);

// The moment after which a call changes nothing, by the database's clock: microseconds since 1970 UTC.
struct NotAfter {
    std::int64_t us;
};

// One send, by the database's clock. Zeros when nothing was sent.
struct Sending {
    std::int64_t sent_at_us = 0;   // it began at this moment or later
    std::int64_t not_after_us = 0; // it moves nothing after this one
};

class Resend {
  public:
    enum class Next { take_answer, send_again, give_up };

    explicit Resend(base::Deadline deadline) : deadline_(deadline) {}

    // The function answered with this status.
    Next answered(std::string_view status, Sending const& sending);

    // The call failed.
    Next failed(CallFailed const& failed, Sending const& sending);

    // Ends here with this failure, or with outcome_unknown while a send is unsettled.
    Next give_up(base::Failure failure);

    // With send_again: how long to wait first, and how to send.
    std::chrono::milliseconds pause() const { return pause_; }
    bool cautious() const { return cautious_; }         // do not wait for the row's lock
    bool remeasure_clock() const { return lates_ > 0; } // the database's clock is not what we thought

    // With give_up.
    base::Failure const& failure() const { return *failure_; }

    base::Deadline deadline() const { return deadline_; }

  private:
    Next again(std::chrono::milliseconds pause, base::Failure otherwise);
    std::chrono::milliseconds growing_pause();

    base::Deadline deadline_;
    std::optional<std::int64_t> unsettled_until_us_; // by the database's clock
    std::optional<base::Failure> failure_;
    std::chrono::milliseconds pause_{0};
    int pauses_ = 0;
    int lates_ = 0;
    bool cautious_ = false;
};

// The row that an answer says is behind; kinds of answers that never say so have no such member.
template <class Answer>
std::optional<base::Uuid> behind_of(Answer const& answer)
{
    if constexpr (requires { answer.behind(); })
        return answer.behind();
    else
        return {};
}

// Sends one move until its answer is final. `send(Sending&, bool remeasure_clock)` fills in the Sending
// before anything leaves, and returns a row with a `status` or throws CallFailed. Throws the failure when
// there is no time left.
template <class Send>
auto resend_until_final(base::Deadline deadline, Send const& send, CatchUp const& catch_up = {})
{
    auto resend = Resend(deadline);
    for (;;) {
        auto sending = Sending();
        auto next = Resend::Next::send_again;
        try {
            auto row = send(sending, resend.remeasure_clock());
            next = resend.answered(row.status, sending);
            if (next == Resend::Next::take_answer) return row;
            if (auto const behind = behind_of(row); behind && catch_up && next == Resend::Next::send_again)
                if (auto failure = catch_up(*behind, deadline)) next = resend.give_up(*std::move(failure));
        } catch (CallFailed const& failed) {
            next = resend.failed(failed, sending);
        }
        if (next == Resend::Next::give_up) throw resend.failure();
        std::this_thread::sleep_for(resend.pause());
    }
}

// A read that failed moved nothing, however it failed: it may be sent again at will.
CallFailed as_read(CallFailed failed);

} // namespace db
