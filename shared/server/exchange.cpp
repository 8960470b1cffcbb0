// Requests out of CGI variables and answers into text. Nothing here knows which wire it is.
#include "shared/server/exchange.hpp"

#include "shared/base/uuid.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace server {
namespace {

constexpr std::size_t request_id_chars_min = 8;
constexpr std::size_t request_id_chars_max = 64;

struct Variable {
    std::string_view name;
    std::string_view value;
};

Variable split(std::string_view text)
{
    auto const equals = text.find('=');
    if (equals == std::string_view::npos) return {text, {}};
    return {text.substr(0, equals), text.substr(equals + 1)};
}

// "HTTP_IDEMPOTENCY_KEY" -> "idempotency-key".
std::string header_name(std::string_view variable)
{
    variable.remove_prefix(std::strlen("HTTP_"));
    auto name = std::string(variable);
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        if (c == '_') return '-';
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

// Capitals, digits and underscores (RFC 3875, 4.1.18).
bool is_variable_name(std::string_view name)
{
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_request_id(std::string_view text)
{
    auto const is_good = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    };
    return text.size() >= request_id_chars_min && text.size() <= request_id_chars_max &&
           std::all_of(text.begin(), text.end(), is_good);
}

std::optional<std::uint64_t> parse_length(std::string_view text)
{
    if (text.empty()) return 0;
    auto length = std::uint64_t{0};
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, length);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return length;
}

// Repeated slashes are one, as the web server has it: a client's base URL may end in a slash.
std::string merge_slashes(std::string path)
{
    path.erase(std::unique(path.begin(), path.end(), [](char a, char b) { return a == '/' && b == '/'; }),
               path.end());
    return path;
}

// Up to '?', decoded. What stands before a broken escape is kept, so that the refusal still speaks the
// dialect of its prefix; the empty segment after it is in no route.
std::string path_of(std::string_view target)
{
    auto const raw = target.substr(0, target.find('?'));
    if (auto decoded = http::percent_decode(raw)) return merge_slashes(*std::move(decoded));
    return merge_slashes(std::string(raw.substr(0, raw.find('%')))) + "//";
}

std::string query_of(std::string_view target)
{
    auto const mark = target.find('?');
    return mark == std::string_view::npos ? std::string() : std::string(target.substr(mark + 1));
}

std::string_view reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 402:
        return "Payment Required";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Content";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return "Unknown";
    }
}

} // namespace

Head read_head(char const* const* variables)
{
    auto head = Head{.request = {}, .body_bytes = 0};
    auto& request = head.request;
    auto target = std::string_view();
    auto script_name = std::string_view();
    auto path_info = std::string_view();
    auto query = std::string_view();
    auto request_id = std::string_view();

    for (; *variables != nullptr; ++variables) {
        auto const [name, value] = split(*variables);
        // Written otherwise than a web server writes them, they would pass by the names below.
        if (!is_variable_name(name)) continue;
        if (name == "REQUEST_METHOD")
            request.method = value;
        else if (name == "REQUEST_URI")
            target = value;
        else if (name == "SCRIPT_NAME")
            script_name = value;
        else if (name == "PATH_INFO")
            path_info = value;
        else if (name == "QUERY_STRING")
            query = value;
        else if (name == "REMOTE_ADDR")
            request.remote_addr = value;
        else if (name == "CONTENT_LENGTH")
            head.body_bytes = parse_length(value);
        else if (name == "CONTENT_TYPE")
            request.headers.emplace_back("content-type", value);
        // A web server may pass these two under both names; the unprefixed ones are its own word.
        else if (name == "HTTP_CONTENT_TYPE" || name == "HTTP_CONTENT_LENGTH")
            continue;
        else if (name == "HTTP_X_REQUEST_ID")
            request_id = value;
        else if (name.starts_with("HTTP_"))
            request.headers.emplace_back(header_name(name), value);
    }

    if (!target.empty()) {
        request.path = path_of(target);
        request.query = query_of(target);
    } else {
        // Plain CGI need not have REQUEST_URI, and these two come decoded.
        request.path = merge_slashes(std::string(script_name) + std::string(path_info));
        request.query = query;
    }
    request.request_id =
        is_request_id(request_id) ? std::string(request_id) : base::to_string(base::uuid_v7());
    return head;
}

std::string render(http::Response const& response)
{
    auto text = "Status: " + std::to_string(response.status) + " ";
    text += reason(response.status);
    text += "\r\n";
    for (auto const& [name, value] : response.headers)
        text.append(name).append(": ").append(value).append("\r\n");
    // With its length the web server can tell a whole answer from one that was cut.
    if (!response.body.empty()) text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
    text += "\r\n";
    text += response.body;
    return text;
}

} // namespace server
