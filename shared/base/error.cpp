// The error table, as errors.def lists it.
#include "shared/base/error.hpp"

#include <algorithm>
#include <iterator>

namespace base {
namespace {

constexpr ErrorInfo table[] = {
#define ROW(name, status, sqlstate, retry, message)                                                          \
    ErrorInfo{#name, sqlstate, message, Error::name, status, Retry::retry},
#include "shared/base/errors.def"
#undef ROW
};

} // namespace

ErrorInfo const& info(Error error)
{
    // The enum and the table come from the same rows in the same order.
    return table[static_cast<std::size_t>(error)];
}

std::string upper_snake(std::string_view name)
{
    auto upper = std::string(name);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return upper;
}

std::optional<Error> from_sqlstate(std::string_view sqlstate)
{
    // Rows without a state have "" and must not be found by it.
    if (sqlstate.empty()) return std::nullopt;
    auto const row = std::find_if(std::begin(table), std::end(table),
                                  [&](ErrorInfo const& candidate) { return candidate.sqlstate == sqlstate; });
    if (row == std::end(table)) return std::nullopt;
    return row->error;
}

std::optional<Error> parse_error(std::string_view name)
{
    auto const row = std::find_if(std::begin(table), std::end(table),
                                  [&](ErrorInfo const& candidate) { return candidate.name == name; });
    if (row == std::end(table)) return std::nullopt;
    return row->error;
}

} // namespace base
