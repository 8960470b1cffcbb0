// Users and their wallets, in the words of the domain. Every test makes its own, with random numbers, so all
// tests may run at once against one farebox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace support {

struct JournalEntry {
    std::string id;
    std::int64_t amount; // signed: what it did to the wallet
    std::int64_t seq;
    std::int64_t after;
    std::string kind;
    std::optional<std::string> key;
    std::optional<std::string> description;
};

struct Wallet {
    std::string id; // UUID of the user and the wallet
    std::int64_t number;

    // "/api/v1/users/<number>/<what>".
    std::string path(std::string_view what) const;

    // What the tables hold, not what the service says.
    std::int64_t balance() const;
    std::int64_t seq() const;
    std::vector<JournalEntry> entries() const; // in order of seq
    std::vector<JournalEntry> spends() const;  // those of kind spend

    // What no endpoint of this part does yet: set in the tables.
    void block() const;
    void subscribe_until(std::string_view sql_instant) const; // "now() - interval '1 day'"
    void top_up(std::int64_t tokens) const;                   // by the grants endpoint
};

struct NewUser {
    std::optional<std::string> phone;
    std::optional<std::string> email;

    NewUser with_phone(std::string digits) const;
    NewUser with_email(std::string address) const;
    // Creates the user with that many tokens. Throws std::runtime_error when the service refuses.
    Wallet holding(std::int64_t tokens) const;
};

NewUser a_user();

// So many new users with that many tokens each.
std::vector<Wallet> wallets_holding(std::int64_t tokens, int count);

// The body of a spend like any other, where a test is about something else than what is ordered.
std::string an_order(std::int64_t amount = 1);
std::string an_order(std::int64_t amount, std::string const& key);

// A phone's digits and a number that no other test uses.
std::string a_phone();
std::int64_t a_number();
// A key that nobody used before.
std::string a_key();

} // namespace support
