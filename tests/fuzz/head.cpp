// The input is the head of a request as the web server passes it: variables "NAME=value", each ended by NUL.
// It is read as the dispatcher reads it, then its credential and its idempotency key. A variable
// FUZZ_BODY_KEY stands for the body's idempotency_key.
#include "shared/auth/authenticator.hpp"
#include "shared/http/dialect.hpp"
#include "shared/http/idempotency.hpp"
#include "shared/http/route.hpp"
#include "shared/json/value.hpp"
#include "shared/server/exchange.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/unicode.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using fuzz::must;

constexpr std::string_view environment_key = "secret-of-the-environment";
constexpr std::string_view api_key = "fb_0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdef";

constexpr std::string_view token_characters =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";

using Variables = std::vector<std::string>;

std::string_view name_of(std::string_view variable)
{
    return variable.substr(0, variable.find('='));
}

std::string_view value_of(std::string_view variable)
{
    return variable.substr(std::min(name_of(variable).size() + 1, variable.size()));
}

// The names as every web server writes them: in capitals, without hyphens (RFC 3875, 4.1.18).
Variables variables_of(std::string_view input)
{
    Variables variables;
    while (!input.empty()) {
        auto const end = std::min(input.find('\0'), input.size());
        auto& variable = variables.emplace_back(input.substr(0, end));
        auto const name_end = variable.begin() + static_cast<std::ptrdiff_t>(name_of(variable).size());
        std::transform(variable.begin(), name_end, variable.begin(), [](char c) {
            if (c == '-') return '_';
            return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        });
        input.remove_prefix(std::min(end + 1, input.size()));
    }
    return variables;
}

// The value of the last variable of that name, which is the one that counts.
std::optional<std::string> last_of(Variables const& variables, std::string_view name)
{
    std::optional<std::string> value;
    for (auto const& variable : variables)
        if (name_of(variable) == name) value = value_of(variable);
    return value;
}

server::Head read(Variables const& variables)
{
    std::vector<char const*> pointers;
    for (auto const& variable : variables)
        pointers.push_back(variable.c_str());
    pointers.push_back(nullptr);
    return server::read_head(pointers.data());
}

// Whether a header may have come from that variable.
bool carries(std::string_view variable, http::Header const& header)
{
    if (value_of(variable) != header.second) return false;
    if (header.first == "content-type") return name_of(variable) == "CONTENT_TYPE";
    return variable.starts_with("HTTP_");
}

void check_headers(http::Request const& request, Variables const& variables)
{
    for (auto const& header : request.headers) {
        auto const& name = header.first;
        must(name.find_first_of("_ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos,
             "a header's name is in lower case with hyphens");
        must(name != "content-length" && name != "x-request-id", "what the web server imposes is no header");
        must(std::any_of(variables.begin(), variables.end(),
                         [&](std::string const& variable) { return carries(variable, header); }),
             "a header is what came in its own variable");
    }
}

void check_head(server::Head const& head, Variables const& variables)
{
    auto const& request = head.request;
    must(request.request_id.size() >= 8 && request.request_id.size() <= 64 &&
             request.request_id.find_first_not_of(token_characters) == std::string::npos,
         "a request id is 8 to 64 letters, digits, hyphens and underscores");
    must(request.remote_addr == last_of(variables, "REMOTE_ADDR").value_or(""),
         "the client's address is the web server's word");
    check_headers(request, variables);

    auto const length = last_of(variables, "CONTENT_LENGTH").value_or("");
    must(length.find_first_not_of("0123456789") == std::string::npos || !head.body_bytes,
         "a length is a number");
    must(!head.body_bytes || length.empty() || *head.body_bytes == std::strtoull(length.c_str(), nullptr, 10),
         "a length is the one that was sent");
    auto const target = last_of(variables, "REQUEST_URI").value_or("");
    if (target.empty()) return;
    must(fuzz::characters(request.path).has_value() || request.path.ends_with("//"),
         "a path is Unicode, or one that no route has");
    auto const twice = request.path.find("//");
    must(twice == std::string::npos || request.path.find_first_not_of('/', twice) == std::string::npos,
         "repeated slashes are one, but at the end of a path that no route has");
    http::Match match;
    if (request.path.ends_with("//"))
        must(!http::match("/{a}", request.path, match) && !http::match("/{a}/{b}", request.path, match),
             "no route has a path with an empty segment");
}

// The head's credential against two keys that are good; only these let anybody in.
void check_credential(http::Request const& request)
{
    auto const lookup = [&](base::Sha256 const& hash,
                            base::Deadline) -> std::optional<auth::KnownCredential> {
        auto const is_env = hash == base::sha256(environment_key);
        if (!is_env && hash != base::sha256(api_key)) return std::nullopt;
        return auth::KnownCredential{
            .kind = "api_key", .owner = {}, .name = is_env ? "KEY" : "good", .scopes = {}};
    };
    auth::Authenticator keys({{"KEY", base::Secret(std::string(environment_key))}, {"UNSET", base::Secret()}},
                             lookup);
    auto const given = std::count_if(request.headers.begin(), request.headers.end(),
                                     [](auto const& header) { return header.first == "authorization"; });
    try {
        auto const caller = keys.authenticate(request, base::deadline_in(std::chrono::seconds(1)));
        must(given == 1, "a credential is sent once");
        auto value = *request.header("authorization");
        while (value.ends_with(' ') || value.ends_with('\t'))
            value.pop_back();
        auto const name = auth::name_of(caller);
        must(name == "key:good" || name == "key:KEY", "a caller has the name of its key");
        auto const& key = name == "key:good" ? api_key : environment_key;
        must(value.ends_with(key), "nobody comes in without a good key");
        value.resize(value.size() - key.size());
        auto const scheme = value.find_first_not_of(" \t");
        must(scheme == std::string::npos || (value.size() - scheme > 6 &&
                                             value.find_first_not_of(" \t", scheme + 6) == std::string::npos),
             "before a key stands nothing but Bearer");
    } catch (base::Failure const& failure) {
        must(failure.error() == base::Error::unauthorized, "who has no good key is unauthorized");
        must(failure.log().find(environment_key) == std::string::npos &&
                 failure.log().find(api_key) == std::string::npos,
             "no credential is logged");
    }
}

std::string in_quotes(std::string_view key)
{
    std::string text = "\"";
    for (char const c : key)
        text.append(c == '"' || c == '\\' ? "\\" : "").append(1, c);
    return text + "\"";
}

void check_key(http::Request const& request, std::optional<std::string> const& from_body)
{
    try {
        auto const key = http::idempotency_key(request, from_body);
        auto const header = http::has_key_header(request);
        must(key.has_value() == (header || from_body), "a key that was sent is never lost");
        if (!key) return;
        auto const points = fuzz::characters(*key);
        must(points && !points->empty() && points->size() <= 255, "a key is 1 to 255 characters");
        must(!fuzz::has_control_character(*points), "a key holds no control character");
        must(key->find_first_of(" \t") != 0 && key->find_last_of(" \t") != key->size() - 1,
             "a key begins and ends with itself");
        must(!from_body || from_body->find(*key) != std::string::npos, "header and body mean the same key");
        must(*key != "undefined" && *key != "null" && *key != "NaN" && *key != "[object Object]",
             "a word for nothing is no key");
        http::Request again;
        again.headers.emplace_back("idempotency-key", in_quotes(*key));
        must(http::idempotency_key(again, key) == key, "a quoted key is the key");
    } catch (base::Failure const& failure) {
        must(failure.error() == base::Error::validation_error, "a bad key is not valid");
        must(failure.problems().size() == 1, "a bad key is one problem");
    }
}

// A refusal echoes nothing that could end a header, and is JSON.
void check_refusal(http::Request const& request)
{
    auto const failure = base::Failure(base::Error::user_not_found);
    auto response =
        http::error_response(failure, http::dialect_of(request.path), {.request_id = request.request_id});
    response.headers.emplace_back("X-Request-Id", request.request_id);
    auto const text = server::render(response);
    auto const end = text.find("\r\n\r\n");
    must(end != std::string::npos && text.substr(end + 4) == response.body,
         "a head ends where the body begins");
    auto const lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
    must(lines == static_cast<std::ptrdiff_t>(response.headers.size() + 1), "a header is one line");
    auto const body = json::parse(response.body);
    must(body.find("request_id")->text == request.request_id, "a refusal says which request it is about");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto const variables = variables_of({reinterpret_cast<char const*>(data), size});
    auto const head = read(variables);
    check_head(head, variables);
    check_credential(head.request);
    check_key(head.request, last_of(variables, "FUZZ_BODY_KEY"));
    check_refusal(head.request);
    return 0;
}
