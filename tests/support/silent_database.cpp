#include "tests/support/silent_database.hpp"

#include <poll.h>

#include <stdexcept>

namespace support {

void SilentDatabase::wait_for_caller() const
{
    // The connection lies in the backlog and stays there; it is seen, not taken.
    auto wait = pollfd{.fd = listener_.number(), .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, 10'000) <= 0) throw std::runtime_error("nobody called the database");
}

} // namespace support
