// The sockets that the web server connects to, and who owns them.
#pragma once

#include "shared/server/descriptor.hpp"

#include <filesystem>

namespace activator {

// Takes the run directory for this process; the claim ends with the descriptor, and so with the process.
// Throws std::runtime_error when the directory is missing or another activator has it.
server::Descriptor claim_directory(std::filesystem::path const& directory);

// A listening Unix socket at `path`, mode 0660. A socket file whose owner is dead is replaced. Throws
// std::runtime_error when its owner lives, when something else lies there, or when the path is too long.
server::Descriptor listen_at(std::filesystem::path const& path);

} // namespace activator
