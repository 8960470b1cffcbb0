// Making a socket is easy; not taking a living one away from somebody is what most of this is about.
#include "handlers/local/activator/listener.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

namespace activator {
namespace {

using server::Descriptor;

constexpr int backlog = 511;
constexpr mode_t umask_for_0660 = 0117;

[[noreturn]] void fail(std::filesystem::path const& path, std::string const& what)
{
    throw std::runtime_error(path.string() + ": " + what);
}

[[noreturn]] void fail_with_errno(std::filesystem::path const& path)
{
    fail(path, std::strerror(errno));
}

sockaddr_un address_of(std::filesystem::path const& path)
{
    auto address = sockaddr_un{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path)
        fail(path, "is longer than a socket's path may be (" + std::to_string(sizeof address.sun_path - 1) +
                       " bytes)");
    path.native().copy(address.sun_path, path.native().size());
    return address;
}

Descriptor unix_socket(std::filesystem::path const& path)
{
    auto descriptor = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!descriptor.open()) fail_with_errno(path);
    return descriptor;
}

// The process that listens at this address, if it lives. The kernel remembers who called listen(), so
// handlers that outlived a killed activator and still hold its socket do not count.
std::optional<pid_t> living_owner(sockaddr_un const& address, std::filesystem::path const& path)
{
    auto const probe = unix_socket(path);
    if (connect(probe.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0)
        return std::nullopt;
    auto owner = ucred{};
    auto size = socklen_t{sizeof owner};
    if (getsockopt(probe.number(), SOL_SOCKET, SO_PEERCRED, &owner, &size) != 0) fail_with_errno(path);
    if (kill(owner.pid, 0) != 0 && errno == ESRCH) return std::nullopt;
    return owner.pid;
}

void make_way(sockaddr_un const& address, std::filesystem::path const& path)
{
    struct stat found = {};
    if (lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return;
        fail_with_errno(path);
    }
    if (!S_ISSOCK(found.st_mode)) fail(path, "is in the way and is not a socket");
    if (auto const owner = living_owner(address, path))
        fail(path, "is in use by process " + std::to_string(*owner));
    if (unlink(path.c_str()) != 0) fail_with_errno(path);
}

} // namespace

Descriptor claim_directory(std::filesystem::path const& directory)
{
    auto claim = Descriptor(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!claim.open()) fail_with_errno(directory);
    if (flock(claim.number(), LOCK_EX | LOCK_NB) != 0)
        fail(directory, errno == EWOULDBLOCK ? "is in use by another activator" : std::strerror(errno));
    return claim;
}

Descriptor listen_at(std::filesystem::path const& path)
{
    auto const address = address_of(path);
    make_way(address, path);
    auto listener = unix_socket(path);
    // The mode is right from the first moment; a chmod afterwards would leave a gap.
    auto const umask_before = umask(umask_for_0660);
    auto const bound =
        bind(listener.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
    umask(umask_before);
    if (!bound || listen(listener.number(), backlog) != 0) fail_with_errno(path);
    return listener;
}

} // namespace activator
