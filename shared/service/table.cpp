#include "shared/service/table.hpp"

#include "shared/json/writer.hpp"

#include <stdexcept>

namespace service {
namespace {

std::string_view name_of(Dialect dialect)
{
    switch (dialect) {
    case Dialect::token:
        return "token";
    case Dialect::chat:
        return "chat";
    case Dialect::mgmt:
        return "mgmt";
    case Dialect::track:
        return "track";
    case Dialect::forge:
        return "forge";
    case Dialect::supabase:
        return "supabase";
    }
    throw std::logic_error("a dialect without a name");
}

std::string_view name_of(Rate rate)
{
    switch (rate) {
    case Rate::none:
        return "none";
    case Rate::open:
        return "public";
    case Rate::logins:
        return "logins";
    case Rate::registrations:
        return "registrations";
    }
    throw std::logic_error("a rate without a name");
}

// The same paths, whatever the patterns call their names.
bool same_form(std::string_view left, std::string_view right)
{
    auto ignored = http::Match();
    return http::match(left, right, ignored) && http::match(right, left, ignored) &&
           !http::more_literal(left, right) && !http::more_literal(right, left);
}

} // namespace

std::vector<std::string> words(Access const& access)
{
    if (access.open) return {"anyone"};
    auto words = std::vector<std::string>();
    if (access.person) words.emplace_back("user");
    if (access.admin) words.emplace_back("admin");
    if (access.service) words.push_back("key:" + std::string(auth::name(*access.service)));
    return words;
}

std::string describe(Endpoint const& endpoint)
{
    auto line = json::Writer();
    line.begin()
        .field("method", endpoint.method)
        .field("pattern", endpoint.pattern)
        .field("dialect", name_of(endpoint.dialect))
        .array("access");
    for (auto const& word : words(endpoint.access))
        line.item(word);
    line.end()
        .field("body_max", static_cast<std::int64_t>(endpoint.body_max))
        .field("timeout_ms", endpoint.timeout_ms)
        .field("stream", endpoint.streams)
        .field("rate", name_of(endpoint.rate))
        .field("model", endpoint.calls_model);
    return line.end().str();
}

void check(Program const& program)
{
    auto const fail = [](Endpoint const& endpoint, char const* what) {
        throw std::logic_error(std::string(endpoint.method) + " " + std::string(endpoint.pattern) + ": " +
                               what);
    };
    for (auto const& endpoint : program.endpoints) {
        if (!endpoint.pattern.starts_with('/')) fail(endpoint, "a pattern begins with a slash");
        if (auto const rest = endpoint.pattern.find("...}"); rest < endpoint.pattern.size() - 4)
            fail(endpoint, "what is named with dots is the end of a pattern");
        if (!endpoint.access.open && !program.needs.database)
            fail(endpoint, "callers are known by the database");
        for (auto const* other = program.endpoints.data(); other != &endpoint; ++other)
            if (other->method == endpoint.method && same_form(other->pattern, endpoint.pattern))
                fail(endpoint, "stands in the table twice");
    }
}

} // namespace service
