#include "shared/db/catch_ups.hpp"

#include "shared/db/session.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace db {

namespace {

constexpr std::chrono::milliseconds pause_between_steps{15};

base::Failure busy(std::string log)
{
    return base::Failure(base::Error::busy, std::move(log)).retry_after(1);
}

base::Failure out_of_time()
{
    return busy("the row was behind until the deadline");
}

} // namespace

CatchUps::CatchUps(Options options, Step step) : options_(std::move(options)), step_(std::move(step)) {}

CatchUps::~CatchUps() = default;

std::optional<base::Failure> CatchUps::catch_up(base::Uuid const& row, base::Deadline deadline)
{
    if (!step_) return busy("the row is behind, and nothing here can catch up");
    auto lock = std::unique_lock(mutex_);
    auto& mine = rows_[row];
    if (waiting_ >= waiting_max || mine.waiting >= waiting_max_row) {
        if (mine.waiting == 0) rows_.erase(row);
        return busy("too many wait for rows that are behind");
    }
    ++waiting_;
    ++mine.waiting;
    auto failure = wait(lock, row, mine, deadline);
    --waiting_;
    if (--mine.waiting == 0) rows_.erase(row);
    return failure;
}

std::optional<base::Failure> CatchUps::wait(std::unique_lock<std::mutex>& lock, base::Uuid const& id,
                                            Row& row, base::Deadline deadline)
{
    auto const before = row.times_caught_up;
    auto const free_or_done = [&] { return !row.led || row.times_caught_up != before; };
    if (!row.changed.wait_until(lock, deadline, free_or_done)) return out_of_time();
    if (row.times_caught_up != before) return {};

    row.led = true;
    lock.unlock();
    auto failure = make_steps(id, deadline);
    lock.lock();
    row.led = false;
    if (!failure) ++row.times_caught_up;
    row.changed.notify_all();
    return failure;
}

std::optional<base::Failure> CatchUps::make_steps(base::Uuid const& id, base::Deadline deadline)
try {
    auto const connected = session();
    auto const step = [&](Connection& connection, base::Deadline until) {
        return step_(connection, id, until);
    };
    while (connected->read(deadline, step)) {
        std::this_thread::sleep_for(pause_between_steps);
        if (base::left_ms(deadline) < least_left_ms) return out_of_time();
    }
    return {};
} catch (base::Failure const& failure) {
    return failure;
}

// Closed when the last of those who make steps leaves it.
std::shared_ptr<Session> CatchUps::session()
{
    auto const lock = std::lock_guard(mutex_);
    auto found = session_.lock();
    if (!found) {
        found = std::make_shared<Session>(options_);
        session_ = found;
    }
    return found;
}

int CatchUps::waiting()
{
    auto const lock = std::lock_guard(mutex_);
    return waiting_;
}

} // namespace db
