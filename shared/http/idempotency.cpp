// The idempotency key: one rule for what it may be, wherever it came from.
#include "shared/http/idempotency.hpp"

#include "shared/base/utf8.hpp"
#include "shared/json/fields.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace http {
namespace {

constexpr std::size_t key_chars_max = 255;

using Loc = std::vector<std::string>;

[[noreturn]] void refuse(Loc loc, std::string msg, std::string type)
{
    throw json::validation_failure({.loc = std::move(loc), .msg = std::move(msg), .type = std::move(type)});
}

// C0 and DEL, and C1, which UTF-8 writes as C2 80 to C2 9F.
bool has_control_character(std::string_view text)
{
    auto previous = 0U;
    for (char const c : text) {
        auto const byte = static_cast<unsigned>(static_cast<unsigned char>(c));
        if (byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0)) return true;
        previous = byte;
    }
    return false;
}

std::string_view without_blanks(std::string_view text)
{
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The text of an RFC 8941 string: in quotes, with a backslash before a quote and a backslash and before
// nothing else. Empty optional when it is none.
std::optional<std::string> unquote(std::string_view quoted)
{
    if (quoted.size() < 2 || quoted.back() != '"') return std::nullopt;
    auto rest = quoted.substr(1, quoted.size() - 2);
    auto text = std::string();
    while (!rest.empty()) {
        auto const escaped = rest.front() == '\\';
        if (escaped) rest.remove_prefix(1);
        // A quote or backslash must be escaped, and nothing else may be.
        auto const special = !rest.empty() && (rest.front() == '"' || rest.front() == '\\');
        if (special != escaped) return std::nullopt;
        text += rest.front();
        rest.remove_prefix(1);
    }
    return text;
}

std::string checked(std::string key, Loc const& loc)
{
    if (!base::is_utf8(key)) refuse(loc, "must be valid Unicode", "string_unicode");
    auto const chars = base::count_characters(key);
    if (chars == 0 || chars > key_chars_max)
        refuse(loc, "must be a text of 1 to 255 characters",
               chars == 0 ? "string_too_short" : "string_too_long");
    if (has_control_character(key)) refuse(loc, "must not hold control characters", "string_control");
    return key;
}

std::string read_header(std::string_view value, Loc const& loc)
{
    auto const text = without_blanks(value);
    if (text.empty() || text.front() != '"') return checked(std::string(text), loc);
    auto unquoted = unquote(text);
    if (!unquoted) refuse(loc, "must be bare or a quoted string", "string_type");
    return checked(*std::move(unquoted), loc);
}

} // namespace

std::optional<std::string> idempotency_key(Request const& request,
                                           std::optional<std::string> const& from_body)
{
    auto const header_loc = Loc{"header", "idempotency-key"};
    auto const body_loc = Loc{"body", "idempotency_key"};

    auto key = std::optional<std::string>();
    if (from_body) key = checked(*from_body, body_loc);
    if (auto const header = request.header("idempotency-key")) {
        auto const from_header = read_header(*header, header_loc);
        if (key && *key != from_header)
            refuse(body_loc, "must be the same as the Idempotency-Key header", "key_mismatch");
        key = from_header;
    }
    return key;
}

} // namespace http
