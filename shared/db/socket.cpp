#include "shared/db/socket.hpp"

#include <poll.h>

#include <cerrno>

namespace db {

bool wait_for(int socket, short events, base::Deadline deadline)
{
    auto entry = pollfd{.fd = socket, .events = events, .revents = 0};
    for (;;) {
        auto const ready = poll(&entry, 1, base::left_ms(deadline));
        if (ready >= 0 || errno != EINTR) return ready != 0;
    }
}

bool readable(int socket)
{
    return wait_for(socket, POLLIN, base::Deadline{});
}

} // namespace db
