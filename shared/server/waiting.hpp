// Connections that wait, without a thread each, for something to arrive.
#pragma once

#include "shared/server/descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace server {

class Waiting {
  public:
    using Clock = std::chrono::steady_clock;
    using Id = std::uint64_t;

    enum class Tell {
        once,    // whoever waits first is told, and nobody again until the connection is put back
        arrival, // told whenever more has arrived, while the rest lies unread; for one thread only
    };

    struct One {
        Descriptor connection; // not open: it was taken away in the meantime
        Clock::time_point since;
    };

    // Throws std::system_error when the system refuses.
    explicit Waiting(Tell tell);

    // Blocks until something has arrived; of several that wait the one that slept last returns. Empty after the
    // timeout (-1: none) or a signal.
    std::optional<Id> wait(int timeout_ms);

    // Puts a connection here until it is taken. Throws std::system_error when the system refuses, and the
    // connection is closed.
    void put(Id id, Descriptor connection, Clock::time_point since = Clock::now());

    // Takes it away. Of several that try, one gets it.
    One take(Id id);

    // To look at it where it is; only for the thread that alone takes from here.
    std::optional<int> number_of(Id id) const;

    // Closes those that wait since before `moment`; returns how many.
    std::size_t close_older(Clock::time_point moment);

    // Since when the one that has waited longest waits.
    std::optional<Clock::time_point> oldest() const;

    // For other descriptors that the same threads wait for: told once as above, or whenever they are
    // readable. Their ids must differ from those of connections.
    void watch_once(Id id, int descriptor);
    void watch_always(Id id, int descriptor);
    void unwatch(int descriptor);

    // To be waited for together with others: readable when wait() would return.
    int number() const { return epoll_.number(); }

  private:
    void control(int operation, int descriptor, std::uint32_t events, Id id) const;

    Tell tell_;
    Descriptor epoll_;
    mutable std::mutex mutex_;
    std::unordered_map<Id, One> connections_;
};

} // namespace server
