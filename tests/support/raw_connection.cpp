#include "tests/support/raw_connection.hpp"

#include "tests/support/sockets.hpp"
#include "tests/support/target.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

namespace support {
namespace {

std::size_t content_length(std::string_view head)
{
    constexpr std::string_view name = "\r\nContent-Length: ";
    auto length = std::size_t{0};
    if (auto const at = head.find(name); at != std::string_view::npos) {
        std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
    }
    return length;
}

bool whole(std::string_view response)
{
    auto const end = response.find("\r\n\r\n");
    return end != std::string_view::npos &&
           response.size() >= end + 4 + content_length(response.substr(0, end + 2));
}

} // namespace

RawConnection::RawConnection() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    auto const& url = target().url;
    auto address = sockaddr_in{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), "connect to " + url);
    }
}

RawConnection::~RawConnection()
{
    close();
}

RawConnection::RawConnection(RawConnection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

bool RawConnection::write(std::string_view bytes)
{
    return send_all(fd_, bytes);
}

namespace {

// One piece of what the peer sends; "" at its end or after `silence`.
std::string piece(int fd, std::chrono::milliseconds silence)
{
    auto waiting = pollfd{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(silence.count())) <= 0) return {};
    auto buffer = std::array<char, 16'384>();
    auto const got = ::recv(fd, buffer.data(), buffer.size(), 0);
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

} // namespace

std::string RawConnection::read(std::chrono::milliseconds silence)
{
    auto all = std::string();
    for (auto next = piece(fd_, silence); !next.empty(); next = piece(fd_, silence))
        all += next;
    return all;
}

std::string RawConnection::response(std::chrono::milliseconds silence)
{
    auto all = std::string();
    while (!whole(all)) {
        auto const next = piece(fd_, silence);
        if (next.empty()) return {};
        all += next;
    }
    return all;
}

void RawConnection::close(bool reset)
{
    if (fd_ < 0) return;
    if (reset) {
        auto const at_once = linger{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    ::close(std::exchange(fd_, -1));
}

std::string raw_post_head(std::string_view path, std::size_t content_length, std::string_view more_headers)
{
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: farebox.test\r\nAuthorization: Bearer " +
           target().service_key + "\r\nContent-Length: " + std::to_string(content_length) + "\r\n" +
           std::string(more_headers) + "\r\n";
}

int raw_status(std::string_view response)
{
    constexpr std::string_view version = "HTTP/1.1 ";
    auto status = 0;
    if (response.starts_with(version)) {
        std::from_chars(response.data() + version.size(), response.data() + response.size(), status);
    }
    return status;
}

} // namespace support
