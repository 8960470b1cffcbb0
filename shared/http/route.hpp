// Which endpoint is this? Patterns are literal segments and {names}: "/api/v1/users/{user_id}/spend".
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

} // namespace http
