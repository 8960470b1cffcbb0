// Which endpoint is this? A pattern is literal segments and {names}, each of which stands for one segment:
// "/api/v1/users/{user_id}/spend". {name...} at the end stands for the rest of the path, one segment or more.
#pragma once

#include "shared/http/message.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

struct Match {
    std::vector<std::pair<std::string, std::string>> params;

    // The text that stood for {name}; the pattern must have it.
    std::string const& param(std::string_view name) const;
};

// Whether `path` is this pattern; params are filled in. Segments are compared byte for byte, an empty segment
// or a trailing slash never matches.
bool match(std::string_view pattern, std::string_view path, Match& match);

// Of two patterns of one path, whether `left` is the one that is meant: at the first segment in which they
// differ a literal is before a {name}, and that before a {name...}. A strict weak order of all patterns.
bool more_literal(std::string_view left, std::string_view right);

} // namespace http
