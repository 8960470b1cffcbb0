// Running programs, and finding processes by who started them rather than by name alone.
#pragma once

#include "tests/support/sockets.hpp"
#include "tests/support/variables.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace support {

struct Ended {
    int exit_code;      // 128 + the signal when one ended it
    std::string output; // standard output and standard error, in the order they came
};

// Runs a program to its end; `variables` are added to this process's environment.
Ended run(std::vector<std::string> const& command, Variables const& variables = {});

// A program that runs beside the test and never outlives it.
class Process {
  public:
    struct Start {
        std::filesystem::path program;
        std::vector<std::string> arguments = {};
        std::map<std::string, std::string> environment = {}; // and nothing else
        int in = -1;                                         // -1: /dev/null
    };
    explicit Process(Start const& start);
    ~Process(); // kills it if it still runs
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;

    pid_t id() const { return id_; }
    void signal(int number) const;
    // The exit code, or minus the signal that ended it. Waits ten seconds, then -1000.
    int wait();
    // Closes nothing: what it has written so far, and all of it after wait().
    std::string output();
    std::string errors();
    // The next line of its output; empty when none comes within ten seconds.
    std::string output_line();

  private:
    pid_t id_ = 0;
    int status_ = 0;
    Descriptor out_;
    Descriptor err_;
    std::string output_;
    std::string errors_;
};

// The processes that `parent` started: all, with those that ended and were not waited for yet; or the living
// ones of that name.
std::vector<pid_t> children_of(pid_t parent);
std::vector<pid_t> children_of(pid_t parent, std::string const& name);
bool runs(pid_t process);
std::chrono::milliseconds cpu_time(pid_t process);

} // namespace support
