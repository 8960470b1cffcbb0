// One thread waits, another wakes it, once.
//
// On a futex: with a condition variable the woken thread runs into the lock that the waking one still holds,
// which costs every request two more context switches, and std::binary_semaphore yields the processor before
// it sleeps.
#pragma once

#include "shared/base/clock.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>

namespace db {

class Event {
  public:
    // The waiting thread may destroy this as soon as it sees the store. The call after it then wakes nobody,
    // or somebody who waits at the same address by now and looks again, as every waiter on a futex must.
    void set()
    {
        set_.store(1, std::memory_order_release);
        call(FUTEX_WAKE_PRIVATE, 1, nullptr);
    }

    void wait() { wait_until(base::Deadline::max()); }

    // False: the deadline came first.
    bool wait_until(base::Deadline deadline)
    {
        auto const time = time_of(deadline);
        while (set_.load(std::memory_order_acquire) == 0) {
            auto const* const limit = deadline == base::Deadline::max() ? nullptr : &time;
            if (call(FUTEX_WAIT_BITSET_PRIVATE, 0, limit) != 0 && errno == ETIMEDOUT)
                return set_.load(std::memory_order_acquire) != 0;
        }
        return true;
    }

  private:
    static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t), "a futex is 32 bits");

    // A moment of CLOCK_MONOTONIC, which is steady_clock; FUTEX_WAIT_BITSET takes it as it is.
    static timespec time_of(base::Deadline deadline)
    {
        using namespace std::chrono;
        auto const since = deadline.time_since_epoch();
        auto const whole = floor<seconds>(since);
        return {.tv_sec = whole.count(), .tv_nsec = duration_cast<nanoseconds>(since - whole).count()};
    }

    long call(int operation, std::uint32_t value, timespec const* limit)
    {
        return syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&set_), operation, value, limit, nullptr,
                       FUTEX_BITSET_MATCH_ANY);
    }

    std::atomic<std::uint32_t> set_{0};
};

} // namespace db
