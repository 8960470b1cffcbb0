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
    std::string broken; // the rules that the books break, and an event that would be missed; "" when in order
};

class Subject {
  public:
    // A connection of its own to the target's database, and a line that loses answers beside it.
    Subject();
    ~Subject();
    Subject(Subject const&) = delete;
    Subject& operator=(Subject const&) = delete;

    // Empty wallets that nobody else has; those of before are left alone.
    void begin(int wallets);

    // One call for all of these, which same_call() allows. Throws std::runtime_error when the database
    // refuses the call itself.
    Observed perform(std::span<Operation const> call);

    // Everything that is due has happened and every burn is booked: all the wallets, and Reference::grants()
    // of each.
    Observed finish();
    std::vector<std::vector<std::string>> grants();

  private:
    class Session;
    using Table = std::vector<std::vector<std::optional<std::string>>>;

    std::string id(char kind, int label) const;
    std::string request(std::span<Operation const> call) const;
    std::string spend(std::span<Operation const> call) const;
    std::string hold(std::span<Operation const> call) const;
    std::string end_hold(std::span<Operation const> call) const;
    std::string single(Operation const& operation) const;
    std::string passing(int hours) const;
    std::string owed(Operation const& operation) const;
    std::string looks() const;
    Observed observed(std::vector<Table> const& tables, std::size_t answers) const;
    Answer answer(std::vector<std::optional<std::string>> const& row) const;
    void lose_an_answer(std::string const& sql);

    std::string directory_; // of the line's socket
    std::unique_ptr<support::Line> line_;
    std::unique_ptr<Session> session_;
    std::string prefix_; // of every id of these wallets
    std::string start_;  // when they began, by the database's clock
    int wallets_ = 0;
};

} // namespace model
