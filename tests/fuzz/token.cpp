// The input is what a stranger sends as a token, or what a broken proxy sends as a project's keys. Its first
// byte says which part of a token it stands for; what is left of the token is good, so that the input is
// judged for itself.
//
//   any byte   the whole credential, and the text of a JWKS document
//   'h'        the header, under a good signature
//   'c'        the claims, under a good signature
//   's'        the signature of a good header and good claims
#include "shared/auth/base64url.hpp"
#include "shared/auth/key_set.hpp"
#include "shared/auth/tokens.hpp"
#include "shared/base/failure.hpp"
#include "shared/json/value.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/unit/auth/mint.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

using fuzz::must;

constexpr std::int64_t now_s = 1'790'000'000;
constexpr std::string_view secret = "a-secret-that-only-the-fuzzer-knows-0123456789";

// RFC 7515, A.3: nobody has its private half here.
constexpr auto document =
    R"({"keys":[{"kty":"EC","kid":"a3","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";

auth::Tokens& tokens()
{
    static auth::Tokens verification(
        {.issuers = {mint::issuer},
         .secret = base::Secret(std::string(secret)),
         .jwks_cache = {},
         .clock = [] { return now_s; }},
        [](auto) { return std::string(document); }, [](auto const&, auto) { return true; },
        // Of a key that is not there, which Supabase Auth would not know either.
        [](auto, auto) -> std::optional<base::Uuid> { return std::nullopt; });
    return verification;
}

std::optional<auth::UserToken> verified(std::string const& token)
{
    try {
        return tokens().verify(token, "203.0.113.7", base::deadline_in(std::chrono::seconds(1)));
    } catch (base::Failure const& failure) {
        must(failure.error() == base::Error::unauthorized, "a token that is not good is unauthorized");
        must(!failure.log().empty(), "the operator is told why");
        return std::nullopt;
    }
}

bool has(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

// Nobody but the holder of a key can have made it.
void check_credential(std::string const& text)
{
    must(!verified(text), "nobody makes a token without a key");
}

// The whole text was signed, so what lets it in must stand in it.
void check_header(std::string const& header)
{
    auto const claims = mint::user_claims(now_s).text();
    if (!verified(mint::hs256_token(secret, header, claims))) return;
    // An escape may spell it otherwise.
    must(has(header, "alg") || has(header, "\\u"), "a header names an algorithm");
    must(has(header, "HS256") || has(header, "\\u"), "the algorithm is the secret's");
    must(!has(header, "\"crit\""), "critical extensions are refused");
}

// The claims once more, by name.
void check_claims(std::string const& text)
{
    auto const user = verified(mint::hs256_token(secret, mint::hs256_header().text(), text));
    if (!user) return;
    auto const claims = json::parse(text);
    auto const is = [&](std::string_view name, std::string_view value) {
        auto const* const claim = claims.find(name);
        return claim != nullptr && claim->kind == json::Kind::string && claim->text == value;
    };
    must(is("iss", mint::issuer), "who is let in comes from the project");
    must(is("role", "authenticated"), "who is let in has the role of a user");
    must(is("aud", "authenticated") || claims.find("aud")->kind == json::Kind::array,
         "who is let in has a token for us");
    must(claims.find("client_id") == nullptr, "who is let in speaks for themself");
    auto const* const anonymous = claims.find("is_anonymous");
    must(anonymous == nullptr || (anonymous->kind == json::Kind::boolean && !anonymous->boolean),
         "who is let in is not anonymous");
    must(claims.find("exp")->text == std::to_string(user->expires_at_s), "a time is the one that was signed");
    must(user->expires_at_s > now_s - 30, "who is let in has a token that has not expired");
    auto const lower_case = [](std::string value) {
        for (auto& c : value)
            if (c >= 'A' && c <= 'F') c = static_cast<char>(c + 32);
        return value;
    };
    must(base::to_string(user->user) == lower_case(claims.find("sub")->text) &&
             base::to_string(user->session) == lower_case(claims.find("session_id")->text),
         "who is let in is who the token says");
}

void check_signature(std::string const& signature)
{
    auto const claims = mint::user_claims(now_s).text();
    auto const text = mint::base64url(mint::hs256_header().text()) + "." + mint::base64url(claims);
    auto const good = mint::hmac(secret, text);
    must(verified(text + "." + mint::base64url(signature)).has_value() == (signature == good),
         "one signature holds and no other");
    auto const elliptic = mint::base64url(R"({"alg":"ES256","kid":"a3"})") + "." + mint::base64url(claims);
    must(!verified(elliptic + "." + mint::base64url(signature)), "nobody makes a token without a key");
}

void check_base64url(std::string const& text)
{
    auto const bytes = auth::decode_base64url(text);
    if (bytes) must(mint::base64url(*bytes) == text, "bytes have one spelling");
    must(auth::decode_base64url(mint::base64url(text)) == text, "what is encoded is decoded again");
}

void check_document(std::string const& text)
{
    auto const set = auth::KeySet::parse(text);
    if (!set || set->empty()) return;
    must(has(text, "keys") || has(text, "\\u"), "keys stand in a list of that name");
    must(set->find("") == nullptr, "a key has an id");
    for (auto const* const id : {"a", "a3", "k"})
        if (auto const* const key = set->find(id); key != nullptr)
            must(!key->verify("text", std::string(64, '\0')), "a signature of zeros is no key's");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto const text = std::string(reinterpret_cast<char const*>(data), size);
    check_base64url(text);
    check_credential(text);
    check_document(text);
    if (text.empty()) return 0;
    auto const part = text.substr(1);
    if (text[0] == 'h') check_header(part);
    if (text[0] == 'c') check_claims(part);
    if (text[0] == 's') check_signature(part);
    return 0;
}
