#include "shared/ledger/stuck_wallets.hpp"

#include <chrono>

namespace ledger {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds remembered{1000};
constexpr milliseconds momentary{300};
constexpr std::size_t entries_swept = 64;

} // namespace

StuckWallets::Place::~Place()
{
    if (owner_ != nullptr) owner_->leave(wallet_);
}

bool StuckWallets::stuck(Name const& wallet)
{
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(wallet);
    return found != entries_.end() && std::chrono::steady_clock::now() - found->second.last < remembered;
}

std::optional<StuckWallets::Place> StuckWallets::wait_for(Name const& wallet)
{
    auto const now = std::chrono::steady_clock::now();
    std::lock_guard const lock(mutex_);
    if (entries_.size() >= entries_swept) forget_old(now);
    auto& entry = entries_.try_emplace(wallet, Entry{now, now}).first->second;
    if (now - entry.last > remembered) entry.since = now;
    entry.last = now;
    if (crowded(entry, entry.waiting + 1, now)) return {};
    ++entry.waiting;
    return Place(this, wallet);
}

bool StuckWallets::stay(Name const& wallet)
{
    auto const now = std::chrono::steady_clock::now();
    std::lock_guard const lock(mutex_);
    auto& entry = entries_.at(wallet);
    entry.last = now;
    return !crowded(entry, entry.waiting, now);
}

bool StuckWallets::crowded(Entry const& entry, int waiting, base::Deadline now)
{
    return waiting > waiting_max && now - entry.since > momentary;
}

void StuckWallets::freed(Name const& wallet)
{
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(wallet);
    if (found == entries_.end()) return;
    if (found->second.waiting == 0)
        entries_.erase(found);
    else
        found->second.last = base::Deadline{}; // the others' places go with them
}

void StuckWallets::leave(Name const& wallet)
{
    std::lock_guard const lock(mutex_);
    --entries_.at(wallet).waiting;
}

void StuckWallets::forget_old(base::Deadline now)
{
    std::erase_if(entries_, [now](auto const& item) {
        return item.second.waiting == 0 && now - item.second.last > remembered;
    });
}

} // namespace ledger
