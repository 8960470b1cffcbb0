// Requests and responses: reading what may appear once, decoding what came in a URL.
#include "shared/http/message.hpp"

#include "shared/base/failure.hpp"
#include "shared/base/utf8.hpp"
#include "shared/json/fields.hpp"

#include <algorithm>

namespace http {
namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

// 0..15, or -1.
int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    auto const letter = lower(digit);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// The byte of the "%XX" that `text` begins with, or -1.
int escaped_byte(std::string_view text)
{
    if (text.size() < 3) return -1;
    auto const high = hex_value(text[1]);
    auto const low = hex_value(text[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// The part before `separator`, which is cut off `text` together with it; all of it when there is none.
std::string_view cut(std::string_view& text, char separator)
{
    auto const end = text.find(separator);
    auto const part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
}

// Which of two is meant cannot be known, and the servers in front of us may have chosen the other one.
[[noreturn]] void refuse_doubled(std::string_view name)
{
    if (name == "authorization") throw base::Failure(base::Error::unauthorized, "authorization sent twice");
    throw json::validation_failure(
        {.loc = {"header", std::string(name)}, .msg = "must be sent once", .type = "header_repeated"});
}

void refuse_repeated(std::vector<Parameter> const& parameters)
{
    auto names = std::vector<std::string_view>();
    names.reserve(parameters.size());
    for (auto const& parameter : parameters)
        names.push_back(parameter.name);
    std::sort(names.begin(), names.end());
    auto const twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return;
    throw json::validation_failure(
        {.loc = {"query", std::string(*twice)}, .msg = "must be sent once", .type = "query_repeated"});
}

} // namespace

std::optional<std::string> Request::header(std::string_view name) const
{
    auto found = std::optional<std::string>();
    for (auto const& [candidate, value] : headers) {
        if (candidate != name) continue;
        if (found) refuse_doubled(name);
        found = value;
    }
    return found;
}

std::vector<Parameter> Request::parameters() const
{
    auto parameters = std::vector<Parameter>();
    for (std::string_view rest = query; !rest.empty();) {
        auto value = cut(rest, '&');
        if (value.empty()) continue;
        auto const name = cut(value, '=');
        parameters.push_back({.name = percent_decode(name).value_or(std::string(name)), .value = value});
    }
    refuse_repeated(parameters);
    return parameters;
}

std::optional<std::string> Request::query_value(std::string_view name) const
{
    for (auto const& parameter : parameters()) {
        if (parameter.name != name) continue;
        if (auto decoded = percent_decode(parameter.value)) return decoded;
        throw json::validation_failure({.loc = {"query", std::string(name)},
                                        .msg = "must be percent-encoded UTF-8",
                                        .type = "string_unicode"});
    }
    return std::nullopt;
}

std::string Response::header(std::string_view name) const
{
    auto const found = std::find_if(headers.begin(), headers.end(),
                                    [&](Header const& header) { return same_name(header.first, name); });
    return found == headers.end() ? std::string() : found->second;
}

Response json(int status, std::string body)
{
    return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

std::optional<std::string> percent_decode(std::string_view text)
{
    auto decoded = std::string();
    decoded.reserve(text.size());
    while (!text.empty()) {
        auto const escaped = text.front() == '%';
        auto const byte = escaped ? escaped_byte(text) : static_cast<unsigned char>(text.front());
        // NUL would end the text for everything behind us that is written in C.
        if (byte <= 0) return std::nullopt;
        decoded += static_cast<char>(byte);
        text.remove_prefix(escaped ? 3 : 1);
    }
    if (!base::is_utf8(decoded)) return std::nullopt;
    return decoded;
}

} // namespace http
