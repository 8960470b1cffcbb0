// Depends on two fields of FCGX_Request that its header calls private, ipcFd and keepConnection, because
// libfcgi has no public way to serve a descriptor that somebody else accepted. They are touched in begin(),
// end() and the destructor; tests/unit/server/fastcgi.cpp notices when they change their meaning.

#include "shared/server/fastcgi.hpp"

#include "shared/server/records.hpp"

#include <fcgiapp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace server {
namespace {

// How long closing waits for the peer to close too. The web server does so at once; anyone else may not hold
// a worker for libfcgi's two seconds. Without any wait a refusal sent before the body was read would be lost:
// closing a Unix socket with unread data resets the peer.
constexpr auto close_linger_ms = "200";

constexpr int no_listening_socket = -1;

// libfcgi waits for all it was asked for, with a time limit for each byte only. In small steps a peer that
// sends one byte at a time is given up after at most this many of its silences, plus one.
constexpr int read_step_bytes = 32;

// A body that was refused is read all the same: an honest peer sends all of it before it looks for the
// answer, and the connection can be kept. nginx passes no larger one.
constexpr std::size_t drained_bytes_max = std::size_t{4} * 1024 * 1024;

void limit_silence(int connection, int timeout_ms)
{
    auto const timeout =
        timeval{.tv_sec = timeout_ms / 1000, .tv_usec = static_cast<suseconds_t>(timeout_ms % 1000) * 1000};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

bool peer_has_closed(int connection)
{
    auto look = pollfd{.fd = connection, .events = POLLRDHUP, .revents = 0};
    return poll(&look, 1, 0) > 0;
}

} // namespace

Arrival fastcgi_arrival(int connection)
{
    // Not initialised: a request of usual size touches one page of it.
    thread_local auto const bytes = std::make_unique_for_overwrite<unsigned char[]>(request_bytes_looked_at);
    auto const count = recv(connection, bytes.get(), request_bytes_looked_at, MSG_PEEK | MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR ? Arrival::nothing : Arrival::never;
    if (count == 0) return Arrival::never;
    auto const arrival = arrival_of({bytes.get(), static_cast<std::size_t>(count)});
    // The rest of it will not come.
    if (arrival == Arrival::part && peer_has_closed(connection)) return Arrival::never;
    return arrival;
}

struct FastcgiRequest::Request {
    FCGX_Request fcgx = {};
    Descriptor connection; // until begin() hands it to libfcgi
    bool keep = false;
};

void FastcgiRequest::init()
{
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", close_linger_ms, 0);
    if (FCGX_Init() != 0) throw std::runtime_error("libfcgi cannot be initialised");
}

FastcgiRequest::FastcgiRequest(Descriptor connection, int io_timeout_ms)
    : request_(std::make_unique<Request>())
{
    limit_silence(connection.number(), io_timeout_ms);
    FCGX_InitRequest(&request_->fcgx, no_listening_socket, 0);
    request_->connection = std::move(connection);
}

FastcgiRequest::~FastcgiRequest()
{
    if (request_) close();
}

// Before it closes, libfcgi reads for as long as anything comes, so nothing more may.
void FastcgiRequest::close()
{
    auto& fcgx = request_->fcgx;
    if (fcgx.ipcFd >= 0) shutdown(fcgx.ipcFd, SHUT_RD);
    fcgx.keepConnection = 0;
    FCGX_Finish_r(&fcgx);
    request_.reset();
}

bool FastcgiRequest::begin()
{
    auto& fcgx = request_->fcgx;
    fcgx.ipcFd = request_->connection.release();
    // FCGX_Accept_r begins by finishing the request before, and would close our descriptor with it.
    fcgx.keepConnection = 1;
    auto const accepted = FCGX_Accept_r(&fcgx) == 0;
    request_->keep = accepted && fcgx.keepConnection != 0; // what the peer asked for
    // Parameters that end between two pairs are delivered as a success; only this error tells.
    return accepted && FCGX_GetError(fcgx.in) == 0;
}

Descriptor FastcgiRequest::end()
{
    auto& fcgx = request_->fcgx;
    if (!input_read_to_its_end() || !request_->keep) {
        close();
        return {};
    }
    fcgx.keepConnection = 1;
    FCGX_Finish_r(&fcgx); // closes all the same when the answer could not be written
    auto kept = Descriptor(fcgx.ipcFd);
    request_.reset();
    return kept;
}

bool FastcgiRequest::input_read_to_its_end()
{
    auto chunk = std::array<char, 4096>();
    auto const size = static_cast<int>(chunk.size());
    for (auto drained = std::size_t{0}; drained < drained_bytes_max; drained += chunk.size()) {
        auto const count = FCGX_GetStr(chunk.data(), size, request_->fcgx.in);
        if (count < size) return FCGX_GetError(request_->fcgx.in) == 0; // the end, or an error
        // The client gets its refusal before the rest of what it sends is read.
        if (drained == 0) FCGX_FFlush(request_->fcgx.out);
    }
    return false;
}

char const* const* FastcgiRequest::variables() const
{
    return request_->fcgx.envp;
}

bool FastcgiRequest::read(std::string& body, std::size_t size)
{
    body.resize(size);
    for (auto got = std::size_t{0}; got < size;) {
        auto const step = static_cast<int>(std::min(size - got, std::size_t{read_step_bytes}));
        auto const count = FCGX_GetStr(body.data() + got, step, request_->fcgx.in);
        if (count <= 0) return false;
        got += static_cast<std::size_t>(count);
    }
    return FCGX_GetError(request_->fcgx.in) == 0;
}

bool FastcgiRequest::write(std::string_view bytes)
{
    auto* const out = request_->fcgx.out;
    FCGX_PutStr(bytes.data(), static_cast<int>(bytes.size()), out);
    // A failed stream takes small writes into its buffer and calls them done, so only the error counts.
    return FCGX_GetError(out) == 0;
}

} // namespace server
