// The closed list of outcomes that are not success. Rows live in errors.def; nothing else names an error.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace base {

enum class Error {
#define ROW(name, status, sqlstate, retry, message) name,
#include "shared/base/errors.def"
#undef ROW
};

// Whether sending the same request again can help.
enum class Retry { never, later, same_key };

struct ErrorInfo {
    std::string_view name;     // lower_snake
    std::string_view sqlstate; // "" where no SQL function raises it
    std::string_view message;  // public, fixed
    Error error;
    int status; // HTTP status where the dialect has no row of its own
    Retry retry;
};

ErrorInfo const& info(Error error);

// "insufficient_balance" -> "INSUFFICIENT_BALANCE".
std::string upper_snake(std::string_view name);

// The error that a five-character SQLSTATE of ours stands for; empty for any other state.
std::optional<Error> from_sqlstate(std::string_view sqlstate);

// The error of this name; empty for any other text.
std::optional<Error> parse_error(std::string_view name);

} // namespace base
