#include "shared/auth/caller.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace auth {

namespace {

constexpr std::array<std::pair<std::string_view, Scope>, 5> scopes{{
    {"read", Scope::read},
    {"spend", Scope::spend},
    {"hold", Scope::hold},
    {"grant", Scope::grant},
    {"users", Scope::users},
}};

} // namespace

std::optional<Scope> parse_scope(std::string_view name)
{
    auto const* const row =
        std::find_if(scopes.begin(), scopes.end(), [&](auto const& s) { return s.first == name; });
    return row == scopes.end() ? std::nullopt : std::optional(row->second);
}

std::string_view name(Scope scope)
{
    auto const* const row =
        std::find_if(scopes.begin(), scopes.end(), [&](auto const& s) { return s.second == scope; });
    return row == scopes.end() ? std::string_view() : row->first;
}

} // namespace auth
