// The wallets that somebody else holds locked, as this process has met them.
//
// A lock that does not go away must cost its own callers and nobody else. So a wallet once met locked is
// asked without waiting from then on, until it answers; and of those who want it only a few may keep a worker
// while they try again: the others are told `busy` at once.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/ledger/types.hpp"

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace ledger {

class StuckWallets {
  public:
    static constexpr int waiting_max = 8;

    // Held by a request for as long as it waits for its wallet.
    class Place {
      public:
        Place(Place&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), user_(std::move(other.user_))
        {
        }
        Place& operator=(Place&&) = delete;
        ~Place();

      private:
        friend class StuckWallets;
        Place(StuckWallets* owner, UserRef user) : owner_(owner), user_(std::move(user)) {}

        StuckWallets* owner_;
        UserRef user_;
    };

    // Whether this wallet was met locked within the last second and has not answered since.
    bool stuck(UserRef const& user);

    // This wallet was met locked. A place among those who try again; empty when enough do, which counts only
    // once the lock has lasted: under load a wallet is locked for a moment very often.
    std::optional<Place> wait_for(UserRef const& user);

    // This wallet was met locked again. Whether one who has a place keeps it: those too many leave.
    bool stay(UserRef const& user);

    // This wallet answered.
    void freed(UserRef const& user);

  private:
    using Key = std::pair<std::optional<base::Uuid>, std::optional<std::int64_t>>;

    struct Entry {
        base::Deadline since; // first met locked
        base::Deadline last;  // last met locked
        int waiting = 0;
    };

    static bool crowded(Entry const& entry, int waiting, base::Deadline now);
    static Key key(UserRef const& user) { return {user.id, user.number}; }
    void leave(UserRef const& user);
    void forget_old(base::Deadline now);

    std::mutex mutex_;
    std::map<Key, Entry> entries_;
};

} // namespace ledger
