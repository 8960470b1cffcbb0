// Why a queue at all, when room() already bounds it: a worker that has answered goes back to sleep a moment
// after its client saw the answer, and the client's next connection may come before that moment.

#include "shared/service/workers.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>

namespace service {

Workers::Workers(std::size_t threads_max, Serve serve)
    : threads_max_(threads_max), serve_(std::move(serve)),
      room_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), idle_since_(Clock::now())
{
    if (!room_event_.open()) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Workers::~Workers()
{
    finish(base::Deadline::max());
}

bool Workers::room() const
{
    auto const lock = std::lock_guard(mutex_);
    return taken() < threads_max_;
}

void Workers::give(Descriptor connection)
{
    {
        auto const lock = std::lock_guard(mutex_);
        waiting_.push_back(std::move(connection));
        auto const idle = threads_running_ - serving_;
        if (waiting_.size() > idle && threads_running_ < threads_max_) start_thread();
    }
    // Without the lock: the woken worker would only wait for it.
    given_.notify_one();
}

void Workers::start_thread()
{
    try {
        threads_.emplace_back([this] { work(); });
        ++threads_running_;
    } catch (std::system_error const&) {
        if (threads_running_ > 0) return;
        waiting_.clear();
        throw;
    }
}

void Workers::work()
{
    auto lock = std::unique_lock(mutex_);
    for (;;) {
        given_.wait(lock, [this] { return !waiting_.empty() || finishing_; });
        if (waiting_.empty()) break;
        auto connection = std::move(waiting_.front());
        waiting_.pop_front();
        ++serving_;

        lock.unlock();
        serve_(std::move(connection));
        lock.lock();

        // The dispatcher sleeps on this event only when it saw no room, so it is written only on that edge.
        if (taken() == threads_max_) eventfd_write(room_event_.number(), 1);
        --serving_;
        idle_since_ = Clock::now();
    }
    --threads_running_;
    ended_.notify_all();
}

void Workers::clear_room_event()
{
    auto ignored = eventfd_t{};
    eventfd_read(room_event_.number(), &ignored);
}

std::optional<Workers::Clock::time_point> Workers::idle_since() const
{
    auto const lock = std::lock_guard(mutex_);
    if (taken() > 0) return std::nullopt;
    return idle_since_;
}

bool Workers::finish(base::Deadline deadline)
{
    auto lock = std::unique_lock(mutex_);
    finishing_ = true;
    given_.notify_all();
    if (!ended_.wait_until(lock, deadline, [this] { return threads_running_ == 0; })) return false;
    lock.unlock();

    for (auto& thread : threads_)
        thread.join();
    threads_.clear();
    return true;
}

} // namespace service
