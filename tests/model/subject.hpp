// The ledger under test, asked as its handlers ask it, but as the owner of the tables: so that time can be
// moved. A request, what the wallets then are and what verify says of them travel as one round trip.
#pragma once

#include "tests/model/operation.hpp"
#include "tests/model/reference.hpp"
#include "tests/support/line.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct pg_conn;

namespace model {

// What the ledger said and what it then was.
struct Observed {
    std::vector<Answer> answers; // one an operation of the call
    std::vector<WalletState> wallets;
    int steps = 0;      // that left more due, while a wallet was caught up with
    std::string broken; // the rules that the books break, and an event that would be missed; "" when in order
};

class Subject {
  public:
    // A connection of its own to the target's database, and a line that loses answers beside it.
    Subject();
    ~Subject();
    Subject(Subject const&) = delete;
    Subject& operator=(Subject const&) = delete;

    // So many people with empty wallets that nobody else has; those of before are left alone.
    void begin(int people);

    // One call for all of these, which same_call() allows; what is answered `behind` is caught up with and sent again, as the
    // handlers do. Throws std::runtime_error when the database refuses the call itself.
    Observed perform(std::span<Operation const> call);

    // Everything that is due has happened and every burn is booked: all the wallets, and Reference::grants()
    // of each.
    Observed finish();
    std::vector<std::vector<std::string>> grants();

  private:
    class Session;
    using Table = std::vector<std::vector<std::optional<std::string>>>;

    std::string id(char kind, int label) const;
    std::string wallet(int person) const; // of today, in quotes
    std::string wallets() const;          // all of them, as a range
    std::string request(std::span<Operation const> call) const;
    std::string spend(std::span<Operation const> call) const;
    std::string hold(std::span<Operation const> call) const;
    std::string holds(Operation const& operation) const;
    std::string end_hold(std::span<Operation const> call) const;
    std::string single(Operation const& operation) const;
    std::string passing(int hours) const;
    std::string owed(Operation const& operation) const;
    std::string registered(int person) const;
    std::string looks() const;
    std::vector<Answer> answers_to(std::span<Operation const> call);
    void catch_up(std::string const& wallet);
    Observed observed(std::vector<Answer> answers);
    Answer answer(std::vector<std::optional<std::string>> const& row) const;
    void lose_an_answer(std::string const& sql);

    std::string directory_; // of the line's socket
    std::unique_ptr<support::Line> line_;
    std::unique_ptr<Session> session_;
    std::string prefix_;         // of every id of these wallets
    std::string start_;          // when they began, by the database's clock
    std::vector<int> wallet_of_; // by person
    std::vector<bool> here_;     // by person
    int wallets_ = 0;            // all that there have been
    int steps_ = 0;              // made to catch up, since the last observation
};

} // namespace model
