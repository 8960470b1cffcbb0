// The one connection of a handler, handed from thread to thread in the order they asked.
#pragma once

#include "shared/db/connection.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace db {

// A fair lock around a Connection: first come, first served, so a stream of batches never starves a single
// call.
class Session {
  public:
    explicit Session(Options options) : connection_(std::move(options)) {}

    class Turn {
      public:
        explicit Turn(Session& session);
        ~Turn();
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;
        Connection& operator*() const { return session_.connection_; }
        Connection* operator->() const { return &session_.connection_; }

      private:
        Session& session_;
    };

    // Waits for its turn. Every call has a deadline, so every turn ends.
    Turn turn() { return Turn(*this); }

  private:
    Connection connection_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t next_ticket_ = 0;
    std::uint64_t serving_ = 0;
};

} // namespace db
