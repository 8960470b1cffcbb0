// The same handler as a plain CGI program (RFC 3875): one request from the environment and standard input,
// one answer on standard output.
#pragma once

#include "shared/server/exchange.hpp"

namespace server {

class CgiExchange : public Exchange {
  public:
    // Reads and writes these descriptors; they stay open. `variables` as environ(7).
    CgiExchange(char const* const* variables, int in, int out) : variables_(variables), in_(in), out_(out) {}

    char const* const* variables() const override { return variables_; }
    bool read(std::string& body, std::size_t size) override;
    bool write(std::string_view bytes) override;

  private:
    char const* const* variables_;
    int in_;
    int out_;
};

} // namespace server
