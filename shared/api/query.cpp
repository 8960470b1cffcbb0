#include "shared/api/query.hpp"

#include "shared/json/fields.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace api {

std::vector<base::Problem> unknown_parameters(http::Request const& request,
                                              std::vector<std::string> const& known)
{
    auto problems = std::vector<base::Problem>();
    for (auto const& parameter : request.parameters())
        if (std::find(known.begin(), known.end(), parameter.name) == known.end())
            problems.push_back({.loc = {"query", parameter.name},
                                .msg = "is not a parameter of this request",
                                .type = "extra_forbidden"});
    return problems;
}

std::optional<std::int64_t> Query::integer(std::string const& name, std::int64_t max)
{
    asked_.push_back(name);
    auto const text = request_.query_value(name);
    if (!text) return std::nullopt;
    auto value = std::int64_t{0};
    auto const* const end = text->data() + text->size();
    auto const [stop, error] = std::from_chars(text->data(), end, value);
    if (error == std::errc{} && stop == end && value >= 1 && value <= max) return value;
    problems_.push_back({.loc = {"query", name},
                         .msg = "must be a whole number from 1 to " + std::to_string(max),
                         .type = "int_range"});
    return std::nullopt;
}

void Query::done(Unknown unknown)
{
    if (unknown == Unknown::refused)
        for (auto& problem : unknown_parameters(request_, asked_))
            problems_.push_back(std::move(problem));
    json::throw_if_any(std::move(problems_));
}

} // namespace api
