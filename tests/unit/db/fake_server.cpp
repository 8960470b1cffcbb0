#include "tests/unit/db/fake_server.hpp"

#include "shared/db/wire.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace test {

using db::wire::append;

namespace {

constexpr int patience_ms = 5000;
constexpr std::size_t length_bytes = 4;

std::string rows(std::uint32_t type, std::int64_t value)
{
    std::string column = "value";
    column.push_back('\0');
    append(column, std::int32_t{0}); // of no table
    append(column, std::int16_t{0});
    append(column, type);
    append(column, std::int16_t{8});
    append(column, std::int32_t{-1});
    append(column, std::int16_t{1}); // binary

    std::string description;
    append(description, std::int16_t{1});
    description += column;
    std::string row;
    append(row, std::int16_t{1});
    append(row, std::int32_t{8});
    append(row, value);
    return message('1', "") + message('2', "") + message('T', description) + message('D', row) +
           message('C', std::string_view("SELECT 1\0", 9));
}

} // namespace

std::string message(char type, std::string_view body)
{
    std::string out(1, type);
    append(out, static_cast<std::int32_t>(body.size() + length_bytes));
    return out.append(body);
}

std::string ready()
{
    return message('Z', "I");
}

std::string int8_rows(std::int64_t value)
{
    return rows(db::wire::oid_int8, value);
}

std::string timestamp_rows(std::int64_t unix_us)
{
    return rows(db::wire::oid_timestamptz, unix_us - db::wire::epoch_us);
}

std::string error(std::string_view severity, std::string_view sqlstate, std::string_view text)
{
    std::string body;
    for (auto const& [code, value] :
         {std::pair{'S', severity}, {'V', severity}, {'C', sqlstate}, {'M', text}}) {
        body.push_back(code);
        body.append(value).push_back('\0');
    }
    body.push_back('\0');
    return message('E', body);
}

std::string Peer::read(std::size_t count)
{
    std::string bytes(count, '\0');
    std::size_t got = 0;
    while (got < count) {
        pollfd entry{.fd = socket_, .events = POLLIN, .revents = 0};
        if (poll(&entry, 1, patience_ms) <= 0) break;
        auto const more = recv(socket_, bytes.data() + got, count - got, 0);
        if (more <= 0) break;
        got += static_cast<std::size_t>(more);
    }
    bytes.resize(got);
    return bytes;
}

std::string Peer::first_packet()
{
    auto const length = read(length_bytes);
    if (length.size() < length_bytes) return {};
    return read(static_cast<std::size_t>(db::wire::read<std::int32_t>(length)) - length_bytes);
}

void Peer::let_in()
{
    first_packet();
    std::string key;
    append(key, std::int32_t{4711});
    key += cancel_key;
    send(message('R', std::string(4, '\0')) + message('K', key) + ready());
}

void Peer::let_in_at(std::int64_t clock_us)
{
    let_in();
    query();
    send(timestamp_rows(clock_us) + ready());
}

std::string Peer::query()
{
    std::string sql;
    for (;;) {
        auto const head = read(1 + length_bytes);
        if (head.size() < 1 + length_bytes || head[0] == 'X') return {};
        auto const length = db::wire::read<std::int32_t>(std::string_view(head).substr(1));
        auto const body = read(static_cast<std::size_t>(length) - length_bytes);
        if (head[0] == 'P') // the statement's name, its text
            sql = body.c_str() + std::strlen(body.c_str()) + 1;
        if (head[0] == 'S') return sql;
    }
}

void Peer::send(std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void Peer::wait_for_end()
{
    while (!read(1).empty()) {
    }
}

void Peer::hang_up()
{
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
}

FakeServer::FakeServer(std::vector<Script> scripts) : scripts_(std::move(scripts))
{
    std::signal(SIGPIPE, SIG_IGN); // as in a handler: libpq's PQcancel writes to a peer that may have left
    std::array<char, 32> name{"/tmp/farebox-unit-XXXXXX"};
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = name.data();
    auto const path = directory_ + "/.s.PGSQL.7201";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, 64) != 0)
        throw std::runtime_error("cannot listen on " + path);
    acceptor_ = std::thread([this] { serve(); });
}

FakeServer::~FakeServer()
{
    shutdown(listener_, SHUT_RDWR); // ends the accept
    acceptor_.join();
    for (auto& peer : peers_)
        peer.join();
    close(listener_);
    unlink((directory_ + "/.s.PGSQL.7201").c_str());
    rmdir(directory_.c_str());
}

std::string FakeServer::conninfo() const
{
    return "host=" + directory_ + " port=7201 user=nobody dbname=none password=open-sesame";
}

void FakeServer::serve()
{
    for (;;) {
        int const socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        auto const turn = static_cast<std::size_t>(accepted_++);
        peers_.emplace_back([this, socket, turn] {
            Peer peer(socket);
            if (turn < scripts_.size()) scripts_[turn](peer);
        });
    }
}

} // namespace test
