// The reference: what the ledger's rules say, done the slow and plain way. Every burn is taken from its grant
// at once, every expiry and lapse happens in its hour, and nothing is shared with the SQL under test.
//
// Time goes in whole hours. Within an hour grants expire first, then holds lapse in the order they were
// placed; after that the hour's operations come.
#pragma once

#include "tests/model/operation.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace model {

using Tokens = std::int64_t;

// An answer in the ledger's own words. What an answer leaves empty the other side must leave empty, too.
struct Answer {
    std::string status;
    std::optional<int>
        made; // the label of the entry or hold that it names; -1: one that the ledger made by itself
    std::optional<Tokens> amount;
    std::optional<Tokens> before; // of a read: held
    std::optional<Tokens> after;  // of a read: debt
    std::optional<Tokens> available;
    std::optional<std::string> became = {}; // of a hold placed: "open", "captured 25"
    std::optional<Tokens> held = {};        // of a shortage: by open holds

    friend bool operator==(Answer const&, Answer const&) = default;
};
std::string text(Answer const& answer);

struct WalletState {
    Tokens balance = 0;
    Tokens held = 0;
    Tokens debt = 0;
    Tokens expired = 0; // since the wallet began

    friend bool operator==(WalletState const&, WalletState const&) = default;
};
std::string text(WalletState const& state);

class Reference {
  public:
    // People with an address each, which nobody has confirmed.
    explicit Reference(int people);

    // What is applied from here on goes in one call, and so happens in one instant.
    void begin_call() { ++call_; }

    // The answer to one request; a request sent twice is applied twice.
    Answer apply(Operation const& operation);

    // The wallets that this operation brings up to date. Wallets are those of the people, and behind them those of who came back,
    // in that order.
    std::vector<int> touched(Operation const& operation) const;
    int wallets() const { return static_cast<int>(wallets_.size()); }

    WalletState const& state(int wallet) const { return wallets_[at(wallet)].state; }
    // "entry 3 priority 2: 5 of 40", sorted; what is left of every grant that the wallet ever had.
    std::vector<std::string> grants(int wallet) const;

    // What happened besides the answers, and how often: "lapse charged", "tokens kept for a hold".
    std::map<std::string, int> const& events() const { return events_; }

  private:
    static constexpr int never = std::numeric_limits<int>::max();
    static constexpr Tokens starting_tokens = 50'000; // farebox.settings
    static constexpr int starting_priority = 100;

    struct Grant {
        int entry = 0;
        int priority = 0;
        int expires = never;
        Tokens amount = 0;
        Tokens remaining = 0;
        bool due = false;
    };
    struct Slice {
        std::size_t grant = 0;
        Tokens amount = 0;
    };
    struct Wallet {
        WalletState state;
        bool blocked = false;
        std::vector<Grant> grants; // in the order they came
        bool left = false;
    };
    struct Person {
        int wallet = 0; // the one of today
        bool here = true;
        bool confirmed = false;     // so there was a turn at the starting tokens
        bool known = false;         // the address has had them
        bool known_blocked = false; // and left with a wallet that an operator had blocked
    };
    using HoldName = std::pair<int, int>; // the label, and which of those of one operation
    struct Entry {
        Kind kind = Kind::spend; // captures are spends
        int wallet = 0;
        int other = 0; // transfer: who received; reverse: the entry taken back
        std::string fingerprint;
        Tokens amount = 0;
        Tokens before = 0;
        Tokens after = 0; // when the call returned: a debt is paid by then, and what expires has expired
        Tokens reversed = 0;
        std::vector<Slice> slices; // of its burn
    };
    struct Hold {
        int wallet = 0;
        Tokens amount = 0;
        Tokens lapse = 0;
        int created = 0;
        int expires = 0;
        int call = 0; // that placed it
        std::string fingerprint;
        bool open = true;
        std::optional<Tokens> asked; // what settled it asked for
        Answer settled;              // what it was told
    };

    static std::size_t at(int wallet) { return static_cast<std::size_t>(wallet); }
    int wallet_of(int person) const { return people_[at(person)].wallet; }
    Tokens available(int wallet) const;
    std::vector<Slice> burn(int wallet, Tokens amount, int hold_created = never);
    void add_grant(int wallet, Grant grant);
    void pay_debt(int wallet);
    void expire_due(int wallet);
    void hour_passes(int wallet);
    void lapse(Hold& hold);
    static std::string became(Hold const& hold);

    Answer read(Operation const& operation);
    Answer spend(Operation const& operation);
    Answer hold(Operation const& operation);
    Answer place(Operation const& operation, HoldName const& name);
    Answer end_hold(Operation const& operation);
    Answer mark_started(Operation const& operation);
    Answer grant(Operation const& operation);
    Answer transfer(Operation const& operation);
    Answer reverse(Operation const& operation);
    Answer refund(Operation const& operation, Entry& spend);
    Answer take_back(Operation const& operation, Entry& grant);
    Answer owe(Operation const& operation);
    Answer block(Operation const& operation, bool blocked);
    Answer confirm(Operation const& operation);
    Answer leave(Operation const& operation);
    Answer come_back(Operation const& operation);

    // The answer to a request whose key, or without a key whose id, made an entry before.
    std::optional<Answer> repeated(Operation const& operation, int wallet, int other) const;
    Answer remember(Operation const& operation, Entry entry);

    int hour_ = 0;
    int call_ = 0;
    std::map<std::string, int> events_;
    std::vector<Person> people_;
    std::vector<Wallet> wallets_;
    std::map<int, Entry> entries_;
    std::map<HoldName, Hold> holds_;  // in the order they were placed
    std::map<std::string, int> keys_; // "spend 0 7": kind, wallet and key; to the label of what it made
};

} // namespace model
