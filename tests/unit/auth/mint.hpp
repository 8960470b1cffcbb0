// Makes tokens, keys and key sets, good ones and bad ones. It shares no code with what it tests.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mint {

inline std::string base64url(std::string_view bytes)
{
    auto text = std::string(bytes.size() / 3 * 4 + 5, '\0');
    auto const size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<unsigned char const*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.resize(std::min(text.size(), text.find('=')));
    return text;
}

inline std::string number_text(BIGNUM const* number, int width)
{
    auto bytes = std::string(static_cast<std::size_t>(width), '\0');
    if (BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), width) != width)
        throw std::runtime_error("BN_bn2binpad");
    return bytes;
}

// A JSON object of raw values, in order; a name that is set again keeps its place.
class Object {
  public:
    Object(std::initializer_list<std::pair<std::string, std::string>> members) : members_(members) {}

    Object with(std::string const& name, std::string const& raw) const
    {
        auto changed = *this;
        for (auto& member : changed.members_)
            if (member.first == name) {
                member.second = raw;
                return changed;
            }
        changed.members_.emplace_back(name, raw);
        return changed;
    }

    Object without(std::string const& name) const
    {
        auto changed = *this;
        std::erase_if(changed.members_, [&](auto const& member) { return member.first == name; });
        return changed;
    }

    // The same member once more.
    Object doubled(std::string const& name, std::string const& raw) const
    {
        auto changed = *this;
        changed.members_.emplace_back(name, raw);
        return changed;
    }

    std::string text() const
    {
        auto text = std::string("{");
        for (auto const& [name, raw] : members_)
            text += (text.size() > 1 ? ",\"" : "\"") + name + "\":" + raw;
        return text + "}";
    }

  private:
    std::vector<std::pair<std::string, std::string>> members_;
};

inline std::string in_quotes(std::string_view text)
{
    return '"' + std::string(text) + '"';
}

// A key pair.
class Key {
  public:
    static Key of(std::string id, std::string algorithm, EVP_PKEY* key)
    {
        return Key(std::move(id), std::move(algorithm), key);
    }
    static Key p256(std::string id) { return Key(std::move(id), "ES256", EVP_EC_gen("P-256")); }
    static Key p384(std::string id) { return Key(std::move(id), "ES384", EVP_EC_gen("P-384")); }
    static Key rsa(std::string id, unsigned bits = 2048)
    {
        return Key(std::move(id), "RS256", EVP_RSA_gen(bits));
    }

    static Key ed25519(std::string id)
    {
        return Key(std::move(id), "EdDSA", EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    }

    std::string const& id() const { return id_; }
    std::string const& algorithm() const { return algorithm_; }

    Object header() const
    {
        return {{"alg", in_quotes(algorithm_)}, {"kid", in_quotes(id_)}, {"typ", in_quotes("JWT")}};
    }

    Object jwk() const
    {
        auto jwk = Object{{"kid", in_quotes(id_)}, {"use", in_quotes("sig")}, {"alg", in_quotes(algorithm_)}};
        if (algorithm_ == "RS256")
            return jwk.with("kty", in_quotes("RSA"))
                .with("n", in_quotes(base64url(parameter(OSSL_PKEY_PARAM_RSA_N))))
                .with("e", in_quotes("AQAB"));
        if (algorithm_ == "EdDSA")
            return jwk.with("kty", in_quotes("OKP"))
                .with("crv", in_quotes("Ed25519"))
                .with("x", in_quotes(base64url(raw_public_key())));
        return jwk.with("kty", in_quotes("EC"))
            .with("crv", in_quotes(algorithm_ == "ES256" ? "P-256" : "P-384"))
            .with("x", in_quotes(base64url(parameter(OSSL_PKEY_PARAM_EC_PUB_X))))
            .with("y", in_quotes(base64url(parameter(OSSL_PKEY_PARAM_EC_PUB_Y))));
    }

    // The public key as those have it who try to use it as a secret.
    std::string public_der() const
    {
        unsigned char* der = nullptr;
        auto const size = i2d_PUBKEY(key_.get(), &der);
        auto text = std::string(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
        OPENSSL_free(der);
        return text;
    }

    // As OpenSSL makes it: DER for EC.
    std::string sign_der(std::string_view text) const
    {
        auto const context =
            std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
        auto signature = std::string(1024, '\0');
        auto size = signature.size();
        auto const* const digest = algorithm_ == "EdDSA" ? nullptr : "SHA256";
        if (EVP_DigestSignInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key_.get(), nullptr) !=
                1 ||
            EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                           text.size()) != 1)
            throw std::runtime_error("EVP_DigestSign");
        signature.resize(size);
        return signature;
    }

    // As a token carries it.
    std::string sign(std::string_view text) const
    {
        auto const der = sign_der(text);
        if (algorithm_ == "RS256" || algorithm_ == "EdDSA") return der;
        auto const* next = reinterpret_cast<unsigned char const*>(der.data());
        auto const signature = std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)>(
            d2i_ECDSA_SIG(nullptr, &next, static_cast<long>(der.size())), ECDSA_SIG_free);
        auto const width = algorithm_ == "ES256" ? 32 : 48;
        return number_text(ECDSA_SIG_get0_r(signature.get()), width) +
               number_text(ECDSA_SIG_get0_s(signature.get()), width);
    }

    std::string token(Object const& claims) const { return token(header(), claims); }
    std::string token(Object const& header, Object const& claims) const
    {
        auto const text = base64url(header.text()) + "." + base64url(claims.text());
        return text + "." + base64url(sign(text));
    }

  private:
    Key(std::string id, std::string algorithm, EVP_PKEY* key)
        : id_(std::move(id)), algorithm_(std::move(algorithm)), key_(key, EVP_PKEY_free)
    {
        if (key == nullptr) throw std::runtime_error("no key");
    }

    std::string raw_public_key() const
    {
        auto bytes = std::string(32, '\0');
        auto size = bytes.size();
        if (EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size) !=
            1)
            throw std::runtime_error("EVP_PKEY_get_raw_public_key");
        return bytes;
    }

    std::string parameter(char const* name) const
    {
        BIGNUM* number = nullptr;
        if (EVP_PKEY_get_bn_param(key_.get(), name, &number) != 1) throw std::runtime_error(name);
        auto const owned = std::unique_ptr<BIGNUM, void (*)(BIGNUM*)>(number, BN_free);
        auto const bits = EVP_PKEY_get_bits(key_.get());
        return number_text(number, (bits + 7) / 8);
    }

    std::string id_;
    std::string algorithm_;
    std::shared_ptr<EVP_PKEY> key_;
};

inline std::string hmac(std::string_view secret, std::string_view text)
{
    auto signature = std::string(32, '\0');
    auto size = std::size_t{0};
    if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, secret.data(), secret.size(),
                  reinterpret_cast<unsigned char const*>(text.data()), text.size(),
                  reinterpret_cast<unsigned char*>(signature.data()), signature.size(), &size) == nullptr)
        throw std::runtime_error("EVP_Q_mac");
    return signature;
}

inline std::string hs256_token(std::string_view secret, std::string const& header, std::string const& claims)
{
    auto const text = base64url(header) + "." + base64url(claims);
    return text + "." + base64url(hmac(secret, text));
}

inline Object hs256_header()
{
    return {{"alg", in_quotes("HS256")}, {"kid", in_quotes("legacy")}, {"typ", in_quotes("JWT")}};
}

inline std::string jwks(std::vector<Object> const& keys)
{
    auto text = std::string("{\"keys\":[");
    for (auto const& key : keys)
        text += (text.back() == '[' ? "" : ",") + key.text();
    return text + "]}";
}

inline constexpr auto issuer = "https://project.supabase.co/auth/v1";
inline constexpr auto user_id = "7d0c1c1e-5b0a-4c55-9d0e-3f6f2f0f8a11";
inline constexpr auto session_id = "0b9f4a52-6a7c-4a43-8a55-6a2b1f7f2c77";

// What Supabase Auth says of a user who logged in at `now_s`.
inline Object user_claims(std::int64_t now_s)
{
    return {{"iss", in_quotes(issuer)},
            {"sub", in_quotes(user_id)},
            {"aud", in_quotes("authenticated")},
            {"exp", std::to_string(now_s + 3600)},
            {"iat", std::to_string(now_s)},
            {"email", in_quotes("ada@wallet.dev")},
            {"phone", in_quotes("15550001111")},
            {"app_metadata", R"({"provider":"email","providers":["email"]})"},
            {"user_metadata", R"({"display_name":"Ada","email_verified":true})"},
            {"role", in_quotes("authenticated")},
            {"aal", in_quotes("aal1")},
            {"amr", R"([{"method":"password","timestamp":)" + std::to_string(now_s) + "}]"},
            {"session_id", in_quotes(session_id)},
            {"is_anonymous", "false"}};
}

} // namespace mint
