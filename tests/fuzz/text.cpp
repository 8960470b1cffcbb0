// The input is one text out of a URL, a header or a body, given to every parser of small texts:
// percent-decoding, UTF-8, UUIDs, users, instants, routes. Each is compared with a second reading of its own
// rule.
#include "shared/base/clock.hpp"
#include "shared/base/failure.hpp"
#include "shared/base/utf8.hpp"
#include "shared/base/uuid.hpp"
#include "shared/http/message.hpp"
#include "shared/http/route.hpp"
#include "shared/ledger/user_ref.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/unicode.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace {

using fuzz::must;

constexpr std::string_view hex_digits = "0123456789abcdef";

std::string lower(std::string_view text)
{
    auto result = std::string(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

// RFC 3986, 2.1; empty for what farebox must not take.
std::optional<std::string> decoded(std::string_view text)
{
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char byte = text[at];
        if (byte == '%') {
            auto const pair = lower(text.substr(at + 1, 2));
            if (pair.size() < 2 || pair.find_first_not_of(hex_digits) != std::string::npos)
                return std::nullopt;
            byte = static_cast<char>(std::strtol(pair.c_str(), nullptr, 16));
            at += 2;
        }
        bytes += byte;
    }
    if (bytes.find('\0') != std::string::npos || !fuzz::characters(bytes)) return std::nullopt;
    return bytes;
}

std::string encoded(std::string_view text)
{
    std::string result;
    for (auto const byte : text) {
        auto const value = static_cast<unsigned char>(byte);
        result.append("%").append(1, hex_digits[value >> 4]).append(1, hex_digits[value & 15]);
    }
    return result;
}

void check_percent(std::string_view text)
{
    auto const result = http::percent_decode(text);
    must(result == decoded(text), "a URL is decoded as RFC 3986 says, or not at all");
    if (result) must(http::percent_decode(encoded(*result)) == result, "what is encoded is decoded again");

    auto const request = http::Request{.method = {},
                                       .path = {},
                                       .query = std::string(text),
                                       .headers = {},
                                       .body = {},
                                       .remote_addr = {},
                                       .request_id = {}};
    try {
        auto const value = request.query_value("limit");
        must(!value || (fuzz::characters(*value) && value->find('\0') == std::string::npos),
             "a query's value is Unicode without NUL");
    } catch (base::Failure const& failure) {
        must(failure.error() == base::Error::validation_error, "a query that cannot be read is not valid");
    }
}

void check_utf8(std::string_view text)
{
    auto const points = fuzz::characters(text);
    must(base::is_utf8(text) == points.has_value(), "UTF-8 is told from what is not");
    auto const repaired = base::repair_utf8(text);
    must(fuzz::characters(repaired).has_value(), "what is repaired is UTF-8");
    must(!points || repaired == text, "what is whole is not repaired");
    if (!points) return;

    must(base::count_characters(text) == points->size(), "characters are counted, not bytes");
    auto const max_bytes = text.size() / 2;
    auto const cut = base::cut_utf8(text, max_bytes);
    must(cut.size() <= max_bytes && text.substr(0, cut.size()) == cut, "what is cut is a beginning");
    must(fuzz::characters(cut).has_value(), "what is cut ends with a whole character");
    auto rest = text.substr(cut.size());
    if (rest.empty()) return;
    fuzz::take_character(rest);
    must(text.size() - rest.size() > max_bytes, "no more is cut off than must be");
}

void check_names(std::string_view text)
{
    auto const id = base::parse_uuid(text);
    if (id) must(base::to_string(*id) == lower(text), "a UUID is the one that was sent");

    auto const user = ledger::parse_user(text);
    if (!user) return;
    must(user->id.has_value() != user->number.has_value() && !user->phone, "a user has one name");
    must(user->id == id, "a user's UUID is the one that was sent");
    must(!user->number || (*user->number >= 1 && std::to_string(*user->number) == text),
         "a user's number has one spelling");
}

int digits(std::string_view text, std::size_t at, std::size_t width)
{
    return std::atoi(std::string(text.substr(at, width)).c_str());
}

// What a well-formed instant means, by the C library's calendar.
std::int64_t instant_us(std::string_view text)
{
    std::tm date{};
    date.tm_year = digits(text, 0, 4) - 1900;
    date.tm_mon = digits(text, 5, 2) - 1;
    date.tm_mday = digits(text, 8, 2);
    date.tm_hour = digits(text, 11, 2);
    date.tm_min = digits(text, 14, 2);
    date.tm_sec = digits(text, 17, 2);
    auto const written = date;
    std::int64_t us = std::int64_t{timegm(&date)} * 1'000'000;
    must(date.tm_mon == written.tm_mon && date.tm_mday == written.tm_mday &&
             date.tm_hour == written.tm_hour && date.tm_min == written.tm_min &&
             date.tm_sec == written.tm_sec,
         "an instant is one that the calendar has");
    auto const zone = text.find_first_of("Zz+-", 19);
    if (text[19] == '.')
        us += digits((std::string(text.substr(20, zone - 20)) + "000000").substr(0, 6), 0, 6);
    if (text[zone] == 'Z' || text[zone] == 'z') return us;
    must(digits(text, zone + 1, 2) < 24 && digits(text, zone + 4, 2) < 60, "an offset is less than a day");
    auto const offset_us = (digits(text, zone + 1, 2) * 60LL + digits(text, zone + 4, 2)) * 60'000'000;
    return text[zone] == '+' ? us - offset_us : us + offset_us;
}

void check_instant(std::string_view text)
{
    auto const us = base::parse_iso8601(text);
    if (!us) return;
    must(text.size() >= 20 && text.find_first_not_of("0123456789-:.+TtZz") == std::string_view::npos,
         "an instant holds nothing else");
    must(*us == instant_us(text), "an instant is the one that was sent");
    auto const shown = base::iso8601(*us);
    auto const again = base::parse_iso8601(shown);
    must(shown.size() == 27 && again.has_value(), "an instant that was shown is read again");
    bool const first_or_last =
        shown.starts_with("0000-01-01T00:00:00.000000") || shown.starts_with("9999-12-31T23:59:59.999999");
    must(first_or_last || again == us, "an instant is shown as it is");
}

void check_route(std::string_view path)
{
    for (std::string_view const pattern : {"/", "/health", "/api/v1/users/{user_id}/spend",
                                           "/api/user/tokens/{phone}", "/{a}/{b}", "/{a}/{b...}"}) {
        http::Match match;
        if (!http::match(pattern, path, match)) continue;
        auto rebuilt = std::string(pattern);
        std::size_t from = 0; // a value may look like a name
        for (auto const& [name, value] : match.params) {
            auto const rest = rebuilt.find("{" + name + "...}", from);
            auto const is_rest = rest != std::string::npos;
            must(!value.empty() && (is_rest || value.find('/') == std::string::npos),
                 "a name stands for one segment");
            must(("/" + value + "/").find("//") == std::string::npos, "no segment is empty");
            from = is_rest ? rest : rebuilt.find("{" + name + "}", from);
            rebuilt.replace(from, name.size() + (is_rest ? 5 : 2), value);
            from += value.size();
        }
        must(rebuilt == path, "a path that matches is the pattern with its names filled in");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto const text = std::string_view(reinterpret_cast<char const*>(data), size);
    check_percent(text);
    check_utf8(text);
    check_names(text);
    check_instant(text);
    check_route(text);
    return 0;
}
