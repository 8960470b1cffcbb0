#include "shared/db/session.hpp"

namespace db {

Session::Turn::Turn(Session& session, base::Deadline deadline) : session_(session)
{
    std::unique_lock lock(session_.mutex_);
    if (!session_.taken_) {
        session_.taken_ = true;
        return;
    }
    Waiter self;
    auto const place = session_.waiting_.insert(session_.waiting_.end(), &self);
    if (self.called.wait_until(lock, deadline, [&self] { return self.mine; })) return;
    session_.waiting_.erase(place);
    throw CallFailed(Outcome::not_sent, "", "the connection was in use until the deadline");
}

Session::Turn::~Turn()
{
    std::lock_guard const lock(session_.mutex_);
    if (session_.waiting_.empty()) {
        session_.taken_ = false;
        return;
    }
    auto* const next = session_.waiting_.front();
    session_.waiting_.pop_front();
    next->mine = true;
    next->called.notify_one(); // under the lock: once it is gone, so may be the waiter
}

std::size_t Session::waiting()
{
    std::lock_guard const lock(mutex_);
    return waiting_.size();
}

} // namespace db
