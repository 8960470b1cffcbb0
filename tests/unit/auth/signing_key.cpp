// Signatures: the examples of RFC 7515, appendix A, and what must not pass for one.
#include "shared/auth/signing_key.hpp"

#include "shared/auth/base64url.hpp"
#include "shared/auth/key_set.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/auth/mint.hpp"

#include <openssl/err.h>

namespace {

using auth::SigningKey;

std::string const payload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

std::string decoded(std::string_view text)
{
    return auth::decode_base64url(text).value();
}

std::optional<SigningKey> key_of(std::string const& jwk)
{
    return SigningKey::from_jwk(json::parse(jwk));
}

std::optional<SigningKey> key_of(mint::Object const& jwk)
{
    return key_of(jwk.text());
}

mint::Key const& p256()
{
    static auto const key = mint::Key::p256("one");
    return key;
}

mint::Key const& rsa()
{
    static auto const key = mint::Key::rsa("two");
    return key;
}

// The order of P-256's group: no r or s reaches it (FIPS 186-5, 6.4.2).
std::string const order = decoded("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");

} // namespace

TEST_CASE("the example of RFC 7515 A.1 holds: HS256", "[signing_key]")
{
    auto const text = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + payload;
    auto const secret = base::Secret(
        decoded("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
    auto const signature = decoded("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");

    CHECK(auth::verify_hs256(secret, text, signature));
    CHECK_FALSE(auth::verify_hs256(secret, text + "x", signature));
    CHECK_FALSE(auth::verify_hs256(secret, text, signature.substr(0, 31)));
    CHECK_FALSE(auth::verify_hs256(secret, text, signature + "x"));
    CHECK_FALSE(auth::verify_hs256(secret, text, ""));
}

TEST_CASE("the example of RFC 7515 A.2 holds: RS256", "[signing_key]")
{
    auto const key = key_of(
        R"({"kty":"RSA","kid":"a2","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})");
    auto const signature =
        decoded("cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
                "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
                "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
                "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0i"
                "gcN_IoypGlUPQGe77Rw");

    REQUIRE(key);
    CHECK(key->algorithm() == auth::Algorithm::rs256);
    CHECK(key->verify("eyJhbGciOiJSUzI1NiJ9." + payload, signature));
    CHECK_FALSE(key->verify("eyJhbGciOiJSUzI1NiJ9." + payload + "x", signature));
    CHECK_FALSE(key->verify("eyJhbGciOiJSUzI1NiJ9." + payload, signature.substr(1)));
    CHECK_FALSE(key->verify("eyJhbGciOiJSUzI1NiJ9." + payload, std::string(256, '\0')));
    CHECK_FALSE(key->verify("eyJhbGciOiJSUzI1NiJ9." + payload, ""));
}

TEST_CASE("the example of RFC 7515 A.3 holds: ES256", "[signing_key]")
{
    auto const key = key_of(
        R"({"kty":"EC","kid":"a3","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
    auto const signature =
        decoded("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");

    REQUIRE(key);
    CHECK(key->algorithm() == auth::Algorithm::es256);
    CHECK(key->verify("eyJhbGciOiJFUzI1NiJ9." + payload, signature));
    CHECK_FALSE(key->verify("eyJhbGciOiJFUzI1NiJ9." + payload + "x", signature));
}

TEST_CASE("the example of RFC 8037 A.4 holds: EdDSA", "[signing_key]")
{
    auto const key = key_of(
        R"({"kty":"OKP","kid":"a4","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
    auto const text = std::string("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
    auto const signature =
        decoded("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");

    REQUIRE(key);
    CHECK(key->algorithm() == auth::Algorithm::eddsa);
    CHECK(key->verify(text, signature));
    CHECK_FALSE(key->verify(text + "x", signature));
    for (auto const& bad :
         {signature.substr(1), signature + "x", std::string(64, '\0'), std::string(64, '\xff'), std::string(),
          signature.substr(32) + signature.substr(0, 32)})
        CHECK_FALSE(key->verify(text, bad));
}

TEST_CASE("an Ed25519 key is ours to use only when it is what it says", "[signing_key]")
{
    auto const okp = mint::Key::ed25519("four").jwk();

    CHECK(key_of(okp));
    CHECK(key_of(okp.without("alg")));
    for (auto const& jwk :
         {okp.with("crv", "\"X25519\""), okp.with("crv", "\"Ed448\""), okp.without("crv"), okp.without("x"),
          okp.with("x", mint::in_quotes(mint::base64url(std::string(31, 'x')))),
          okp.with("x", mint::in_quotes(mint::base64url(std::string(33, 'x')))), okp.with("alg", "\"ES256\""),
          okp.with("kty", "\"EC\""), okp.with("d", "\"AAAA\"")})
        CHECK_FALSE(key_of(jwk));
}

TEST_CASE("an ES256 signature is r and s of 32 bytes each, both within the group's order", "[signing_key]")
{
    auto const key = key_of(p256().jwk()).value();
    auto const good = p256().sign("text");
    auto const r = good.substr(0, 32);
    auto const s = good.substr(32);
    auto const zero = std::string(32, '\0');
    auto const ones = std::string(32, '\xff');

    CHECK(key.verify("text", good));
    for (auto const& signature : {zero + zero, zero + s, r + zero, order + s, r + order, order + order,
                                  ones + ones, r, good + "x", good.substr(1), std::string(), s + r,
                                  p256().sign_der("text"), std::string(1, '\0') + good.substr(0, 63)})
        CHECK_FALSE(key.verify("text", signature));
}

TEST_CASE("any bit that is flipped breaks a signature", "[signing_key]")
{
    auto const key = key_of(p256().jwk()).value();
    auto const good = p256().sign("text");
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        auto bent = good;
        bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << bit % 8));
        CHECK_FALSE(key.verify("text", bent));
    }
}

TEST_CASE("a key of a project is ours to use only when it is what it says", "[signing_key]")
{
    REQUIRE(key_of(p256().jwk()));
    REQUIRE(key_of(rsa().jwk()));
    auto const ec = p256().jwk();

    CHECK(key_of(ec.without("use").without("alg")));
    CHECK(key_of(ec.with("key_ops", R"(["verify"])")));
    for (auto const& jwk :
         {ec.without("kid"), ec.with("kid", "\"\""), ec.with("kid", "7"), ec.with("use", "\"enc\""),
          ec.with("key_ops", R"(["sign"])"), ec.with("key_ops", "[]"), ec.with("alg", "\"HS256\""),
          ec.with("alg", "\"ES384\""), ec.with("alg", "\"RS256\""), ec.with("alg", "null"),
          ec.with("kty", "\"oct\""), ec.with("kty", "\"RSA\""), ec.with("crv", "\"P-384\""),
          ec.with("crv", "\"secp256k1\""), ec.without("crv"), ec.without("x"), ec.without("y"),
          ec.with("d", "\"AAAA\""), ec.with("kid", "\"" + std::string(257, 'k') + "\"")})
        CHECK_FALSE(key_of(jwk));
    CHECK_FALSE(key_of("{}"));
    CHECK_FALSE(key_of("[]"));
    CHECK_FALSE(key_of(R"("key")"));
    CHECK_FALSE(key_of(mint::Key::p384("three").jwk()));
    CHECK_FALSE(key_of(mint::Key::p384("three").jwk().with("crv", "\"P-256\"").without("alg")));
}

TEST_CASE("a point that is not on the curve is no key", "[signing_key]")
{
    auto const ec = p256().jwk();
    auto const zero = mint::in_quotes(mint::base64url(std::string(32, '\0')));

    CHECK_FALSE(key_of(ec.with("x", zero)));
    CHECK_FALSE(key_of(ec.with("y", zero)));
    CHECK_FALSE(key_of(ec.with("x", zero).with("y", zero)));
    CHECK_FALSE(key_of(ec.with("x", mint::in_quotes(mint::base64url(std::string(32, '\xff'))))));
    CHECK_FALSE(key_of(ec.with("x", mint::in_quotes(mint::base64url(std::string(31, '\x01'))))));
    CHECK_FALSE(key_of(ec.with("x", mint::in_quotes(mint::base64url(std::string(33, '\x01'))))));
}

TEST_CASE("an RSA key has 2048 bits or more and a sound exponent", "[signing_key]")
{
    CHECK_FALSE(key_of(mint::Key::rsa("small", 1024).jwk()));
    auto const good = rsa().jwk();
    for (auto const* const exponent : {"", "AA", "AQ", "Ag", "AQAA", "AQAAAAAB"})
        CHECK_FALSE(key_of(good.with("e", mint::in_quotes(exponent))));
    CHECK_FALSE(key_of(good.with("n", mint::in_quotes(""))));
    CHECK_FALSE(key_of(good.with("n", mint::in_quotes(mint::base64url(std::string(256, '\xfe'))))));
    CHECK_FALSE(key_of(good.with("n", mint::in_quotes(mint::base64url(std::string(2048, '\xff'))))));
}

TEST_CASE("a secret shorter than its hash signs nothing", "[signing_key]")
{
    auto const thirty_one = std::string(31, 's');
    auto const thirty_two = std::string(32, 's');

    CHECK(auth::verify_hs256(base::Secret(thirty_two), "text", mint::hmac(thirty_two, "text")));
    CHECK_FALSE(auth::verify_hs256(base::Secret(thirty_one), "text", mint::hmac(thirty_one, "text")));
    CHECK_FALSE(auth::verify_hs256(base::Secret(), "text", mint::hmac("", "text")));
}

TEST_CASE("what was refused leaves no error behind for the next connection of the thread", "[signing_key]")
{
    auto const key = key_of(p256().jwk()).value();
    ERR_clear_error();

    CHECK_FALSE(key.verify("text", std::string(64, '\xff')));
    CHECK_FALSE(key_of(p256().jwk().with("x", mint::in_quotes(mint::base64url(std::string(32, '\0'))))));

    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a document of keys holds those that can be used, by id", "[signing_key]")
{
    auto const set =
        auth::KeySet::parse(mint::jwks({p256().jwk(),
                                        mint::Key::p384("three").jwk(),
                                        {{"kty", "\"oct\""}, {"kid", "\"four\""}, {"k", "\"AAAA\""}},
                                        rsa().jwk()}));

    REQUIRE(set);
    CHECK(set->size() == 2);
    CHECK(set->find("one") != nullptr);
    CHECK(set->find("two") != nullptr);
    CHECK(set->find("three") == nullptr);
    CHECK(set->find("") == nullptr);
}

TEST_CASE("of two keys with one id the first counts", "[signing_key]")
{
    auto const other = mint::Key::p256("one");
    auto const set = auth::KeySet::parse(mint::jwks({p256().jwk(), other.jwk()}));

    REQUIRE(set);
    CHECK(set->size() == 1);
    CHECK(set->find("one")->verify("text", p256().sign("text")));
}

TEST_CASE("an error page is no document of keys, and a project without public keys has an empty one",
          "[signing_key]")
{
    CHECK(auth::KeySet::parse(R"({"keys":[]})").value().empty());
    for (auto const& text :
         {std::string(), std::string("<html><body>502 Bad Gateway</body></html>"), std::string("{}"),
          std::string("[]"), std::string(R"({"keys":{}})"), std::string(R"({"keys":null})"),
          std::string(R"({"keys":[)"), std::string(R"({"keys":[],"keys":[]})"), std::string("null"),
          R"({"keys":[],"filler":")" + std::string(64UL * 1024, 'x') + "\"}"})
        CHECK_FALSE(auth::KeySet::parse(text));
}
