// What anybody could write into a handler's socket, through the real accept loop: bytes in two pieces, then
// the end.
//
// Whatever comes, nobody is answered without a whole request, each request acted on is answered once, and an
// honest peer is served afterwards.
#include "shared/server/fastcgi.hpp"

#include "shared/server/accept_loop.hpp"
#include "shared/server/records.hpp"
#include "shared/service/converse.hpp"
#include "tests/fuzz/property.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

namespace {

using fuzz::must;
using server::Descriptor;

constexpr unsigned char end_request = 3;

std::atomic<int> acted_on = 0;

http::Response echo(service::Call const& call)
{
    ++acted_on;
    return http::json(200, call.request.body);
}

service::Endpoint endpoint(std::string_view method)
{
    return {.method = method,
            .pattern = "/echo",
            .dialect = http::Dialect::token,
            .access = service::Access::anyone(),
            .handle = echo,
            .body_max = 1000};
}

config::Config a_config()
{
    auto config = config::Config();
    config.database_url = base::Secret("host=/nonexistent dbname=farebox");
    return config;
}

// A handler in this process, for as long as it runs.
class Handler {
  public:
    Handler()
    {
        auto directory = (std::filesystem::temp_directory_path() / "farebox-fuzz-XXXXXX").string();
        must(mkdtemp(directory.data()) != nullptr, "a directory can be made");
        (directory + "/s").copy(address_.sun_path, sizeof address_.sun_path - 1);
        listener_ = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        must(bind(listener_.number(), generic(), sizeof address_) == 0, "a socket can be bound");
        must(listen(listener_.number(), 511) == 0, "a socket can listen");
        signal(SIGPIPE, SIG_IGN); // stays ignored: libfcgi only replaces it by a handler of its own
        server::FastcgiRequest::init();
        std::thread([this] { server::accept_loop(options(), protocol_); }).detach();
    }

    Descriptor connect() const
    {
        auto connection = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        must(::connect(connection.number(), generic(), sizeof address_) == 0, "connections are accepted");
        return connection;
    }

  private:
    sockaddr const* generic() const { return reinterpret_cast<sockaddr const*>(&address_); }

    server::LoopOptions options() const
    {
        return {.listen_fd = listener_.number(), .stop_fd = stop_.number(), .workers = 4};
    }

    Descriptor serve(Descriptor connection)
    {
        auto request = server::FastcgiRequest(std::move(connection), 1000);
        if (!request.begin() || !converse(request, dispatcher_)) return {};
        return request.end();
    }

    sockaddr_un address_{.sun_family = AF_UNIX, .sun_path = {}};
    Descriptor listener_;
    Descriptor stop_ = Descriptor(eventfd(0, EFD_CLOEXEC));
    service::Dispatcher dispatcher_{{endpoint("GET"), endpoint("POST")}, a_config()};
    server::Protocol protocol_{.arrival = server::fastcgi_arrival, .serve = [this](Descriptor connection) {
                                   return serve(std::move(connection));
                               }};
};

void send_all(Descriptor const& connection, std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const count = send(connection.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return; // closed already
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

// Whether bytes come before the peer closes; they are added.
bool read_some(Descriptor const& connection, std::string& bytes)
{
    auto chunk = std::array<char, 4096>();
    auto wait = pollfd{.fd = connection.number(), .events = POLLIN, .revents = 0};
    auto ready = -1;
    while (ready < 0) // libFuzzer's own alarm interrupts it
        ready = poll(&wait, 1, 4000);
    must(ready == 1, "there is an answer or an end in time");
    auto const count = recv(connection.number(), chunk.data(), chunk.size(), 0);
    if (count <= 0) return false;
    bytes.append(chunk.data(), static_cast<std::size_t>(count));
    return true;
}

// How many answers these bytes hold to their end.
int answers_in(std::string_view bytes)
{
    auto count = 0;
    while (bytes.size() >= 8) {
        auto const at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
        auto const size = std::size_t{8} + at(4) * 256U + at(5) + at(6);
        must(at(0) == 1 && bytes.size() >= size, "an answer is made of whole records");
        count += at(1) == end_request ? 1 : 0;
        bytes.remove_prefix(size);
    }
    must(bytes.empty(), "nothing follows an answer");
    return count;
}

server::Arrival arrival_of(std::string_view bytes)
{
    return server::arrival_of({reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size()});
}

// BEGIN_REQUEST of a responder, GET /echo, no body.
std::string_view honest_request()
{
    static auto const bytes = [] {
        auto const pair = [](std::string const& name, std::string const& value) {
            return std::string{static_cast<char>(name.size()), static_cast<char>(value.size())} + name +
                   value;
        };
        auto const record = [](char type, std::string const& content) {
            return std::string{1, type, 0, 1, 0, static_cast<char>(content.size()), 0, 0} + content;
        };
        return record(1, std::string("\0\1\0\0\0\0\0\0", 8)) +
               record(4, pair("REQUEST_METHOD", "GET") + pair("REQUEST_URI", "/echo")) + record(4, {}) +
               record(5, {});
    }();
    return bytes;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    static auto handler = Handler();
    if (size == 0) return 0;
    // The first byte says where the rest is cut in two, in sixteenths and bytes.
    auto const bytes = std::string_view(reinterpret_cast<char const*>(data), size).substr(1);
    auto const cut = std::min(bytes.size(), bytes.size() * (data[0] >> 4) / 16 + (data[0] & 15));

    acted_on = 0;
    auto answer = std::string();
    auto const connection = handler.connect();
    send_all(connection, bytes.substr(0, cut));
    auto const first_is_whole = arrival_of(bytes.substr(0, cut)) == server::Arrival::whole;
    // What follows a request on a kept connection comes after its answer, as from an honest peer.
    if (first_is_whole) read_some(connection, answer);
    send_all(connection, bytes.substr(cut));
    shutdown(connection.number(), SHUT_WR);
    while (read_some(connection, answer))
        continue;

    auto const answers = answers_in(answer);
    must(acted_on <= answers, "what was acted on was answered");
    must(first_is_whole || answers <= 1, "one request has one answer");
    must(first_is_whole || arrival_of(bytes) == server::Arrival::whole || answers == 0,
         "what is no whole request is not answered");

    auto honest = std::string();
    auto const another = handler.connect();
    send_all(another, honest_request());
    while (read_some(another, honest))
        continue;
    must(answers_in(honest) == 1 && honest.find("Status: 200 OK") != std::string::npos,
         "an honest peer is served");
    return 0;
}
