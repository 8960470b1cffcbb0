#include "shared/api/query.hpp"

#include "shared/json/fields.hpp"

#include <charconv>
#include <utility>

namespace api {

std::optional<std::int64_t> Query::integer(std::string const& name, std::int64_t max)
{
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

void Query::done()
{
    json::throw_if_any(std::move(problems_));
}

} // namespace api
