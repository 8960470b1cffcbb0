#include "shared/auth/jws.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/auth/mint.hpp"
#include "tests/unit/auth/refusal.hpp"

namespace {

std::string token(std::string const& header)
{
    return mint::base64url(header) + "." + mint::base64url("{}") + "." + mint::base64url("signature");
}

std::string refusal(std::string const& text)
{
    return refusal_of([&] { auth::parse_jws(text); });
}

} // namespace

TEST_CASE("a token is taken apart without being believed", "[jws]")
{
    auto const text = token(R"({"typ":"JWT","alg":"ES256","kid":"one"})");

    auto const jws = auth::parse_jws(text);

    CHECK(jws.algorithm == "ES256");
    CHECK(jws.key_id == "one");
    CHECK(jws.payload == "{}");
    CHECK(jws.signature == "signature");
    CHECK(std::string(jws.signed_text) + "." + mint::base64url("signature") == text);
    CHECK_FALSE(auth::parse_jws(token(R"({"alg":"ES256"})")).key_id);
}

TEST_CASE("a token has three parts and none is empty", "[jws]")
{
    auto const good = token(R"({"alg":"ES256"})");
    auto const first = good.find('.');
    auto const second = good.find('.', first + 1);

    for (auto const& text :
         {std::string(), std::string("."), std::string(".."), good.substr(0, first), good.substr(0, second),
          good.substr(0, second + 1), "." + good, good + ".", good + "." + good, good.substr(first),
          good.substr(0, first + 1) + good.substr(second)})
        CHECK_FALSE(refusal(text).empty());
    CHECK(refusal(good).empty());
}

TEST_CASE("each part is canonical base64url", "[jws]")
{
    auto const good = token(R"({"alg":"ES256"})");
    auto const first = good.find('.');
    auto const second = good.find('.', first + 1);
    for (auto const end : {first, second, good.size()}) {
        auto padded = good;
        CHECK_FALSE(refusal(padded.insert(end, "=")).empty());
        auto blank = good;
        CHECK_FALSE(refusal(blank.insert(end, " ")).empty());
    }
    // "signature" is nine bytes, so it ends without spare bits; eight bytes leave two that must be zero.
    auto const spare = mint::base64url(R"({"alg":"ES256"})") + "." + mint::base64url("{}") + ".c2lnbmF0dXI";
    CHECK(refusal(spare).empty());
    CHECK(refusal(spare.substr(0, spare.size() - 1) + "J") == "the token's signature is not base64url");
}

TEST_CASE("a token longer than 16 KiB is refused before it is decoded", "[jws]")
{
    auto const header = mint::base64url(R"({"alg":"ES256"})") + ".";
    auto const fill = [&](std::size_t size) {
        return header + std::string(size - header.size() - 5, 'A') + ".c2ln";
    };

    CHECK(refusal(fill(16'384)).empty());
    CHECK(refusal(fill(16'385)) == "the token is too long");
    CHECK(refusal(std::string(100'000, 'A')) == "the token is too long");
}

TEST_CASE("a header is one JSON object without duplicates, and names its algorithm", "[jws]")
{
    for (auto const* const header :
         {"", "{", "[]", "null", "\"ES256\"", "{}", R"({"alg":"ES256"}{})", R"({"alg":"ES256","alg":"none"})",
          R"({"alg":null})", R"({"alg":256})", R"({"alg":["ES256"]})", R"({"alg":"ES256","kid":7})",
          R"({"alg":"ES256","kid":null})", R"({"alg":"ES256","kid":"a","kid":"b"})", "{\"alg\":\"ES\xff\"}",
          R"({"ALG":"ES256"})"})
        CHECK_FALSE(refusal(token(header)).empty());
}

TEST_CASE("any critical extension is refused, an empty list of them too", "[jws]")
{
    for (auto const* const list : {R"(["exp"])", R"(["b64"])", "[]", "null", R"("exp")"})
        CHECK(refusal(token(R"({"alg":"ES256","kid":"a","crit":)" + std::string(list) + "}")) ==
              "the token has critical extensions");
}

TEST_CASE("a refusal says nothing that came from the token", "[jws]")
{
    for (auto const* const header : {R"({"alg":"ES256","hunter2":1,"hunter2":2})", R"({"hunter2":"x"})"})
        CHECK(refusal(token(header)).find("hunter2") == std::string::npos);
}
