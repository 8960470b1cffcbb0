// The idempotency key: one rule for what it may be, wherever it came from.
#include "shared/http/idempotency.hpp"

#include "shared/base/utf8.hpp"
#include "shared/json/fields.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace http {
namespace {

constexpr std::size_t key_chars_max = 255;

// What clients' libraries call the header. It must not be left to the name whether a repeat moves tokens again.
constexpr auto header_names = std::array<std::string_view, 2>{"idempotency-key", "x-idempotency-key"};

// What programs write where they have nothing, in lower case: whoever sends one of these means no key, and would be answered
// what somebody else's request with nothing was.
constexpr auto words_for_nothing =
    std::array<std::string_view, 8>{"undefined", "null", "(null)", "<null>", "nil", "<nil>", "none", "nan"};

// Characters beside the space that show as nothing. Unicode has them at U+00A0, U+1680, U+2000 to U+200F, U+2028, U+2029,
// U+202F, U+205F, U+2060, U+3000 and U+FEFF.
constexpr auto blanks = std::array<std::string_view, 10>{" ",
                                                         "\xC2\xA0",
                                                         "\xE1\x9A\x80",
                                                         "\xE2\x80\xA8",
                                                         "\xE2\x80\xA9",
                                                         "\xE2\x80\xAF",
                                                         "\xE2\x81\x9F",
                                                         "\xE2\x81\xA0",
                                                         "\xE3\x80\x80",
                                                         "\xEF\xBB\xBF"};

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

// How many bytes of a blank the text begins with; 0 when with none.
std::size_t blank_bytes(std::string_view text)
{
    auto const blank = std::find_if(blanks.begin(), blanks.end(),
                                    [&](std::string_view one) { return text.starts_with(one); });
    if (blank != blanks.end()) return blank->size();
    auto const general = text.starts_with("\xE2\x80") && text.size() > 2 &&
                         static_cast<unsigned char>(text[2]) >= 0x80 &&
                         static_cast<unsigned char>(text[2]) <= 0x8F;
    return general ? 3 : 0;
}

bool means_nothing(std::string_view key)
{
    auto lower = std::string(key);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (std::find(words_for_nothing.begin(), words_for_nothing.end(), lower) != words_for_nothing.end())
        return true;
    if (lower.starts_with("[object ") && lower.ends_with(']')) return true;
    while (auto const blank = blank_bytes(key))
        key.remove_prefix(blank);
    return key.empty();
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

// HTTP cuts off the blanks around a header's value, so they are cut off everywhere: else one key would be two.
std::string checked(std::string_view sent, Loc const& loc)
{
    if (!base::is_utf8(sent)) refuse(loc, "must be valid Unicode", "string_unicode");
    auto key = std::string(without_blanks(sent));
    auto const chars = base::count_characters(key);
    if (chars == 0 || chars > key_chars_max)
        refuse(loc, "must be a text of 1 to 255 characters",
               chars == 0 ? "string_too_short" : "string_too_long");
    if (has_control_character(key)) refuse(loc, "must not hold control characters", "string_control");
    if (means_nothing(key))
        refuse(loc, "must be a key, and not a program's word for nothing", "string_nothing");
    return key;
}

std::string read_header(std::string_view value, Loc const& loc)
{
    auto const text = without_blanks(value);
    if (text.empty() || text.front() != '"') {
        // A web server that gets the header twice may hand both on as one: "a, b".
        if (text.find(',') != std::string_view::npos)
            refuse(loc, "must be sent once, and quoted where it holds a comma", "string_type");
        return checked(text, loc);
    }
    auto const unquoted = unquote(text);
    if (!unquoted) refuse(loc, "must be bare or a quoted string", "string_type");
    return checked(*unquoted, loc);
}

// Of the one header, or of two that say the same.
std::optional<std::string> key_of_headers(Request const& request)
{
    auto key = std::optional<std::string>();
    for (auto const name : header_names) {
        auto const value = request.header(name);
        if (!value) continue;
        auto const loc = Loc{"header", std::string(name)};
        auto one = read_header(*value, loc);
        if (key && *key != one) refuse(loc, "must be the same as the Idempotency-Key header", "key_mismatch");
        key = std::move(one);
    }
    return key;
}

} // namespace

bool has_key_header(Request const& request)
{
    return std::any_of(request.headers.begin(), request.headers.end(), [](Header const& header) {
        return std::find(header_names.begin(), header_names.end(), header.first) != header_names.end();
    });
}

std::optional<std::string> idempotency_key(Request const& request,
                                           std::optional<std::string> const& from_body)
{
    auto const body_loc = Loc{"body", "idempotency_key"};

    std::optional<std::string> key;
    if (from_body) key = checked(*from_body, body_loc);
    auto from_header = key_of_headers(request);
    if (key && from_header && *key != *from_header)
        refuse(body_loc, "must be the same as the Idempotency-Key header", "key_mismatch");
    return from_header ? from_header : key;
}

} // namespace http
