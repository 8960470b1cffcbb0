// A web server's side of FastCGI 1.0, written by hand, so that it can say anything.
#pragma once

#include "tests/support/variables.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace support::fastcgi {

enum class Type : unsigned char { begin = 1, end = 3, params = 4, in = 5, out = 6 };
enum class Keep { no, yes };

std::string record(Type type, std::string_view content);
std::string begin_record(Keep keep = Keep::no);
std::string params_records(Variables const& variables); // with the empty record that ends them
std::string body_records(std::string_view body);        // the same

// A whole request; CONTENT_LENGTH is added when there is a body.
std::string request(Variables variables, std::string_view body = {}, Keep keep = Keep::no);

// A request as nginx would pass it.
Variables post(std::string const& target, std::string const& key = {});
Variables get(std::string const& target);

struct Reply {
    std::string text;     // all of standard output
    bool ended = false;   // the end of the request was said
    std::string leftover; // what came after that
    bool closed = false;  // the connection was closed after all this
    int status() const;   // of the Status line, 0 when there is none
    std::string body() const;
};

// What these bytes say; `ended` once they hold the whole end of the request.
Reply parse_reply(std::string const& bytes);

// Reads until the peer closes or for five seconds.
Reply read_reply(int connection);

// Sends a request to a handler's socket and reads the answer.
Reply ask(std::filesystem::path const& socket, std::string_view request);

} // namespace support::fastcgi
