// One thread waits, another wakes it, once.
#pragma once

#include "shared/base/clock.hpp"

#include <condition_variable>
#include <mutex>

namespace db {

class Wakeup {
  public:
    // The waiting thread may destroy this as soon as its wait is over, so the notification happens under the
    // lock: the wait cannot end before it.
    void post()
    {
        std::lock_guard const lock(mutex_);
        posted_ = true;
        changed_.notify_one();
    }

    void wait()
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return posted_; });
    }

    // False: the deadline came first.
    bool wait_until(base::Deadline deadline)
    {
        std::unique_lock lock(mutex_);
        return changed_.wait_until(lock, deadline, [this] { return posted_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool posted_ = false;
};

} // namespace db
