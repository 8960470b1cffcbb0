#include "shared/auth/signing_key.hpp"

#include "shared/auth/base64url.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace auth {
namespace {

constexpr std::size_t coordinate_bytes = 32; // of P-256
constexpr std::size_t ed25519_bytes = 32;    // RFC 8032, 5.1.5
constexpr std::size_t hash_bytes = 32;       // of SHA-256
constexpr std::size_t secret_bytes_min = 32;
constexpr std::size_t id_bytes_max = 256;
constexpr int rsa_bits_min = 2048;
constexpr int rsa_bits_max = 8192; // beyond it a check takes milliseconds
constexpr int exponent_bits_max = 32;

template <auto free_function>
struct Free {
    template <class T>
    void operator()(T* object) const
    {
        free_function(object);
    }
};

using BigNumber = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

// What a refused signature leaves in the error queue would be taken for the fault of the next TLS connection
// of this thread.
class QuietErrors {
  public:
    QuietErrors() { ERR_set_mark(); }
    ~QuietErrors() { ERR_pop_to_mark(); }
    QuietErrors(QuietErrors const&) = delete;
    QuietErrors& operator=(QuietErrors const&) = delete;
};

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}

BigNumber big_number(std::string_view big_endian)
{
    return BigNumber(BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

// A member that must be a string; empty when it is missing or another kind.
std::string_view text_of(json::Value const& jwk, std::string_view name)
{
    auto const* const member = jwk.find(name);
    return member != nullptr && member->kind == json::Kind::string ? std::string_view(member->text)
                                                                   : std::string_view();
}

bool allows_verifying(json::Value const& jwk)
{
    if (jwk.find("use") != nullptr && text_of(jwk, "use") != "sig") return false;
    auto const* const operations = jwk.find("key_ops");
    if (operations == nullptr) return true;
    return std::any_of(operations->items.begin(), operations->items.end(), [](json::Value const& item) {
        return item.kind == json::Kind::string && item.text == "verify";
    });
}

std::shared_ptr<EVP_PKEY> make_key(char const* type, OSSL_PARAM_BLD* builder)
{
    auto const parameters = Parameters(OSSL_PARAM_BLD_to_param(builder));
    auto const context = KeyContext(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        return {};
    auto owned = std::shared_ptr<EVP_PKEY>(key, Free<EVP_PKEY_free>());
    // For EC: that the point is on the curve, and not the one at infinity. For RSA: that the numbers can be a
    // key's.
    auto const check = KeyContext(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    if (!check || EVP_PKEY_public_check(check.get()) != 1) return {};
    return owned;
}

std::shared_ptr<EVP_PKEY> ec_key(json::Value const& jwk)
{
    if (text_of(jwk, "crv") != "P-256") return {};
    auto const x = decode_base64url(text_of(jwk, "x"));
    auto const y = decode_base64url(text_of(jwk, "y"));
    if (!x || !y || x->size() != coordinate_bytes || y->size() != coordinate_bytes) return {};

    auto const point = "\x04" + *x + *y; // uncompressed (SEC 1, 2.3.3)
    auto const builder = Builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1)
        return {};
    return make_key("EC", builder.get());
}

std::shared_ptr<EVP_PKEY> rsa_key(json::Value const& jwk)
{
    auto const modulus_bytes = decode_base64url(text_of(jwk, "n"));
    auto const exponent_bytes = decode_base64url(text_of(jwk, "e"));
    if (!modulus_bytes || !exponent_bytes || exponent_bytes->size() > exponent_bits_max / 8 ||
        modulus_bytes->size() > rsa_bits_max / 8 + 1)
        return {};
    auto const modulus = big_number(*modulus_bytes);
    auto const exponent = big_number(*exponent_bytes);
    if (!modulus || !exponent) return {};
    auto const bits = BN_num_bits(modulus.get());
    // An exponent of 1 would make every text its own signature.
    if (bits < rsa_bits_min || bits > rsa_bits_max || BN_is_odd(modulus.get()) == 0 ||
        BN_is_odd(exponent.get()) == 0 || BN_is_one(exponent.get()) == 1)
        return {};

    auto const builder = Builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
        return {};
    return make_key("RSA", builder.get());
}

// Whether the point is on the curve is seen with the first signature: none is good under one that is not.
std::shared_ptr<EVP_PKEY> ed25519_key(json::Value const& jwk)
{
    auto const x = decode_base64url(text_of(jwk, "x"));
    if (text_of(jwk, "crv") != "Ed25519" || !x || x->size() != ed25519_bytes) return {};
    return {EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, bytes_of(*x), x->size()),
            Free<EVP_PKEY_free>()};
}

// OpenSSL takes an ECDSA signature as DER; a token carries r and s one after the other. Empty when it does
// not.
std::vector<unsigned char> der_signature(std::string_view raw)
{
    if (raw.size() != 2 * coordinate_bytes) return {};
    auto r = big_number(raw.substr(0, coordinate_bytes));
    auto s = big_number(raw.substr(coordinate_bytes));
    auto const signature = EcdsaSignature(ECDSA_SIG_new());
    if (!r || !s || !signature || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
    static_cast<void>(r.release()); // the signature owns them now
    static_cast<void>(s.release());

    auto const size = i2d_ECDSA_SIG(signature.get(), nullptr);
    if (size <= 0) return {};
    auto der = std::vector<unsigned char>(static_cast<std::size_t>(size));
    auto* end = der.data();
    i2d_ECDSA_SIG(signature.get(), &end);
    return der;
}

// `digest` is nullptr where the algorithm has its own.
bool verify_digest(EVP_PKEY* key, char const* digest, std::string_view text, unsigned char const* signature,
                   std::size_t size)
{
    auto const context = DigestContext(EVP_MD_CTX_new());
    return context &&
           EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key, nullptr) == 1 &&
           EVP_DigestVerify(context.get(), signature, size, bytes_of(text), text.size()) == 1;
}

struct Kind {
    std::string_view type; // `kty`
    Algorithm algorithm;
    std::shared_ptr<EVP_PKEY> (*make)(json::Value const& jwk);
};

constexpr std::array kinds{
    Kind{"EC", Algorithm::es256, ec_key},
    Kind{"RSA", Algorithm::rs256, rsa_key},
    Kind{"OKP", Algorithm::eddsa, ed25519_key},
};

} // namespace

std::string_view name(Algorithm algorithm)
{
    switch (algorithm) {
    case Algorithm::es256:
        return "ES256";
    case Algorithm::rs256:
        return "RS256";
    case Algorithm::eddsa:
        break;
    }
    return "EdDSA";
}

SigningKey::SigningKey(std::string id, Algorithm algorithm, std::shared_ptr<EVP_PKEY> key)
    : id_(std::move(id)), algorithm_(algorithm), key_(std::move(key))
{
}

std::optional<SigningKey> SigningKey::from_jwk(json::Value const& jwk)
{
    auto const errors = QuietErrors();
    auto const type = text_of(jwk, "kty");
    auto const id = text_of(jwk, "kid");
    if (id.empty() || id.size() > id_bytes_max || !allows_verifying(jwk) || jwk.find("d") != nullptr)
        return std::nullopt;
    auto const* const kind =
        std::find_if(kinds.begin(), kinds.end(), [&](Kind const& one) { return one.type == type; });
    if (kind == kinds.end()) return std::nullopt;
    if (jwk.find("alg") != nullptr && text_of(jwk, "alg") != name(kind->algorithm)) return std::nullopt;

    auto key = kind->make(jwk);
    if (!key) return std::nullopt;
    return SigningKey(std::string(id), kind->algorithm, std::move(key));
}

bool SigningKey::verify(std::string_view text, std::string_view signature) const
{
    auto const errors = QuietErrors();
    if (algorithm_ == Algorithm::es256) {
        auto const der = der_signature(signature);
        return !der.empty() && verify_digest(key_.get(), "SHA256", text, der.data(), der.size());
    }
    auto const* const digest = algorithm_ == Algorithm::rs256 ? "SHA256" : nullptr;
    return verify_digest(key_.get(), digest, text, bytes_of(signature), signature.size());
}

bool verify_hs256(base::Secret const& secret, std::string_view text, std::string_view signature)
{
    auto const errors = QuietErrors();
    auto const& key = secret.reveal();
    auto expected = std::array<unsigned char, hash_bytes>{};
    if (key.size() < secret_bytes_min || signature.size() != expected.size()) return false;
    auto size = std::size_t{0};
    if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(), bytes_of(text),
                  text.size(), expected.data(), expected.size(), &size) == nullptr ||
        size != expected.size())
        return false;
    return CRYPTO_memcmp(expected.data(), signature.data(), expected.size()) == 0;
}

} // namespace auth
