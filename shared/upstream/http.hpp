// One HTTP request to a service that others run, over libcurl: bounded in time and size, no redirects, TLS
// always verified, plain http only to this machine. Safe to use from many threads at once.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/upstream/ca_store.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upstream {

struct HttpRequest {
    std::string method = "GET";
    std::string url; // https, or http to a loopback address; without user or password
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;                      // sent when it is not empty, and with every POST, PUT and PATCH
    std::size_t answer_bytes_max = 262144; // a longer answer is not read but a failure
};

struct HttpResponse {
    int status = 0;
    std::string content_type; // as sent; "" when there was none
    std::string body;
    std::optional<int> retry_after_s; // the header Retry-After where it is a number of seconds
};

enum class HttpFault {
    refused,     // the request may not be sent at all: the URL or a header is not fit
    unreachable, // no connection: the name, the network, TLS
    timeout,     // no whole answer in time
    too_large,   // the answer is longer than answer_bytes_max
    broken,      // the connection ended, or what came is not HTTP
};

// There was no whole answer. Any answer, whatever its status, is an HttpResponse.
class HttpFailed : public std::exception {
  public:
    HttpFailed(HttpFault what, bool maybe_sent, std::string text)
        : fault(what), sent(maybe_sent), log(std::move(text))
    {
    }
    char const* what() const noexcept override { return log.c_str(); }

    HttpFault fault;
    bool sent;       // the request, or a part of it, left: it may have taken effect
    std::string log; // for the operator; holds no header, no body and no URL
};

struct HttpOptions {
    int connect_timeout_ms = 3000;
    int total_timeout_ms = 10'000; // or what is left of the deadline, if that is less
    std::string user_agent = "farebox";
    std::shared_ptr<CaStore const> ca_store = nullptr; // whom TLS believes; none: CaStore::of_process()
};

class Http {
  public:
    explicit Http(HttpOptions options = {});

    // Sends once, on a connection of its own, and never again by itself: a POST on a kept connection that
    // breaks could not be told from one that took effect. Throws HttpFailed.
    HttpResponse send(HttpRequest const& request, base::Deadline deadline) const;

  private:
    HttpOptions options_;
};

// Whether a request may go to this URL at all: https, or http to localhost, 127.0.0.0/8 or [::1]; no user and
// no password in it.
bool may_send_to(std::string const& url);

} // namespace upstream
