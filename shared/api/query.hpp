// The query string of a request, read parameter by parameter; done() throws all that is wrong at once.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/service/service.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace api {

class Query {
  public:
    explicit Query(service::Call const& call) : request_(call.request) {}

    // A whole number from 1 to `max`; empty when it is absent.
    std::optional<std::int64_t> integer(std::string const& name, std::int64_t max);

    // Throws what json::throw_if_any does.
    void done();

  private:
    http::Request const& request_;
    std::vector<base::Problem> problems_;
};

} // namespace api
