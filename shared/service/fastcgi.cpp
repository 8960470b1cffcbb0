// Depends on two fields of FCGX_Request that its header calls private, ipcFd and keepConnection, because
// libfcgi has no public way to serve a descriptor that somebody else accepted. They are touched in begin()
// and nowhere else; tests/unit/service/fastcgi.cpp notices when they change their meaning.

#include "shared/service/fastcgi.hpp"

#include <fcgiapp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstdlib>
#include <limits>
#include <stdexcept>

namespace service {
namespace {

// How long closing waits for the peer to close too. The web server does so at once; anyone else may not hold
// a worker for libfcgi's two seconds. Without any wait a refusal sent before the body was read would be lost:
// closing a Unix socket with unread data resets the peer.
constexpr auto close_linger_ms = "200";

constexpr int no_listening_socket = -1;

void limit_silence(int connection, int timeout_ms)
{
    auto const timeout =
        timeval{.tv_sec = timeout_ms / 1000, .tv_usec = static_cast<suseconds_t>(timeout_ms % 1000) * 1000};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

} // namespace

struct FastcgiConnection::Request {
    FCGX_Request fcgx = {};
    Descriptor connection; // until begin() hands it to libfcgi
};

void FastcgiConnection::init()
{
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", close_linger_ms, 0);
    if (FCGX_Init() != 0) throw std::runtime_error("libfcgi cannot be initialised");
}

FastcgiConnection::FastcgiConnection(Descriptor connection, int io_timeout_ms)
    : request_(std::make_unique<Request>())
{
    limit_silence(connection.number(), io_timeout_ms);
    FCGX_InitRequest(&request_->fcgx, no_listening_socket, 0);
    request_->connection = std::move(connection);
}

FastcgiConnection::~FastcgiConnection()
{
    FCGX_Finish_r(&request_->fcgx);
}

bool FastcgiConnection::begin()
{
    auto& fcgx = request_->fcgx;
    fcgx.ipcFd = request_->connection.release();
    // FCGX_Accept_r begins by finishing the request before, and would close our descriptor with it.
    fcgx.keepConnection = 1;
    auto const accepted = FCGX_Accept_r(&fcgx) == 0;
    fcgx.keepConnection = 0;
    // Parameters that end between two pairs are delivered as a success; only this error tells.
    return accepted && FCGX_GetError(fcgx.in) == 0;
}

char const* const* FastcgiConnection::variables() const
{
    return request_->fcgx.envp;
}

bool FastcgiConnection::read(std::string& body, std::size_t size)
{
    constexpr auto chunk_max = static_cast<std::size_t>(std::numeric_limits<int>::max());
    body.resize(size);
    auto got = std::size_t{0};
    while (got < size) {
        auto const chunk = std::min(size - got, chunk_max);
        auto const count = FCGX_GetStr(body.data() + got, static_cast<int>(chunk), request_->fcgx.in);
        if (count <= 0) return false;
        got += static_cast<std::size_t>(count);
    }
    return FCGX_GetError(request_->fcgx.in) == 0;
}

bool FastcgiConnection::write(std::string_view bytes)
{
    auto* const out = request_->fcgx.out;
    FCGX_PutStr(bytes.data(), static_cast<int>(bytes.size()), out);
    // A failed stream takes small writes into its buffer and calls them done, so only the error counts.
    return FCGX_GetError(out) == 0;
}

} // namespace service
