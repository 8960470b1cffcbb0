// One JSON line an event on standard error, written with one write(2), so lines of threads and processes
// never mix. Callers pass no credential, no connection string and no request body.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace base::log {

enum class Level { info, warning, error };

using Field = std::pair<std::string_view, std::variant<std::int64_t, std::string>>;

// {"at": ..., "level": ..., "handler": ..., "event": event, fields...}. Invalid UTF-8 is replaced, never
// refused; values are cut at 2,000 bytes.
void event(Level level, std::string_view event, std::initializer_list<Field> fields = {});

// The program's name in every line; set once in main.
void set_handler(std::string name);

} // namespace base::log
