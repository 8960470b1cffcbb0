// Patterns against paths, segment by segment.
#include "shared/http/route.hpp"

#include <algorithm>
#include <stdexcept>

namespace http {
namespace {

// Takes the leading "/segment" off a path; empty when there is none, and then nothing is left of the path.
std::string_view next_segment(std::string_view& path)
{
    if (path.empty() || path.front() != '/') return path = {};
    auto const end = std::min(path.find('/', 1), path.size());
    auto const segment = path.substr(1, end - 1);
    path.remove_prefix(end);
    return segment;
}

enum class Kind { literal, name, rest };

Kind kind_of(std::string_view segment)
{
    if (segment.size() <= 2 || segment.front() != '{' || segment.back() != '}') return Kind::literal;
    return segment.ends_with("...}") && segment.size() > 5 ? Kind::rest : Kind::name;
}

// "{user_id}" and "{path...}" without what marks them.
std::string_view name_in(std::string_view segment, Kind kind)
{
    auto const marks = kind == Kind::rest ? std::string_view("{...}").size() : std::string_view("{}").size();
    return segment.substr(1, segment.size() - marks);
}

// What is left of a path is segments, none of them empty.
bool is_rest(std::string_view path)
{
    while (!path.empty())
        if (next_segment(path).empty()) return false;
    return true;
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
        auto const kind = kind_of(expected);
        if (kind == Kind::rest) {
            if (!is_rest(path)) return false;
            match.params.emplace_back(name_in(expected, kind), path.substr(1));
            return true;
        }
        auto const given = next_segment(path);
        if (given.empty()) return false;
        if (kind == Kind::name)
            match.params.emplace_back(name_in(expected, kind), given);
        else if (expected != given)
            return false;
    }
    return pattern.empty() && path.empty();
}

bool more_literal(std::string_view left, std::string_view right)
{
    while (!left.empty() && !right.empty()) {
        auto const mine = kind_of(next_segment(left));
        auto const other = kind_of(next_segment(right));
        if (mine != other) return mine < other;
    }
    return left.empty() && !right.empty();
}

} // namespace http
