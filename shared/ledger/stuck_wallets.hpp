// The wallets that somebody else holds locked, as this process has met them.
//
// A lock that does not go away must cost its own callers and nobody else. So a wallet once met locked is
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

namespace ledger {

class StuckWallets {
  public:
    static constexpr int waiting_max = 8;

    // What a request calls its wallet: the user's id or number, or the id of a hold on it. Two names of one
    // wallet are two wallets here; each costs a few waits of its own.
    using Name = std::pair<std::optional<base::Uuid>, std::optional<std::int64_t>>;

    // Held by a request for as long as it waits for its wallet.
    class Place {
      public:
        Place(Place&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), wallet_(std::move(other.wallet_))
        {
        }
        Place& operator=(Place&&) = delete;
        ~Place();

      private:
        friend class StuckWallets;
        Place(StuckWallets* owner, Name wallet) : owner_(owner), wallet_(std::move(wallet)) {}

        StuckWallets* owner_;
        Name wallet_;
    };

    // Whether this wallet was met locked within the last second and has not answered since.
    bool stuck(Name const& wallet);

    // This wallet was met locked. A place among those who try again; empty when enough do, which counts only
    // once the lock has lasted: under load a wallet is locked for a moment very often.
    std::optional<Place> wait_for(Name const& wallet);

    // This wallet was met locked again. Whether one who has a place keeps it: those too many leave.
    bool stay(Name const& wallet);

    // This wallet answered.
    void freed(Name const& wallet);

  private:
    struct Entry {
        base::Deadline since; // first met locked
        base::Deadline last;  // last met locked
        int waiting = 0;
    };

    static bool crowded(Entry const& entry, int waiting, base::Deadline now);
    void leave(Name const& wallet);
    void forget_old(base::Deadline now);

    std::mutex mutex_;
    std::map<Name, Entry> entries_;
};

} // namespace ledger
