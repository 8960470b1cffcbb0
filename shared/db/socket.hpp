// Waiting for a socket, up to a deadline.
#pragma once

#include "shared/base/clock.hpp"

namespace db {

// Waits until one of poll(2)'s `events` (or an error, which the next read will name) has come. False: the
// deadline came first.
bool wait_for(int socket, short events, base::Deadline deadline);

// Whether something is there to read, or the peer has gone. Does not wait.
bool readable(int socket);

} // namespace db
