// A private farebox for tests that break things: its own Postgres, handlers and nginx, by scripts/stack, in a
// directory of its own. It is the target while it lives, and it ends with this process however that ends.
#pragma once

#include "tests/support/process.hpp"
#include "tests/support/target.hpp"

#include <string>
#include <vector>

namespace support {

class Stack {
  public:
    // `instances`: processes a handler; `environment` goes to the handlers. Throws std::runtime_error with
    // the script's output when it does not come up.
    explicit Stack(int instances = 1, Variables environment = {});
    ~Stack();
    Stack(Stack const&) = delete;
    Stack& operator=(Stack const&) = delete;

    void postgres_stop();  // as an operator's fast shutdown does
    void postgres_kill();  // as a power cut does
    void postgres_start(); // returns when it answers

    // Ends the connections of the handlers from the server's side; returns how many.
    int terminate_backends();

  private:
    void part(std::string const& verb) const;

    std::string directory_;
    int guard_pipe_ = -1;
    pid_t guard_ = 0;
    std::string superuser_url_;
    Target former_;
};

// The processes of that handler in the target's stack.
std::vector<pid_t> handler_processes(std::string const& name);

} // namespace support
