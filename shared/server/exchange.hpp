// One request and its answer over some wire: the variables of RFC 3875, a body, bytes back. FastCGI and plain
// CGI differ only in how they carry these three.
#pragma once

#include "shared/http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace server {

class Exchange {
  public:
    virtual ~Exchange() = default;

    // "NAME=value" texts, ended by nullptr.
    virtual char const* const* variables() const = 0;

    // Reads exactly `size` bytes. False when fewer came: the request must not be acted on.
    virtual bool read(std::string& body, std::size_t size) = 0;

    // False when the peer is gone.
    virtual bool write(std::string_view bytes) = 0;
};

struct Head {
    http::Request request;                   // all but the body
    std::optional<std::uint64_t> body_bytes; // CONTENT_LENGTH, 0 when there is none; empty when malformed
};

// The request that the variables describe. Names and values that come from the client (HTTP_*) only ever
// become headers. An absent or odd X-Request-Id is replaced by one made here. A path that cannot be decoded
// becomes one that no route has, in the same dialect.
Head read_head(char const* const* variables);

// The answer as CGI and FastCGI carry it: "Status: 200 OK", the headers, an empty line, the body.
std::string render(http::Response const& response);

} // namespace server
