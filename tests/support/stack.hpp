// A private farebox for tests that break things: its own Postgres, handlers and nginx, by scripts/stack, in a
// directory of its own. It is the target while it lives, and it ends with this process however that ends.
#pragma once

#include "tests/support/process.hpp"
#include "tests/support/target.hpp"

#include <optional>
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
    // Ends one of them, any.
    void terminate_backend();
    // Kills the process of one of them with SIGKILL. The server then takes all of its processes down and
    // comes up again by itself; returns when it has. False when there was none, or it was leaving already.
    bool kill_backend();

    // A setting of the whole server, for connections that exist as well; without a value its default.
    void set(std::string const& name, std::optional<std::string> const& value);

    // Where the server keeps its tables.
    std::string data_directory() const;

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
