// The one connection of a handler, handed from thread to thread in the order they asked.
#pragma once

#include "shared/db/connection.hpp"

#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <utility>

namespace db {

// A fair lock around a Connection: first come, first served, so a stream of batches never starves a single
// call, and only the one whose turn it is gets woken.
class Session {
  public:
    explicit Session(Options options) : connection_(std::move(options)) {}

    class Turn {
      public:
        Turn(Session& session, base::Deadline deadline);
        ~Turn();
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;
        Connection& operator*() const { return session_.connection_; }
        Connection* operator->() const { return &session_.connection_; }

      private:
        Session& session_;
    };

    // Waits for its turn; past the deadline CallFailed not_sent.
    Turn turn(base::Deadline deadline) { return Turn(*this, deadline); }

    // How many threads wait for their turn at this moment.
    std::size_t waiting();

  private:
    struct Waiter {
        std::condition_variable called;
        bool mine = false;
    };

    Connection connection_;
    std::mutex mutex_;
    std::list<Waiter*> waiting_;
    bool taken_ = false;
};

} // namespace db
