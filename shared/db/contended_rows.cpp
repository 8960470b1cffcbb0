#include "shared/db/contended_rows.hpp"

#include <chrono>

namespace db {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds remembered{1000};
constexpr milliseconds momentary{300};
constexpr std::size_t entries_swept = 64;

} // namespace

ContendedRows::WaitSlot::~WaitSlot()
{
    if (owner_ != nullptr) owner_->leave(row_);
}

bool ContendedRows::contended(Name const& row)
{
    auto const lock = std::lock_guard(mutex_);
    auto const found = entries_.find(row);
    return found != entries_.end() && std::chrono::steady_clock::now() - found->second.last < remembered;
}

std::optional<ContendedRows::WaitSlot> ContendedRows::wait_for(Name const& row)
{
    auto const now = std::chrono::steady_clock::now();
    auto const lock = std::lock_guard(mutex_);
    if (entries_.size() >= entries_swept) forget_old(now);
    auto& entry = entries_.try_emplace(row, Entry{now, now}).first->second;
    if (now - entry.last > remembered) entry.since = now;
    entry.last = now;
    if (crowded(entry, entry.waiting + 1, now)) return {};
    ++entry.waiting;
    return WaitSlot(this, row);
}

bool ContendedRows::stay(Name const& row)
{
    auto const now = std::chrono::steady_clock::now();
    auto const lock = std::lock_guard(mutex_);
    auto& entry = entries_.at(row);
    entry.last = now;
    return !crowded(entry, entry.waiting, now);
}

bool ContendedRows::crowded(Entry const& entry, int waiting, base::Deadline now)
{
    return waiting > waiting_max && now - entry.since > momentary;
}

void ContendedRows::freed(Name const& row)
{
    auto const lock = std::lock_guard(mutex_);
    auto const found = entries_.find(row);
    if (found == entries_.end()) return;
    if (found->second.waiting == 0)
        entries_.erase(found);
    else
        found->second.last = base::Deadline{}; // the others' places go with them
}

void ContendedRows::leave(Name const& row)
{
    auto const lock = std::lock_guard(mutex_);
    --entries_.at(row).waiting;
}

void ContendedRows::forget_old(base::Deadline now)
{
    std::erase_if(entries_, [now](auto const& item) {
        return item.second.waiting == 0 && now - item.second.last > remembered;
    });
}

} // namespace db
