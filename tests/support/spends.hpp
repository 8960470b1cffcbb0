// Spends as evidence: what was asked, what was answered and when; and a judge who compares all of it with the
// journal.
#pragma once

#include "tests/support/client.hpp"
#include "tests/support/wallet.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace support {

using Instant = std::chrono::steady_clock::time_point;

struct Order {
    Wallet wallet;
    std::int64_t amount = 1;
    std::string key;
    std::string description = "a spend";
};

struct Spent {
    Order order;
    int status = 0;
    std::string error; // lower_snake; "" when it went through
    bool replayed = false;
    std::string entry; // of a spend that went through
    std::int64_t before = 0;
    std::int64_t after = 0;
    std::int64_t required = 0; // of one refused for its balance
    std::int64_t available = 0;
    Instant sent;
    Instant received;
    int batch = -1; // items of one batch share a number and come in its order

    bool through() const { return status == 200; }
    int elapsed_ms() const;
};

Spent spend(Order const& order);
// One call for all of them. When the call as a whole fails, each item carries its status.
std::vector<Spent> spend_batch(std::vector<Order> const& orders);

// Repeats every spend that is not settled (no answer, 502, 503, 504) by its key until it is, for up to 20
// rounds; returns the last answer to each.
std::vector<Spent> settle(std::vector<Spent> const& spents);
bool unsettled(Spent const& spent);

enum class Losses { none, some };

// What contradicts the rules of spending, at most 20 sentences; empty: there is one order of events, the
// journal's, that explains every answer.
//   - each wallet's entries run from 1 without a gap, each stating the balance after it, never below zero,
//     and the wallet stands where its last entry left it
//   - an answer that tokens were spent has its entry, with that wallet, key, amount, before and after
//   - one key of one wallet has at most one entry; all its good answers are the same, and at most one of
//     them (exactly one when no answer was lost) is not marked as replayed
//   - every entry was asked for, and acknowledged when no answer was lost
//   - what was answered before something else was asked comes before it; a batch takes effect in its order
//   - a refusal for balance names what was asked and a smaller balance that the wallet had at a moment
//     between question and answer
//   - a key is called reused only when an entry with that key came from a different request
//   - there are no other answers, save unsettled ones where answers were lost
// `spents` must be all that was ever asked of these wallets by key.
std::vector<std::string> judge(std::vector<Spent> const& spents, std::vector<Wallet> const& wallets,
                               Losses losses);

} // namespace support
