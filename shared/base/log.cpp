// Log lines, escaped by hand: this module is below json.
#include "shared/base/log.hpp"

#include "shared/base/clock.hpp"
#include "shared/base/utf8.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace base::log {
namespace {

constexpr std::size_t value_bytes_max = 2000;

// Written once, in main, before there are threads.
std::string handler_name;

std::string_view name_of(Level level)
{
    switch (level) {
    case Level::info:
        return "info";
    case Level::warning:
        return "warning";
    case Level::error:
        break;
    }
    return "error";
}

// A line must stay one line and must not drive a terminal, so control characters never pass as they are.
void append_character(std::string& line, char character)
{
    constexpr std::string_view hex = "0123456789abcdef";
    auto const byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7F)
        line.append("\\u00").append(1, hex[byte >> 4]).append(1, hex[byte & 0xF]);
    else if (character == '"' || character == '\\')
        line.append(1, '\\').append(1, character);
    else
        line += character;
}

void append_text(std::string& line, std::string_view text)
{
    // Repaired before it is cut: a cut goes between characters only in what is UTF-8. The first cut keeps the
    // work small and takes four bytes more than are shown, so that what it may damage is cut off again.
    auto const repaired = repair_utf8(text.substr(0, value_bytes_max + 4));
    line += '"';
    for (char const character : cut_utf8(repaired, value_bytes_max))
        append_character(line, character);
    line += '"';
}

void append_member(std::string& line, std::string_view name, std::string_view value)
{
    append_text(line += line.empty() ? '{' : ',', name);
    append_text(line += ':', value);
}

void append_member(std::string& line, std::string_view name, std::int64_t value)
{
    append_text(line += line.empty() ? '{' : ',', name);
    line.append(1, ':').append(std::to_string(value));
}

// One call for a whole line; a second one only where the kernel took less. There is nowhere to report that
// the log cannot be written.
void write_line(std::string_view line)
{
    while (!line.empty()) {
        auto const written = ::write(STDERR_FILENO, line.data(), line.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        line.remove_prefix(static_cast<std::size_t>(written));
    }
}

} // namespace

void event(Level level, std::string_view event, std::initializer_list<Field> fields)
{
    auto line = std::string();
    append_member(line, "at", iso8601(now_us()));
    append_member(line, "level", name_of(level));
    append_member(line, "handler", handler_name);
    append_member(line, "event", event);
    for (auto const& field : fields)
        std::visit([&](auto const& value) { append_member(line, field.first, value); }, field.second);
    write_line(line += "}\n");
}

void set_handler(std::string name)
{
    handler_name = std::move(name);
}

} // namespace base::log
