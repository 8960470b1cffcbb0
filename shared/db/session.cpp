#include "shared/db/session.hpp"

namespace db {

namespace {

// A call ends in the database this much before we stop waiting for it, so that the next send of an unsettled one comes
// after its not_after.
constexpr std::chrono::milliseconds not_after_margin{20};

} // namespace

Session::Turn::Turn(Session& session, base::Deadline deadline) : session_(session)
{
    auto lock = std::unique_lock(session_.mutex_);
    if (!session_.taken_) {
        session_.taken_ = true;
        return;
    }
    auto self = Waiter();
    auto const place = session_.waiting_.insert(session_.waiting_.end(), &self);
    if (self.called.wait_until(lock, deadline, [&self] { return self.mine; })) return;
    session_.waiting_.erase(place);
    throw CallFailed(Outcome::not_sent, "", "the connection was in use until the deadline");
}

Session::Turn::~Turn()
{
    auto const lock = std::lock_guard(session_.mutex_);
    if (session_.waiting_.empty()) {
        session_.taken_ = false;
        return;
    }
    auto* const next = session_.waiting_.front();
    session_.waiting_.pop_front();
    next->mine = true;
    next->called.notify_one(); // under the lock: once it is gone, so may be the waiter
}

void Session::ping(base::Deadline deadline)
{
    read(deadline,
         [](Connection& connection, base::Deadline until) { connection.call("select 1", Params{}, until); });
}

NotAfter Session::begin(Connection& connection, base::Deadline deadline, int needed_ms, Sending& sending,
                        bool remeasure_clock)
{
    if (remeasure_clock) connection.remeasure_clock();
    connection.ready(deadline);
    if (base::left_ms(deadline) < needed_ms)
        throw CallFailed(Outcome::not_sent, "", "no time left after waiting for the connection");
    sending.sent_at_us =
        connection.database_us(std::chrono::steady_clock::now()) - connection.clock_error_us();
    sending.not_after_us = connection.database_us(deadline - not_after_margin);
    return {sending.not_after_us};
}

std::size_t Session::waiting()
{
    auto const lock = std::lock_guard(mutex_);
    return waiting_.size();
}

} // namespace db
