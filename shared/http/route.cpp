// Patterns against paths, segment by segment.
#include "shared/http/route.hpp"

#include <algorithm>
#include <stdexcept>

namespace http {
namespace {

// Takes the leading "/segment" off a path; empty when there is none.
std::string_view next_segment(std::string_view& path)
{
    if (path.empty() || path.front() != '/') return {};
    auto const end = std::min(path.find('/', 1), path.size());
    auto const segment = path.substr(1, end - 1);
    path.remove_prefix(end);
    return segment;
}

bool is_name(std::string_view segment)
{
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

} // namespace

std::string const& Match::param(std::string_view name) const
{
    auto const found =
        std::find_if(params.begin(), params.end(), [&](auto const& param) { return param.first == name; });
    if (found == params.end()) throw std::logic_error("the pattern has no {" + std::string(name) + "}");
    return found->second;
}

bool match(std::string_view pattern, std::string_view path, Match& match)
{
    match.params.clear();
    if (pattern == "/") return path == "/";
    while (!pattern.empty() && !path.empty()) {
        auto const expected = next_segment(pattern);
        auto const given = next_segment(path);
        if (given.empty()) return false;
        if (is_name(expected))
            match.params.emplace_back(expected.substr(1, expected.size() - 2), given);
        else if (expected != given)
            return false;
    }
    return pattern.empty() && path.empty();
}

} // namespace http
