// Rows that are behind: more has fallen due on one than a call has time for, so the call leaves it alone, answers `behind` and
// names it. What is due is then done in steps, each a transaction of its own, and the call is sent again with the same ids.
//
// The steps go over a second connection, which is open only while somebody catches up: the first one serves everybody else.
// Between two steps there is a pause, so that the others who use the database, its disk and its processors get their turn.
// One thread for each row makes the steps, and those who want the same row wait for it. Who waits keeps a worker, so only a few
// may; the others are told `busy` at once. Where the deadline comes first the answer is `busy`, and the next one goes on
// where this one stopped.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/failure.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/connection.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace db {

class Session;

// Catches up with that row: empty once nothing is due on it, else why not.
using CatchUp = std::function<std::optional<base::Failure>(base::Uuid const& row, base::Deadline)>;

class CatchUps {
  public:
    // Threads that may wait, those that make the steps included.
    static constexpr int waiting_max_row = 8;
    static constexpr int waiting_max = 32;

    // One step: whether more is due. Throws CallFailed. As with a read, it may be made again at will.
    using Step = std::function<bool(Connection&, base::Uuid const& row, base::Deadline)>;

    // Without a step there is nothing that could be behind.
    CatchUps(Options options, Step step);
    ~CatchUps();

    // Blocks until nothing is due on the row; else the failure: busy, or what the database said.
    std::optional<base::Failure> catch_up(base::Uuid const& row, base::Deadline deadline);

    // How many threads wait at this moment.
    int waiting();

  private:
    struct Row {
        int waiting = 0;
        bool led = false; // somebody makes the steps
        std::uint64_t times_caught_up = 0;
        std::condition_variable changed;
    };

    std::optional<base::Failure> wait(std::unique_lock<std::mutex>& lock, base::Uuid const& id, Row& row,
                                      base::Deadline deadline);
    std::optional<base::Failure> make_steps(base::Uuid const& id, base::Deadline deadline);
    std::shared_ptr<Session> session();

    Options options_;
    Step step_;
    std::mutex mutex_;
    std::map<base::Uuid, Row> rows_; // on which somebody waits
    int waiting_ = 0;
    std::weak_ptr<Session> session_; // of those who make steps now
};

} // namespace db
