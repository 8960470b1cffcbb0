// The query string of a request, read parameter by parameter; done() throws all that is wrong at once.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/service/service.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace api {

// Members and parameters that an endpoint does not know: our own endpoints refuse them by name, those of a published document
// ignore them, as its servers did.
enum class Unknown { refused, ignored };

// A problem for each parameter of the query that is not `known`.
std::vector<base::Problem> unknown_parameters(http::Request const& request,
                                              std::vector<std::string> const& known);

class Query {
  public:
    explicit Query(service::Call const& call) : request_(call.request) {}

    // A whole number from 1 to `max`; empty when it is absent.
    std::optional<std::int64_t> integer(std::string const& name, std::int64_t max);

    // Throws what json::throw_if_any does.
    void done(Unknown unknown = Unknown::refused);

  private:
    http::Request const& request_;
    std::vector<std::string> asked_;
    std::vector<base::Problem> problems_;
};

} // namespace api
