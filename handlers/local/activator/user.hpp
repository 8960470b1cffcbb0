// Giving up root. The activator reads no request, but it holds the variables of every handler: so it runs as the same ordinary
// user as they do, and they cannot look into it, since a process that has changed its user is closed to others of that user.
#pragma once

#include "handlers/local/activator/handler.hpp"
#include "shared/server/descriptor.hpp"

#include <string>

namespace activator {

// Becomes that user, for good. The directories of programs and logs may lie where the user cannot come by path (in /root, say):
// they are entered before, and `settings` name them from there; the logs as long as what is returned is kept. Throws
// std::runtime_error when there is no such user, no such directory, or this is not root.
server::Descriptor become_user(std::string const& name, Settings& settings);

} // namespace activator
