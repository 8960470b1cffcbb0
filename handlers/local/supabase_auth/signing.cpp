#include "handlers/local/supabase_auth/signing.hpp"

#include "shared/auth/jws.hpp"
#include "shared/base/clock.hpp"
#include "shared/base/failure.hpp"
#include "shared/json/writer.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace local_auth {
namespace {

constexpr std::size_t coordinate_bytes = 32;
constexpr std::size_t signature_bytes = 2 * coordinate_bytes; // R and S, big-endian

template <auto release>
struct Release {
    template <class T>
    void operator()(T* thing) const
    {
        static_cast<void>(release(thing));
    }
};
using Context = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Release<ECDSA_SIG_free>>;

// Without padding (RFC 7515, 2).
std::string base64url(std::string_view bytes)
{
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    auto text = std::string();
    auto bits = std::uint32_t{0};
    auto held = 0U; // bits that no character stands for yet
    for (char const byte : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
        for (held += 8; held >= 6; held -= 6)
            text += alphabet[bits >> (held - 6) & 63];
    }
    if (held > 0) text += alphabet[bits << (6 - held) & 63];
    return text;
}

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

unsigned char* bytes_of(std::string& text)
{
    return reinterpret_cast<unsigned char*>(text.data());
}

void expect(bool done, char const* what)
{
    if (!done) throw base::Failure(base::Error::internal, std::string("OpenSSL: ") + what);
}

std::shared_ptr<EVP_PKEY> read_key(base::Secret const& pem)
{
    auto const text = std::string_view(pem.reveal());
    auto const source =
        std::unique_ptr<BIO, Release<BIO_free>>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    expect(source != nullptr, "BIO_new_mem_buf");
    // A password would be asked of the terminal: an empty one is given instead.
    auto* const key = PEM_read_bio_PrivateKey(source.get(), nullptr, nullptr, const_cast<char*>(""));
    auto owned = std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
    auto group = std::array<char, 32>();
    auto group_chars = std::size_t{0};
    if (key == nullptr || EVP_PKEY_get_group_name(key, group.data(), group.size(), &group_chars) != 1 ||
        std::string_view(group.data(), group_chars) != "prime256v1")
        throw std::runtime_error("LOCAL_AUTH_KEY does not hold a P-256 private key in PEM");
    return owned;
}

struct Point {
    std::string x;
    std::string y;
};

// An uncompressed point is 4, x, y.
Point public_point(EVP_PKEY* key)
{
    unsigned char* encoded = nullptr;
    auto const size = EVP_PKEY_get1_encoded_public_key(key, &encoded);
    auto const point = std::string(reinterpret_cast<char const*>(encoded), size);
    OPENSSL_free(encoded);
    if (size != 1 + 2 * coordinate_bytes || point[0] != 4)
        throw std::runtime_error("the key of LOCAL_AUTH_KEY has no uncompressed public point");
    return {.x = base64url(std::string_view(point).substr(1, coordinate_bytes)),
            .y = base64url(std::string_view(point).substr(1 + coordinate_bytes))};
}

// RFC 7638: a name that follows from the key, so nothing need be stored beside it.
std::string thumbprint(Point const& point)
{
    auto members = json::Writer();
    members.begin().field("crv", "P-256").field("kty", "EC").field("x", point.x).field("y", point.y).end();
    auto const hash = base::sha256(members.str());
    return base64url(std::string(hash.begin(), hash.end()));
}

std::string header_of(std::string const& kid)
{
    auto header = json::Writer();
    header.begin().field("alg", "ES256").field("kid", kid).field("typ", "JWT").end();
    return base64url(header.str());
}

std::string key_set_of(Point const& point)
{
    auto body = json::Writer();
    body.begin()
        .array("keys")
        .begin()
        .field("kty", "EC")
        .field("crv", "P-256")
        .field("alg", "ES256")
        .field("use", "sig")
        .array("key_ops")
        .item("verify")
        .end()
        .field("kid", thumbprint(point))
        .field("x", point.x)
        .field("y", point.y)
        .end()
        .end()
        .end();
    return body.str();
}

// OpenSSL writes a signature as DER, JWS as R and S one after the other.
std::string raw_signature(std::string const& der)
{
    auto const* at = bytes_of(std::string_view(der));
    auto const signature = EcSignature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    expect(signature != nullptr, "d2i_ECDSA_SIG");
    auto raw = std::string(signature_bytes, '\0');
    constexpr auto size = static_cast<int>(coordinate_bytes);
    expect(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes_of(raw), size) == size, "R");
    expect(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes_of(raw) + size, size) == size, "S");
    return raw;
}

// OpenSSL signs to DER.
std::string der_signature(EVP_PKEY* key, std::string_view text)
{
    auto const context = Context(EVP_MD_CTX_new());
    auto size = std::size_t{0};
    expect(context != nullptr, "EVP_MD_CTX_new");
    expect(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1, "sign");
    expect(EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) == 1, "sign");
    auto der = std::string(size, '\0');
    expect(EVP_DigestSign(context.get(), bytes_of(der), &size, bytes_of(text), text.size()) == 1, "sign");
    der.resize(size);
    return der;
}

// The public half as every handler reads it.
auth::KeySet parsed(std::string const& key_set)
{
    auto keys = auth::KeySet::parse(key_set);
    if (!keys || keys->size() != 1)
        throw std::runtime_error("the key of LOCAL_AUTH_KEY is of no use for signing");
    return *std::move(keys);
}

} // namespace

Signer::Signer(base::Secret const& pem)
    : key_(read_key(pem)), header_(header_of(thumbprint(public_point(key_.get())))),
      key_set_text_(key_set_of(public_point(key_.get()))), key_set_(parsed(key_set_text_))
{
}

std::string Signer::sign(std::string_view payload) const
{
    auto token = header_ + '.' + base64url(payload);
    auto const signature = raw_signature(der_signature(key_.get(), token));
    return token.append(".").append(base64url(signature));
}

std::optional<auth::UserToken> Signer::holder_of(std::string_view token, std::string const& issuer) const
try {
    auto const jws = auth::parse_jws(token);
    auto const* const key = jws.key_id ? key_set_.find(*jws.key_id) : nullptr;
    if (key == nullptr || jws.algorithm != auth::name(key->algorithm()) ||
        !key->verify(jws.signed_text, jws.signature))
        return std::nullopt;
    return auth::read_claims(jws.payload, {issuer}, base::now_us() / 1'000'000);
} catch (base::Failure const& failure) {
    if (failure.error() != base::Error::unauthorized) throw;
    return std::nullopt;
}

} // namespace local_auth
