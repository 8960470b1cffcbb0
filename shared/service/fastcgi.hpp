// One FastCGI connection that carries one request. Everything we use of libfcgi is behind this class.
//
// libfcgi accepts too much and waits too long, so this class holds what it must not be trusted with: every
// read and write has a time limit; parameters or a body that end early are not a request; and a connection is
// never used twice, whatever the peer asked, since what is left of an unread body would be taken for the next
// request (request smuggling).
#pragma once

#include "shared/service/descriptor.hpp"
#include "shared/service/exchange.hpp"

#include <memory>

namespace service {

class FastcgiConnection : public Exchange {
  public:
    // Once in a process, before any thread and after the signals are blocked: libfcgi installs handlers for
    // SIGPIPE, SIGUSR1 and SIGTERM, which must never run. Throws std::runtime_error when libfcgi refuses.
    static void init();

    // Takes the connection. `io_timeout_ms`: the longest silence of the peer.
    FastcgiConnection(Descriptor connection, int io_timeout_ms);

    // Ends the request and closes the connection, giving the peer a moment to read the answer.
    ~FastcgiConnection() override;

    // Reads everything before the body. False: no whole request came, and the connection is of no more use.
    bool begin();

    char const* const* variables() const override;
    bool read(std::string& body, std::size_t size) override;
    bool write(std::string_view bytes) override;

  private:
    struct Request;
    std::unique_ptr<Request> request_;
};

} // namespace service
