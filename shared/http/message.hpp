// A request and a response as handlers see them; no FastCGI in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

using Header = std::pair<std::string, std::string>;

struct Parameter {
    std::string name;
    std::string_view value; // of the request's query
};

struct Request {
    std::string method;          // upper case, as sent
    std::string path;            // percent-decoded, begins with '/'
    std::string query;           // as sent, without '?'
    std::vector<Header> headers; // names lower case with hyphens
    std::string body;
    std::string remote_addr; // from the server, never from a header
    std::string request_id;  // nginx's; made here when there is none

    // The value of the one header of that (lower case) name; empty when absent. Two of the same name: Failure
    // validation_error, or unauthorized for authorization.
    std::optional<std::string> header(std::string_view name) const;

    // The parameters of the query in order: names percent-decoded (as sent where they cannot be), values as sent. Failure
    // validation_error when one is given twice.
    std::vector<Parameter> parameters() const;

    // A query parameter, percent-decoded. Failure validation_error as above, and when its value cannot be decoded.
    std::optional<std::string> query_value(std::string_view name) const;
};

struct Response {
    int status = 200;
    std::vector<Header> headers;
    std::string body;

    // The value of a header this response carries, for tests and logs; empty when absent.
    std::string header(std::string_view name) const;
};

// JSON with content type application/json.
Response json(int status, std::string body);

// %XX decoding; empty for a broken escape, an overlong or invalid UTF-8 result, or NUL. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);

} // namespace http
