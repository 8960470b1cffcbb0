#include "tests/support/sockets.hpp"

#include <sys/socket.h>

#include <array>
#include <stdexcept>

namespace support {

sockaddr_un unix_address(std::filesystem::path const& path)
{
    auto address = sockaddr_un{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) throw std::runtime_error("socket path too long");
    path.native().copy(address.sun_path, path.native().size());
    return address;
}

Descriptor listen_at(std::filesystem::path const& path, int backlog)
{
    auto listener = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const address = unix_address(path);
    if (bind(listener.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0 ||
        listen(listener.number(), backlog) != 0)
        throw std::runtime_error("cannot listen at " + path.string());
    return listener;
}

Descriptor connect_to(std::filesystem::path const& path)
{
    auto connection = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const address = unix_address(path);
    if (connect(connection.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot connect to " + path.string());
    return connection;
}

std::pair<Descriptor, Descriptor> socket_pair()
{
    auto ends = std::array<int, 2>();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw std::runtime_error("socketpair");
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

bool send_all(int connection, std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const count = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

} // namespace support
