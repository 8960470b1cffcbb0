#include "shared/auth/base64url.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/auth/mint.hpp"

using auth::decode_base64url;

TEST_CASE("what was encoded is decoded, whatever the bytes and their number", "[base64url]")
{
    auto bytes = std::string();
    for (int value = 0; value < 300; ++value) {
        CHECK(decode_base64url(mint::base64url(bytes)) == bytes);
        bytes.push_back(static_cast<char>(value * 37));
    }
    CHECK(decode_base64url("-_-_") == "\xfb\xff\xbf");
}

TEST_CASE("one text for one sequence of bytes: bits behind the end must be zero", "[base64url]")
{
    CHECK(decode_base64url("TQ") == "M");
    for (auto const* const text : {"TR", "TS", "Tf", "TWE1"})
        CHECK(decode_base64url(text).has_value() == (std::string_view(text) == "TWE1"));
    CHECK(decode_base64url("TWE") == "Ma");
    CHECK_FALSE(decode_base64url("TWF"));
}

TEST_CASE("padding, blanks, the other alphabet and impossible lengths are refused", "[base64url]")
{
    for (auto const text :
         {"TQ==", "TWE=", "T", "TWFuT", "TQ ", " TQ", "T\nQ", "ab+d", "ab/d", "ab.d", "ab\xc3\xa9"})
        CHECK_FALSE(decode_base64url(text));
    CHECK_FALSE(decode_base64url(std::string_view("TQ\0\0", 4)));
}
