// Whole tokens: the good ones of every kind of project, and the hostile ones.
#include "shared/auth/tokens.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/auth/project.hpp"
#include "tests/unit/auth/refusal.hpp"

#include <algorithm>

namespace {

using auth::Tokens;
using mint::in_quotes;

constexpr auto client = "203.0.113.7";
std::string const secret = "a-legacy-secret-of-more-than-32-bytes";

mint::Key const& current()
{
    static auto const key = mint::Key::p256("current");
    return key;
}

mint::Key const& ed25519()
{
    static auto const key = mint::Key::ed25519("ed25519");
    return key;
}

mint::Key const& rsa()
{
    static auto const key = mint::Key::rsa("rsa");
    return key;
}

// A project, what Supabase Auth would say of its tokens, and the verification under test.
struct Setup {
    explicit Setup(std::string document, std::string const& hs256_secret = "")
        : tokens(
              {.issuers = {mint::issuer},
               .secret = base::Secret(hs256_secret),
               .jwks_cache = {},
               .clock = project.clock()},
              project.fetch(),
              [this](auto const& token, auto) {
                  ++looked_up;
                  return stands && base::to_string(token.session) == mint::session_id;
              },
              [this](auto, auto) {
                  ++asked;
                  if (auth_is_down) throw base::Failure(base::Error::auth_unavailable, "down");
                  return owner;
              })
    {
        project.document = std::move(document);
    }

    std::string refusal(std::string const& token)
    {
        return refusal_of([&] { tokens.verify(token, client, soon()); });
    }
    bool accepts(std::string const& token) { return refusal(token).empty(); }
    mint::Object claims() const { return mint::user_claims(project.now_s); }

    Project project;
    int asked = 0;
    int looked_up = 0;
    bool auth_is_down = false;
    bool stands = true; // the session
    std::optional<base::Uuid> owner = base::parse_uuid(mint::user_id);
    Tokens tokens;
};

Setup with_public_keys()
{
    return Setup(mint::jwks({current().jwk(), rsa().jwk(), ed25519().jwk()}));
}

std::string with_signature(std::string const& token, std::string const& signature)
{
    return token.substr(0, token.rfind('.') + 1) + mint::base64url(signature);
}

} // namespace

TEST_CASE("a token of the project's own key is its user's, by ES256, RS256 and EdDSA", "[tokens]")
{
    auto setup = with_public_keys();

    auto const user = setup.tokens.verify(current().token(setup.claims()), client, soon());

    CHECK(base::to_string(user.user) == mint::user_id);
    CHECK(base::to_string(user.session) == mint::session_id);
    CHECK(setup.accepts(rsa().token(setup.claims())));
    CHECK(setup.accepts(ed25519().token(setup.claims())));
    CHECK(setup.project.fetched == 1);
    CHECK(setup.asked + setup.looked_up == 0);
}

TEST_CASE("under a configured secret an HS256 token is judged by it, and nobody is asked", "[tokens]")
{
    auto with_secret = Setup(mint::jwks({current().jwk()}), secret);
    auto const token = mint::hs256_token(secret, mint::hs256_header().text(), with_secret.claims().text());
    CHECK(with_secret.accepts(token));
    CHECK(with_secret.accepts(mint::hs256_token(secret, R"({"alg":"HS256"})", with_secret.claims().text())));
    CHECK(with_secret.accepts(current().token(with_secret.claims())));
    CHECK(with_secret.refusal(
              mint::hs256_token(secret + "x", mint::hs256_header().text(), with_secret.claims().text())) ==
          "the token's signature is not the secret's");
    CHECK(with_secret.asked + with_secret.looked_up == 0);
}

TEST_CASE("a secret needs no project that answers", "[tokens]")
{
    auto setup = Setup("", secret);
    setup.project.down = true;

    CHECK(setup.accepts(mint::hs256_token(secret, mint::hs256_header().text(), setup.claims().text())));
    CHECK(setup.project.fetched == 0);
}

TEST_CASE("no signature at all is no signature, however none is written", "[tokens]")
{
    for (auto const* const hs256_secret : {"", secret.c_str()})
        for (auto const* const algorithm : {"none", "None", "NONE", "nOnE", "", "es256", "ES256 ", "HS512",
                                            "ES384", "EdDSA", "RS512", "PS256", "HS256\\u0000"}) {
            auto setup = Setup(mint::jwks({current().jwk(), rsa().jwk()}), hs256_secret);
            auto const header = current().header().with("alg", in_quotes(algorithm));
            auto const token = current().token(header, setup.claims());
            CHECK_FALSE(setup.refusal(token).empty());
            CHECK_FALSE(setup.refusal(token.substr(0, token.rfind('.') + 1)).empty());
            CHECK(setup.asked == 0);
        }
}

TEST_CASE("a public key is never the secret of an HMAC, in whatever form", "[tokens]")
{
    auto const der = current().public_der();
    auto encoded = std::string(der.size() * 2, '\0');
    encoded.resize(static_cast<std::size_t>(
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                        reinterpret_cast<unsigned char const*>(der.data()), static_cast<int>(der.size()))));
    auto const pem = "-----BEGIN PUBLIC KEY-----\n" + encoded.substr(0, 64) + "\n" + encoded.substr(64) +
                     "\n-----END PUBLIC KEY-----\n";
    for (auto const* const hs256_secret : {"", secret.c_str()})
        for (auto const& key : {der, pem, pem.substr(0, pem.size() - 1), current().jwk().text(),
                                mint::jwks({current().jwk()}), std::string()}) {
            auto setup = Setup(mint::jwks({current().jwk()}), hs256_secret);
            setup.owner = std::nullopt; // as Supabase Auth says, where it is asked
            auto const header = current().header().with("alg", in_quotes("HS256"));
            CHECK_FALSE(setup.refusal(mint::hs256_token(key, header.text(), setup.claims().text())).empty());
        }
}

TEST_CASE("a token's algorithm is its key's: neither may stand in for the other", "[tokens]")
{
    auto setup = with_public_keys();

    CHECK(setup.refusal(current().token(current().header().with("alg", in_quotes("RS256")),
                                        setup.claims())) == "the token's algorithm is not its key's");
    CHECK(setup.refusal(rsa().token(rsa().header().with("kid", in_quotes("current")), setup.claims())) ==
          "the token's algorithm is not its key's");
    CHECK(setup.refusal(current().token(current().header().with("kid", in_quotes("rsa")), setup.claims())) ==
          "the token's algorithm is not its key's");
}

TEST_CASE("a key id is compared and nothing else: no path, no query, no wildcard", "[tokens]")
{
    auto setup = with_public_keys();
    setup.owner = std::nullopt; // as Supabase Auth says of keys that it does not know either

    for (auto const* const id :
         {"other", "", "CURRENT", "current ", "../../../../dev/null", "/etc/passwd", "current' or '1'='1",
          "*", "%", "http://127.0.0.1/key", "\\u0000current", "cur\\u0000rent"})
        CHECK_FALSE(
            setup.refusal(current().token(current().header().with("kid", in_quotes(id)), setup.claims()))
                .empty());
    CHECK(setup.refusal(current().token(current().header().without("kid"), setup.claims())) ==
          "the token names no key");
    CHECK(setup.refusal(current().token(current().header().with("kid", in_quotes(std::string(3000, 'k'))),
                                        setup.claims())) == "Supabase Auth refuses the token");
}

TEST_CASE("a token does not say with which key it is checked", "[tokens]")
{
    auto setup = with_public_keys();
    auto const attacker = mint::Key::p256("current");
    for (auto const& header : {attacker.header().with("jwk", attacker.jwk().text()),
                               attacker.header().with("jku", in_quotes("https://attacker.example/jwks.json")),
                               attacker.header().with("x5u", in_quotes("https://attacker.example/chain.pem")),
                               attacker.header().with("x5c", R"(["AAAA"])")}) {
        CHECK(setup.refusal(attacker.token(header, setup.claims())) ==
              "the token's signature is not its key's");
        // They are ignored, not obeyed: with the project's own signature such a header does no harm.
        CHECK(setup.accepts(current().token(header, setup.claims())));
    }
    CHECK(setup.project.fetched == 1);
}

TEST_CASE("a signature that was made of numbers, encoded otherwise or cut is refused", "[tokens]")
{
    auto setup = with_public_keys();
    auto const token = current().token(setup.claims());
    auto const text = token.substr(0, token.rfind('.'));

    CHECK(setup.refusal(with_signature(token, current().sign_der(text))) ==
          "the token's signature is not its key's");
    for (auto const& signature : {std::string(64, '\0'), std::string(64, '\xff'), std::string(1, '\0'),
                                  std::string(63, '\1'), std::string(65, '\1'), std::string(2000, '\1')})
        CHECK(setup.refusal(with_signature(token, signature)) == "the token's signature is not its key's");
    for (std::size_t size = 0; size < token.size(); ++size)
        CHECK_FALSE(setup.refusal(token.substr(0, size)).empty());
    CHECK_FALSE(setup.refusal(token + "=").empty());
    CHECK_FALSE(setup.refusal(token + "AA").empty());
    CHECK_FALSE(setup.refusal(std::string(100'000, 'A')).empty());
}

TEST_CASE("a claim that is changed breaks the signature", "[tokens]")
{
    auto setup = with_public_keys();
    auto const token = current().token(setup.claims());
    auto const other =
        current().token(setup.claims().with("sub", in_quotes("00000000-0000-4000-8000-000000000001")));

    auto const mixed = other.substr(0, other.rfind('.')) + token.substr(token.rfind('.'));

    CHECK(setup.refusal(mixed) == "the token's signature is not its key's");
}

TEST_CASE("what the claims refuse is refused under every kind of signature", "[tokens]")
{
    auto setup = Setup(mint::jwks({current().jwk(), rsa().jwk()}), secret);
    auto const good = setup.claims();
    for (auto const& claims :
         {good.with("exp", std::to_string(setup.project.now_s - 30)), good.with("exp", "\"1999999999\""),
          good.with("exp", "1e99"), good.without("exp"),
          good.with("nbf", std::to_string(setup.project.now_s + 31)),
          good.with("iss", in_quotes("https://project.supabase.co/auth/v2")),
          good.with("aud", R"(["other"])"), good.with("role", in_quotes("anon")),
          good.with("role", in_quotes("service_role")), good.with("is_anonymous", "true"),
          good.with("client_id", in_quotes("app")), good.with("sub", in_quotes("1")),
          good.doubled("sub", in_quotes(mint::user_id)),
          mint::Object{
              {"iss", in_quotes("supabase")}, {"role", in_quotes("service_role")}, {"exp", "4102444800"}}}) {
        CHECK_FALSE(setup.refusal(current().token(claims)).empty());
        CHECK_FALSE(setup.refusal(rsa().token(claims)).empty());
        CHECK_FALSE(
            setup.refusal(mint::hs256_token(secret, mint::hs256_header().text(), claims.text())).empty());
    }
}

TEST_CASE("a project rotates its keys: standby, current, previous, revoked", "[tokens]")
{
    auto const next = mint::Key::p256("next");
    auto setup = Setup(mint::jwks({current().jwk()}));
    CHECK(setup.accepts(current().token(setup.claims())));

    setup.project.document = mint::jwks({current().jwk(), next.jwk()}); // standby
    setup.project.now_s += 1200;
    CHECK(setup.accepts(current().token(setup.claims())));
    CHECK(setup.accepts(next.token(setup.claims()))); // current, and the other one previous
    CHECK(setup.asked == 0);

    setup.project.document = mint::jwks({next.jwk()}); // revoked
    setup.project.now_s += 1200;
    setup.owner = std::nullopt;
    CHECK_FALSE(setup.accepts(current().token(setup.claims())));
    CHECK(setup.accepts(next.token(setup.claims())));
    CHECK(setup.asked == 1);
}

TEST_CASE("a key that was rotated in a moment ago is asked about while the keys are not fetched again",
          "[tokens]")
{
    auto const next = mint::Key::p256("next");
    for (auto const* const hs256_secret : {"", secret.c_str()}) {
        auto setup = Setup(mint::jwks({current().jwk()}), hs256_secret);
        CHECK(setup.accepts(current().token(setup.claims())));

        CHECK(setup.accepts(next.token(setup.claims())));
        CHECK(setup.asked == 1);
        CHECK(setup.looked_up == 1);

        setup.project.document = mint::jwks({current().jwk(), next.jwk()});
        setup.project.now_s += auth::jwks_pause_s + 1;
        CHECK(setup.accepts(next.token(setup.claims().with("aal", in_quotes("aal2")))));
        CHECK(setup.asked == 1);
    }
}

TEST_CASE("a project moves from its secret to a key: tokens of both kinds are judged at every step",
          "[tokens]")
{
    // A secret that only Supabase Auth has.
    auto const signed_so_far = [](Setup const& setup, std::string const& member) {
        return mint::hs256_token("of the project alone", mint::hs256_header().text(),
                                 setup.claims().with("n", in_quotes(member)).text());
    };
    auto setup = Setup(R"({"keys":[]})");
    CHECK(setup.accepts(signed_so_far(setup, "before")));

    setup.project.document = mint::jwks({current().jwk()}); // standby: published, and signs nothing yet
    setup.project.now_s += 1200;
    CHECK(setup.accepts(signed_so_far(setup, "standby")));

    CHECK(setup.accepts(current().token(setup.claims()))); // rotated
    CHECK(setup.accepts(signed_so_far(setup, "rotated")));
    CHECK(setup.asked == 3);

    setup.owner = std::nullopt; // the old one revoked
    CHECK(setup.refusal(signed_so_far(setup, "revoked")) == "Supabase Auth refuses the token");
    CHECK(setup.accepts(current().token(setup.claims())));
}

TEST_CASE("where no keys are to be had nobody is let in, and nobody is told that their token is bad",
          "[tokens]")
{
    auto setup = with_public_keys();
    setup.project.down = true;

    CHECK(refusal_of([&] { setup.tokens.verify(current().token(setup.claims()), client, soon()); },
                     base::Error::auth_unavailable) == "the keys of the Supabase project cannot be had");
    CHECK(setup.asked == 0);
}

TEST_CASE("where the project has no public keys and we no secret, Supabase Auth is asked", "[tokens]")
{
    auto setup = Setup(R"({"keys":[]})");
    auto const token = mint::hs256_token("a secret of the project alone", mint::hs256_header().text(),
                                         setup.claims().text());

    CHECK(setup.accepts(token));
    CHECK(setup.asked == 1);
    setup.owner = std::nullopt;
    CHECK(setup.refusal(mint::hs256_token("guessed", mint::hs256_header().text(), setup.claims().text())) ==
          "Supabase Auth refuses the token");
    setup.owner = base::parse_uuid(mint::session_id);
    CHECK(setup.refusal(mint::hs256_token("another's", mint::hs256_header().text(), setup.claims().text())) ==
          "Supabase Auth refuses the token");
    CHECK(setup.asked == 3);
}

TEST_CASE("a yes of Supabase Auth is remembered for a minute, a no never", "[tokens]")
{
    auto setup = Setup(R"({"keys":[]})");
    auto const token = mint::hs256_token("x", mint::hs256_header().text(), setup.claims().text());
    setup.owner = std::nullopt;
    CHECK_FALSE(setup.accepts(token));
    CHECK_FALSE(setup.accepts(token));
    CHECK(setup.asked == 2);

    setup.owner = base::parse_uuid(mint::user_id);
    CHECK(setup.accepts(token));
    setup.owner = std::nullopt;
    setup.project.now_s += 59;
    CHECK(setup.accepts(token));
    CHECK(setup.asked == 3);
    setup.project.now_s += 1;
    CHECK_FALSE(setup.accepts(token));
    CHECK(setup.asked == 4);
}

TEST_CASE("a token that is remembered still expires", "[tokens]")
{
    auto setup = Setup(R"({"keys":[]})");
    auto const expiring = setup.claims().with("exp", std::to_string(setup.project.now_s + 10));
    auto const token = mint::hs256_token("x", mint::hs256_header().text(), expiring.text());
    CHECK(setup.accepts(token));

    setup.project.now_s += 40;

    CHECK(setup.refusal(token) == "the token has expired");
}

TEST_CASE("nobody is asked about a token that cannot be good", "[tokens]")
{
    auto setup = Setup(R"({"keys":[]})");
    auto const expired = setup.claims().with("exp", "0");

    CHECK_FALSE(setup.accepts(mint::hs256_token("x", mint::hs256_header().text(), expired.text())));
    CHECK_FALSE(setup.accepts(mint::hs256_token("x", R"({"alg":"none"})", setup.claims().text())));
    CHECK_FALSE(setup.accepts("x.y.z"));
    CHECK_FALSE(setup.accepts(""));

    CHECK(setup.asked == 0);
}

TEST_CASE("a Supabase Auth that does not answer is no reason to refuse a token, and none to accept it",
          "[tokens]")
{
    auto setup = Setup(R"({"keys":[]})");
    setup.auth_is_down = true;

    CHECK(refusal_of(
              [&] {
                  setup.tokens.verify(
                      mint::hs256_token("x", mint::hs256_header().text(), setup.claims().text()), client,
                      soon());
              },
              base::Error::auth_unavailable) == "down");
}

TEST_CASE("a token whose session does not stand costs Supabase Auth no question", "[tokens]")
{
    auto setup = with_public_keys();
    auto const stranger =
        setup.claims().with("session_id", in_quotes("00000000-0000-4000-8000-000000000001"));
    auto const forged = [&](mint::Object const& claims) {
        return mint::hs256_token("guessed", mint::hs256_header().text(), claims.text());
    };

    CHECK(setup.refusal(forged(stranger)) == "the token's session does not stand");
    CHECK(setup.refusal(mint::Key::p256("made up").token(stranger)) == "the token's session does not stand");
    setup.stands = false;
    CHECK(setup.refusal(forged(setup.claims())) == "the token's session does not stand");
    CHECK(setup.asked == 0);

    // Who is remembered is not looked up again: every function of the database does that.
    setup.stands = true;
    CHECK(setup.accepts(forged(setup.claims())));
    setup.stands = false;
    CHECK(setup.accepts(forged(setup.claims())));
}

TEST_CASE("what is told to the operator holds nothing of the token", "[tokens]")
{
    auto setup = with_public_keys();
    auto const token = current().token(setup.claims().with("role", in_quotes("hunter2")));

    auto const why = setup.refusal(token);

    CHECK(why == "the token's role is not a user's");
    CHECK(token.find(why) == std::string::npos);
}

TEST_CASE("a token under a cached key is verified in less than 150 microseconds", "[tokens]")
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr auto limit_us = 1500;
#else
    constexpr auto limit_us = 150;
#endif
    auto setup = with_public_keys();
    for (auto const* const key : {&current(), &rsa()}) {
        auto const token = key->token(setup.claims());
        auto samples = std::vector<std::int64_t>();
        for (int i = 0; i < 301; ++i) {
            auto const begin = std::chrono::steady_clock::now();
            setup.tokens.verify(token, client, soon());
            samples.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
                                  std::chrono::steady_clock::now() - begin)
                                  .count());
        }
        std::nth_element(samples.begin(), samples.begin() + 150, samples.end());
        WARN(key->algorithm() << ": verified in " << samples[150] << " us (median of 301)");
        CHECK(samples[150] < limit_us);
    }
}
