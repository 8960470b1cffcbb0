#include "tests/support/fastcgi_peer.hpp"

#include "tests/support/sockets.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace support::fastcgi {
namespace {

constexpr std::size_t record_content_max = 65'535;

char byte(std::size_t value)
{
    return static_cast<char>(static_cast<unsigned char>(value & 0xff));
}

std::string length(std::size_t value)
{
    if (value < 128) return {byte(value)};
    return {byte((value >> 24) | 0x80), byte(value >> 16), byte(value >> 8), byte(value)};
}

std::string stream(Type type, std::string_view content)
{
    auto records = std::string();
    while (!content.empty()) {
        records += record(type, content.substr(0, record_content_max));
        content.remove_prefix(std::min(content.size(), record_content_max));
    }
    return records + record(type, {});
}

} // namespace

std::string record(Type type, std::string_view content)
{
    auto text = std::string{byte(1),
                            static_cast<char>(type),
                            byte(0),
                            byte(1), // request id
                            byte(content.size() >> 8),
                            byte(content.size()),
                            byte(0),
                            byte(0)};
    text += content;
    return text;
}

std::string begin_record(Keep keep)
{
    auto body = std::string(8, '\0');
    body[1] = 1; // responder
    body[2] = keep == Keep::yes ? 1 : 0;
    return record(Type::begin, body);
}

std::string params_records(Variables const& variables)
{
    auto content = std::string();
    for (auto const& [name, value] : variables)
        content += length(name.size()) + length(value.size()) + name + value;
    return stream(Type::params, content);
}

std::string body_records(std::string_view body)
{
    return stream(Type::in, body);
}

std::string request(Variables variables, std::string_view body, Keep keep)
{
    if (!body.empty()) variables.emplace_back("CONTENT_LENGTH", std::to_string(body.size()));
    return begin_record(keep) + params_records(variables) + body_records(body);
}

Variables post(std::string const& target, std::string const& key)
{
    auto variables = Variables{{"REQUEST_METHOD", "POST"},
                               {"REQUEST_URI", target},
                               {"REMOTE_ADDR", "192.0.2.7"},
                               {"CONTENT_TYPE", "application/json"}};
    if (!key.empty()) variables.emplace_back("HTTP_AUTHORIZATION", "Bearer " + key);
    return variables;
}

Variables get(std::string const& target)
{
    return {{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", target}, {"REMOTE_ADDR", "192.0.2.7"}};
}

int Reply::status() const
{
    return text.starts_with("Status: ") ? std::atoi(text.c_str() + 8) : 0;
}

std::string Reply::body() const
{
    auto const end_of_head = text.find("\r\n\r\n");
    return end_of_head == std::string::npos ? std::string() : text.substr(end_of_head + 4);
}

Reply parse_reply(std::string const& bytes)
{
    auto reply = Reply();
    auto const at = [&](std::size_t index) {
        return static_cast<std::size_t>(static_cast<unsigned char>(bytes[index]));
    };
    auto next = std::size_t{0};
    while (!reply.ended && next + 8 <= bytes.size()) {
        auto const size = at(next + 4) * 256 + at(next + 5);
        auto const end = next + 8 + size + at(next + 6);
        if (at(next + 1) == static_cast<std::size_t>(Type::out)) reply.text += bytes.substr(next + 8, size);
        reply.ended = at(next + 1) == static_cast<std::size_t>(Type::end) && end <= bytes.size();
        next = end;
    }
    if (next < bytes.size()) reply.leftover = bytes.substr(next);
    return reply;
}

Reply read_reply(int connection)
{
    auto bytes = std::string();
    auto closed = false;
    auto chunk = std::array<char, 8192>();
    for (;;) {
        auto wait = pollfd{.fd = connection, .events = POLLIN, .revents = 0};
        if (poll(&wait, 1, 5000) <= 0) break;
        auto const count = read(connection, chunk.data(), chunk.size());
        closed = count == 0;
        if (count <= 0) break;
        bytes.append(chunk.data(), static_cast<std::size_t>(count));
    }
    auto reply = parse_reply(bytes);
    reply.closed = closed;
    return reply;
}

Reply ask(std::filesystem::path const& socket, std::string_view request)
{
    auto const connection = connect_to(socket);
    send_all(connection.number(), request);
    return read_reply(connection.number());
}

} // namespace support::fastcgi
