#include "tests/support/lossy_line.hpp"

#include "tests/support/target.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace support {
namespace {

constexpr int tick_ms = 50; // how soon a thread notices that it is to end

sockaddr_un address_of(std::string const& path)
{
    auto address = sockaddr_un{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

int unix_socket()
{
    auto const fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
    return fd;
}

int listen_at(std::string const& path)
{
    auto const fd = unix_socket();
    auto const address = address_of(path);
    if (::bind(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0 ||
        ::listen(fd, 64) != 0) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    return fd;
}

// What came; empty when the peer has left.
std::string receive(int fd)
{
    auto buffer = std::array<char, 65'536>();
    auto const got = ::recv(fd, buffer.data(), buffer.size(), 0);
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

bool forward(int fd, std::string const& bytes)
{
    auto sent = std::size_t{0};
    while (sent < bytes.size()) {
        auto const written = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (written < 0) return false;
        sent += static_cast<std::size_t>(written);
    }
    return true;
}

// ReadyForQuery outside a transaction: the server has committed and waits for the next query.
bool completes_a_call(std::string const& chunk)
{
    return chunk.ends_with(std::string("Z\0\0\0\5I", 6));
}

} // namespace

LossyLine::LossyLine(int lose_each)
    : path_(target().directory + "/pg/.s.PGSQL.5432"), real_path_(path_ + ".real"), lose_each_(lose_each)
{
    std::filesystem::rename(path_, real_path_);
    listener_ = listen_at(path_);
    acceptor_ = std::jthread([this](std::stop_token const& stop) { accept_all(stop); });
}

LossyLine::~LossyLine()
{
    acceptor_.request_stop();
    acceptor_.join();
    ::close(listener_);
    std::filesystem::rename(real_path_, path_);
}

void LossyLine::accept_all(std::stop_token const& stop)
{
    auto waiting = pollfd{.fd = listener_, .events = POLLIN, .revents = 0};
    while (!stop.stop_requested()) {
        if (::poll(&waiting, 1, tick_ms) <= 0) continue;
        auto const client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        carriers_.emplace_back([this, client](std::stop_token const& end) { carry(client, end); });
    }
    carriers_.clear(); // joins
}

void LossyLine::carry(int client, std::stop_token const& stop)
{
    auto const server = unix_socket();
    auto const address = address_of(real_path_);
    auto open = ::connect(server, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
    auto handler = false;
    auto asked = false;
    auto answers = 0;
    while (open && !stop.stop_requested()) {
        auto ends = std::array<pollfd, 2>{pollfd{.fd = client, .events = POLLIN, .revents = 0},
                                          pollfd{.fd = server, .events = POLLIN, .revents = 0}};
        if (::poll(ends.data(), ends.size(), tick_ms) <= 0) continue;
        if (ends[0].revents != 0) {
            auto const chunk = receive(client);
            // The first message names the role.
            if (!asked) handler = chunk.find("farebox_app") != std::string::npos;
            asked = true;
            open = !chunk.empty() && forward(server, chunk);
        }
        if (open && ends[1].revents != 0) {
            auto const chunk = receive(server);
            open = !chunk.empty() && !loses(handler, answers, chunk) && forward(client, chunk);
        }
    }
    ::close(server);
    ::close(client);
}

bool LossyLine::loses(bool handler, int& answers, std::string const& chunk)
{
    // The first two answers of a connection are its login and its question for the time.
    constexpr auto greetings = 2;
    if (!handler || !completes_a_call(chunk) || ++answers <= greetings) return false;
    if (++calls_ % lose_each_ != 0) return false;
    ++lost_;
    return true;
}

} // namespace support
