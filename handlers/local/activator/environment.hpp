// What a handler's process gets of our environment: what its program says it reads, and what the system's libraries
// read in any program. Nothing else, so no handler has a secret that it does not use.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace activator {

// "NAME=value" texts. Asks the program, `program --needs`: a name a line, or "NAME unless OTHER". Throws std::runtime_error when it does not tell
// within a few seconds.
std::vector<std::string> environment_of(std::filesystem::path const& program);

} // namespace activator
