// Running the project's scripts, and finding processes by who started them rather than by name alone.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace support {

struct Ended {
    int exit_code;      // 128 + the signal when one ended it
    std::string output; // standard output and standard error, in the order they came
};

using Variables = std::vector<std::pair<std::string, std::string>>;

// Runs a program to its end; `variables` are added to this process's environment.
Ended run(std::vector<std::string> const& command, Variables const& variables = {});

// The living processes of that name that `parent` started.
std::vector<pid_t> children_of(pid_t parent, std::string const& name);

} // namespace support
