// FastCGI requests on connections that nginx keeps. Everything we use of libfcgi is behind this.
//
// libfcgi believes and waits too much, so what it must not be trusted with is held here: a request is looked
// at before libfcgi sees any of it (records.hpp); every read and write has a time limit; parameters or a body
// that end early are not a request; and a connection carries another request only when this one's input was
// read to its very end, since what is left of an unread body would be taken for the next request (request
// smuggling).
#pragma once

#include "shared/server/accept_loop.hpp"
#include "shared/server/descriptor.hpp"
#include "shared/server/exchange.hpp"

#include <memory>

namespace server {

// How much of a request has arrived, without taking anything from the connection.
Arrival fastcgi_arrival(int connection);

// One request. The connection outlives it when the peer asked to keep it.
class FastcgiRequest : public Exchange {
  public:
    // Once in a process, before any thread and after the signals are blocked: libfcgi installs handlers for
    // SIGPIPE, SIGUSR1 and SIGTERM, which must never run. Throws std::runtime_error when libfcgi refuses.
    static void init();

    // Takes the connection. `io_timeout_ms`: the longest silence of the peer.
    FastcgiRequest(Descriptor connection, int io_timeout_ms);

    // Closes the connection, giving the peer a moment to read what was written.
    ~FastcgiRequest() override;

    // Reads everything before the body. False: no whole request came, and the connection is of no more use.
    bool begin();

    // Ends an answered request. Gives the connection back when it may carry another one.
    Descriptor end();

    char const* const* variables() const override;
    bool read(std::string& body, std::size_t size) override;
    bool write(std::string_view bytes) override;

  private:
    bool input_read_to_its_end();
    void close();

    struct Request;
    std::unique_ptr<Request> request_;
};

} // namespace server
