#include "shared/auth/jws.hpp"

#include "shared/auth/base64url.hpp"
#include "shared/base/failure.hpp"
#include "shared/json/value.hpp"

#include <utility>

namespace auth {
namespace {

[[noreturn]] void refuse(char const* why)
{
    throw base::Failure(base::Error::unauthorized, why);
}

std::string decoded(std::string_view part, char const* otherwise)
{
    auto bytes = decode_base64url(part);
    if (!bytes || bytes->empty()) refuse(otherwise);
    return *std::move(bytes);
}

json::Value parse_header(std::string const& text)
{
    try {
        auto header = json::parse(text);
        if (header.kind == json::Kind::object) return header;
    } catch (base::Failure const&) {
        // What the reader has to say names members of the token, which are the sender's text.
    }
    refuse("the token's header is not a JSON object");
}

} // namespace

Jws parse_jws(std::string_view token)
{
    if (token.size() > token_bytes_max) refuse("the token is too long");
    auto const first = token.find('.');
    auto const second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        refuse("the credential is neither an API key nor a token");

    auto const header = parse_header(decoded(token.substr(0, first), "the token's header is not base64url"));
    if (header.find("crit") != nullptr) refuse("the token has critical extensions");
    auto const* const algorithm = header.find("alg");
    if (algorithm == nullptr || algorithm->kind != json::Kind::string) refuse("the token names no algorithm");
    auto const* const key_id = header.find("kid");
    if (key_id != nullptr && key_id->kind != json::Kind::string) refuse("the token's key id is no string");

    auto jws = Jws();
    jws.algorithm = algorithm->text;
    if (key_id != nullptr) jws.key_id = key_id->text;
    jws.signed_text = token.substr(0, second);
    jws.payload =
        decoded(token.substr(first + 1, second - first - 1), "the token's payload is not base64url");
    jws.signature = decoded(token.substr(second + 1), "the token's signature is not base64url");
    return jws;
}

} // namespace auth
