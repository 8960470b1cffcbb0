// Plain reads and writes that finish what they began.
#include "shared/server/cgi.hpp"

#include <unistd.h>

#include <cerrno>

namespace server {

bool CgiExchange::read(std::string& body, std::size_t size)
{
    body.resize(size);
    auto got = std::size_t{0};
    while (got < size) {
        auto const count = ::read(in_, body.data() + got, size - got);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        got += static_cast<std::size_t>(count);
    }
    return true;
}

bool CgiExchange::write(std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const count = ::write(out_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

} // namespace server
