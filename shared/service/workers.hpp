// Threads that each serve one connection at a time. One more is started when a connection finds none idle, up
// to a limit; once started they stay, so a busy process pays for no thread twice.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/service/descriptor.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace service {

// Serves the connection to its end and closes it. Must not throw.
using Serve = std::function<void(Descriptor connection)>;

class Workers {
  public:
    using Clock = std::chrono::steady_clock;

    // Throws std::system_error when the wake descriptor cannot be made.
    Workers(std::size_t threads_max, Serve serve);

    // Waits for everything that runs, however long it takes; finish() first where that matters.
    ~Workers();

    // Whether one more connection may be given: fewer than threads_max are being served or waiting.
    bool room() const;

    // Hands a connection to an idle worker, or to a new one. Only while there is room, from one thread. When
    // the system refuses the very first thread the connection is closed and std::system_error thrown; later
    // refusals only mean that the connection waits for a worker.
    void give(Descriptor connection);

    // Readable after room has come back; clear_room_event() before the next wait.
    int room_event() const { return room_event_.number(); }
    void clear_room_event();

    // Empty while anything runs or waits, else since when nothing has.
    std::optional<Clock::time_point> idle_since() const;

    // Serves what was given, takes nothing more and ends the threads. False when some still run at the
    // deadline.
    bool finish(base::Deadline deadline);

  private:
    void work();
    void start_thread();
    std::size_t taken() const { return serving_ + waiting_.size(); }

    std::size_t threads_max_;
    Serve serve_;
    Descriptor room_event_;

    mutable std::mutex mutex_;
    std::condition_variable given_;
    std::condition_variable ended_;
    std::deque<Descriptor> waiting_;
    std::vector<std::thread> threads_;
    std::size_t threads_running_ = 0;
    std::size_t serving_ = 0;
    Clock::time_point idle_since_;
    bool finishing_ = false;
};

} // namespace service
