// The rows that somebody else holds locked, as this process has met them.
//
// A lock that does not go away must cost its own callers and nobody else. So a row once met locked is
// asked without waiting from then on, until it answers; and of those who want it only a few may keep a worker
// while they try again: the others are told `busy` at once.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/uuid.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace db {

class ContendedRows {
  public:
    static constexpr int waiting_max = 8;

    // What a request calls the row: an id or a number. Two names of one row are two rows
    // here; each costs a few waits of its own.
    using Name = std::pair<std::optional<base::Uuid>, std::optional<std::int64_t>>;

    // Held by a request for as long as it waits for its row.
    class WaitSlot {
      public:
        WaitSlot(WaitSlot&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), row_(std::move(other.row_))
        {
        }
        WaitSlot& operator=(WaitSlot&&) = delete;
        ~WaitSlot();

      private:
        friend class ContendedRows;
        WaitSlot(ContendedRows* owner, Name row) : owner_(owner), row_(std::move(row)) {}

        ContendedRows* owner_;
        Name row_;
    };

    // Whether this row was met locked within the last second and has not answered since.
    bool contended(Name const& row);

    // This row was met locked. A slot among those who try again; empty when enough do, which counts only
    // once the lock has lasted: under load a row is locked for a moment very often.
    std::optional<WaitSlot> wait_for(Name const& row);

    // This row was met locked again. Whether one who has a slot keeps it: those who are too many leave.
    bool stay(Name const& row);

    // This row answered.
    void freed(Name const& row);

  private:
    struct Entry {
        base::Deadline since; // first met locked
        base::Deadline last;  // last met locked
        int waiting = 0;
    };

    static bool crowded(Entry const& entry, int waiting, base::Deadline now);
    void leave(Name const& row);
    void forget_old(base::Deadline now);

    std::mutex mutex_;
    std::map<Name, Entry> entries_;
};

} // namespace db
