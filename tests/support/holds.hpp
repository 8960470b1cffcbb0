// Holds as evidence: what was asked of holds and their settlements, what was answered and when; and a judge
// who compares all of it with the tables.
#pragma once

#include "tests/support/spends.hpp"
#include "tests/support/wallet.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace support {

struct HoldOrder {
    Wallet wallet;
    std::int64_t amount = 1;
    int ttl_seconds = 60;
    std::string key;
    std::optional<std::int64_t> lapse = {}; // what a lapse charges; a lapse without it releases
};

struct Held {
    HoldOrder order;
    int status = 0;
    std::string error; // lower_snake; "" when it went through
    bool replayed = false;
    std::string hold; // of one that went through
    Instant sent;
    Instant received;

    bool through() const { return status == 201; }
};

struct Settled {
    Wallet wallet;
    std::string hold;
    std::int64_t asked = 0; // 0: released
    int status = 0;
    std::string error;
    bool replayed = false;
    std::string entry; // of a capture that went through, with what follows
    std::int64_t spent = 0;
    std::int64_t before = 0;
    std::int64_t after = 0;
    std::int64_t captured = 0; // of one refused because the hold was settled already: with how much
    Instant sent;
    Instant received;

    bool through() const { return status == 200; }
};

struct HoldHistory {
    std::vector<Held> holds;
    std::vector<Settled> settlements;
};

Held place_hold(HoldOrder const& order);
Settled capture(Wallet const& wallet, std::string const& hold, std::int64_t amount);
Settled release(Wallet const& wallet, std::string const& hold);

bool unsettled(Held const& held);
bool unsettled(Settled const& settled);

// Repeats, by key or as it was, all that has no final answer, until it has one; for up to 20 rounds. Returns
// the last answers. A hold that is only now known to be there stays as it is: its expiry ends it.
HoldHistory settle(HoldHistory const& history);

// Reads the wallets' balances once their last hold has expired: whatever is due happens now at the latest.
void let_holds_lapse(std::vector<Wallet> const& wallets);

// What contradicts the rules of holds, at most 20 sentences; empty:
//   - each hold in the tables was asked for, once a key, with that wallet and amount; each acknowledged hold
//   is there
//   - an acknowledged capture has its entry, with that amount, before and after; an acknowledged release has
//   none; and
//     nothing else ever settled that hold
//   - who was told that a hold was settled already was told with how much
//   - at most one answer to one hold's placing, and to its settling, is not marked as replayed; exactly one
//   when no
//     answer was lost
//   - every entry without a key belongs to one hold: to a capture that was asked for with this amount, or to
//   the lapse
//     of a hold that charges, never settled and past its expiry
//   - what lapsed had expired; nothing is open that has expired, and `held` is the sum of what is open
//   - there are no other answers, save unsettled ones where answers were lost, and nobody is refused for want
//   of tokens
// `history` must be all that was ever asked of these wallets' holds; they must never be short of tokens, be
// touched after the last expiry (let_holds_lapse), and spends from them must have keys.
std::vector<std::string> judge_holds(HoldHistory const& history, std::vector<Wallet> const& wallets,
                                     Losses losses);

} // namespace support
