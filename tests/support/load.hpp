// Steady spending in the background while a test breaks something.
#pragma once

#include "tests/support/spends.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace support {

// Clients that each spend one token after the other, every one under a key of its own, from wallets at
// random. A client told that something is not available waits a moment, as a polite one does; it repeats
// nothing: that is for settle().
class Load {
  public:
    Load(std::vector<Wallet> wallets, int clients);
    // So many spends a second of all clients together, as far as the service keeps up.
    Load(std::vector<Wallet> wallets, int clients, int a_second);
    ~Load();
    Load(Load const&) = delete;
    Load& operator=(Load const&) = delete;

    // Whether `count` more spends that were sent after this call went through, within that time.
    bool serves(int count, std::chrono::milliseconds within);
    // Whether `count` more were refused or failed.
    bool fails(int count, std::chrono::milliseconds within);

    // Everything that was asked and answered so far.
    std::vector<Spent> so_far() const;

    // Ends the clients after their current request; everything that was asked and answered.
    std::vector<Spent> stop();

  private:
    void client(int number, std::stop_token const& stop);
    long count_since(Instant start, bool through) const;

    std::vector<Wallet> wallets_;
    std::chrono::microseconds each_{0}; // the least time from one spend of a client to its next
    mutable std::mutex mutex_;
    std::vector<Spent> spents_;
    std::vector<std::jthread> clients_;
};

// The slowest answer, in milliseconds.
int slowest_ms(std::vector<Spent> const& spents);

// The time within which that share (0.99) of the answers came.
int percentile_ms(std::vector<Spent> const& spents, double share);

} // namespace support
