// Everything at once in the background while a test breaks something: spends, holds that are captured,
// released or left to lapse, and balance reads.
#pragma once

#include "tests/support/holds.hpp"
#include "tests/support/spends.hpp"

#include <array>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace support {

// What the handlers are asked for; each is another program.
enum class Request { spend, hold, balance };
inline constexpr std::array<Request, 3> all_requests{Request::spend, Request::hold, Request::balance};

struct MixedHistory {
    std::vector<Spent> spends;
    HoldHistory holds;
};

// Clients that are told that something is not available wait a moment, and repeat nothing: that is for
// settle().
class MixedLoad {
  public:
    MixedLoad(std::vector<Wallet> wallets, int clients);
    ~MixedLoad();
    MixedLoad(MixedLoad const&) = delete;
    MixedLoad& operator=(MixedLoad const&) = delete;

    // Whether each of these was sent after this call, or after `since`, and went through.
    bool serves(std::chrono::milliseconds within) const;
    bool serves(Instant since, std::chrono::milliseconds within) const;

    // Ends the clients after their current request; everything that was asked and answered.
    MixedHistory stop();

  private:
    void client(int number, std::stop_token const& stop);
    bool act(Wallet const& wallet, std::size_t turn);
    bool spend_one(Wallet const& wallet);
    bool hold_one(Wallet const& wallet, std::size_t turn);
    bool read_one(Wallet const& wallet);
    void served(Request request, Instant sent);

    std::vector<Wallet> wallets_;
    mutable std::mutex mutex_;
    MixedHistory history_;
    std::array<Instant, all_requests.size()> last_served_{}; // when the last one that went through was sent
    std::vector<std::jthread> clients_;
};

// Settles what is open, lets every hold lapse, and holds everything that was answered against the books.
// Returns what is wrong, in sentences.
std::vector<std::string> judge_settled(MixedHistory history, std::vector<Wallet> const& wallets);

} // namespace support
