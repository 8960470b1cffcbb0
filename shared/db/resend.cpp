#include "shared/db/resend.hpp"

#include "shared/db/status.hpp"

#include <algorithm>
#include <random>

namespace db {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds pause_first{20};
constexpr milliseconds pause_most{100};

// A database that has been away for longer than a restart takes is not waited for: its callers would fill
// every worker, and those behind them would wait without being seen.
constexpr milliseconds outage_patience{2000};

base::Failure busy(std::string log)
{
    return base::Failure(base::Error::busy, std::move(log)).retry_after(1);
}

// Who calls is judged before a replay is looked for, so such a refusal does not tell whether an earlier send took effect.
bool says_who_may(std::string_view status)
{
    return status == "unauthorized" || status == "forbidden";
}

} // namespace

base::Deadline call_deadline(base::Deadline deadline)
{
    auto const left = milliseconds(base::left_ms(deadline));
    auto const budget = std::max(left / 2, std::min(left, milliseconds(500)));
    return std::chrono::steady_clock::now() + budget;
}

Resend::Next Resend::answered(std::string_view status, Sending const& sending)
{
    if (took_effect(status)) return Next::take_answer;
    if (status == "busy") {
        cautious_ = true;
        return again(growing_pause(), busy("the row is locked by another session"));
    }
    if (status == "behind") return again(growing_pause(), busy("the row is behind"));
    if (status == "late") {
        auto failure = busy("the call came after its own not_after");
        if (lates_++ > 0 && !unsettled_until_us_) return give_up(std::move(failure));
        return again(lates_ > 1 ? growing_pause() : milliseconds(0), std::move(failure));
    }
    if (!unsettled_until_us_) return Next::take_answer;
    if (says_who_may(status))
        return give_up(busy("who calls lost the right while an earlier send is unsettled"));
    if (sending.sent_at_us > *unsettled_until_us_) return Next::take_answer;
    auto const wait_us = *unsettled_until_us_ - sending.sent_at_us;
    return again(milliseconds(wait_us / 1000 + 1), busy("refused while an earlier send is unsettled"));
}

Resend::Next Resend::failed(CallFailed const& failed, Sending const& sending)
{
    auto failure = to_failure(failed);
    switch (failed.outcome) {
    case Outcome::unknown:
        unsettled_until_us_ = std::max(unsettled_until_us_.value_or(0), sending.not_after_us);
        return again(growing_pause(), std::move(failure));
    case Outcome::not_sent:
        if (failed.unreachable > outage_patience && !unsettled_until_us_) return give_up(std::move(failure));
        return again(growing_pause(), std::move(failure));
    case Outcome::rolled_back:
        break;
    }
    if (failed.sqlstate == "55P03")
        cautious_ = true;
    else if (!failed.sqlstate.starts_with("40"))
        return give_up(std::move(failure));
    return again(growing_pause(), std::move(failure));
}

Resend::Next Resend::give_up(base::Failure failure)
{
    failure_ = unsettled_until_us_ ? base::Failure(base::Error::outcome_unknown, failure.log()).retry_after(1)
                                   : std::move(failure);
    return Next::give_up;
}

Resend::Next Resend::again(milliseconds pause, base::Failure otherwise)
{
    if (milliseconds(base::left_ms(deadline_)) < pause + milliseconds(least_left_ms))
        return give_up(std::move(otherwise));
    pause_ = pause;
    return Next::send_again;
}

// 20 ms growing to 100, each by chance up to half shorter, so that those who failed together do not come back
// together.
milliseconds Resend::growing_pause()
{
    thread_local auto chance = std::minstd_rand{std::random_device{}()};
    auto const whole = std::min(pause_first * (1 << std::min(pauses_++, 4)), pause_most);
    return milliseconds(
        std::uniform_int_distribution<milliseconds::rep>(whole.count() / 2, whole.count())(chance));
}

CallFailed as_read(CallFailed failed)
{
    if (failed.outcome == Outcome::unknown) failed.outcome = Outcome::not_sent;
    return failed;
}

} // namespace db
