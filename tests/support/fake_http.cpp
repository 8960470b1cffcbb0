#include "tests/support/fake_http.hpp"

#include "tests/support/sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <system_error>

namespace support {
namespace {

// Appends what comes until `enough` of it is there; false when the peer is gone first.
template <class Enough>
bool read_until(int connection, std::string& text, Enough const& enough)
{
    auto chunk = std::array<char, 4096>();
    while (!enough(text)) {
        auto const count = recv(connection, chunk.data(), chunk.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
    return true;
}

std::string lower(std::string_view text)
{
    auto result = std::string(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return result;
}

Asked read_head(std::string_view head)
{
    auto asked = Asked();
    auto const first = head.substr(0, head.find("\r\n"));
    auto const space = first.find(' ');
    asked.method = first.substr(0, space);
    asked.target = first.substr(space + 1, first.rfind(' ') - space - 1);
    for (auto at = head.find("\r\n"); at != std::string_view::npos;) {
        auto const next = head.find("\r\n", at + 2);
        auto const line = head.substr(at + 2, next == std::string_view::npos ? next : next - at - 2);
        if (auto const colon = line.find(": "); colon != std::string_view::npos)
            asked.headers.emplace_back(lower(line.substr(0, colon)), line.substr(colon + 2));
        at = next;
    }
    return asked;
}

} // namespace

std::string Asked::header(std::string_view name) const
{
    for (auto const& [known, value] : headers)
        if (known == name) return value;
    return {};
}

FakeHttp::FakeHttp(Answer answer) : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM, 0))
{
    auto address = sockaddr_in{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto size = socklen_t{sizeof address};
    auto* const plain = static_cast<sockaddr*>(static_cast<void*>(&address));
    if (listener_ < 0 || bind(listener_, plain, size) != 0 || listen(listener_, 64) != 0 ||
        getsockname(listener_, plain, &size) != 0)
        throw std::system_error(errno, std::generic_category(), "a fake web server");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

FakeHttp::~FakeHttp()
{
    ending_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
        auto const lock = std::lock_guard(mutex_);
        for (auto const connection : open_)
            shutdown(connection, SHUT_RDWR);
    }
    for (auto& client : clients_)
        client.join();
    for (auto const connection : open_)
        close(connection);
    close(listener_);
}

std::string FakeHttp::url() const
{
    return "http://127.0.0.1:" + std::to_string(port_);
}

std::vector<Asked> FakeHttp::asked() const
{
    auto const lock = std::lock_guard(mutex_);
    return asked_;
}

void FakeHttp::accept_all()
{
    while (!ending_) {
        auto const connection = accept(listener_, nullptr, nullptr);
        if (connection < 0) continue;
        auto const lock = std::lock_guard(mutex_);
        open_.push_back(connection);
        clients_.emplace_back([this, connection] { serve(connection); });
    }
}

void FakeHttp::serve(int connection)
{
    auto text = std::string();
    if (!read_until(connection, text, [](auto const& t) { return t.find("\r\n\r\n") != std::string::npos; }))
        return;
    auto const head_size = text.find("\r\n\r\n") + 4;
    auto asked = read_head(std::string_view(text).substr(0, head_size - 4));
    auto const length = asked.header("content-length");
    auto const whole = head_size + (length.empty() ? 0 : std::stoul(length));
    if (!read_until(connection, text, [&](auto const& t) { return t.size() >= whole; })) return;
    asked.body = text.substr(head_size);
    {
        auto const lock = std::lock_guard(mutex_);
        asked_.push_back(asked);
    }
    auto const answer = answer_(asked);
    if (answer.empty()) {
        // Until the client loses patience, or the server goes.
        read_until(connection, text, [](auto const&) { return false; });
        return;
    }
    send_all(connection, answer);
    shutdown(connection, SHUT_WR);
}

std::string http_answer(int status, std::string_view body, std::string_view content_type,
                        std::string_view headers)
{
    auto answer = "HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Type: ";
    answer.append(content_type).append("\r\n").append(headers);
    answer += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return answer.append(body);
}

} // namespace support
