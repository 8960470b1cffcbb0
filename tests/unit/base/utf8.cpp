#include "shared/base/utf8.hpp"

#include "tests/support/catch.hpp"

#include <array>

using base::cut_utf8;
using base::is_utf8;
using base::repair_utf8;

namespace {

std::string bytes(std::initializer_list<int> values)
{
    std::string text;
    for (int const value : values)
        text += static_cast<char>(value);
    return text;
}

} // namespace

// The numbers below are those of RFC 3629: 128 code points of one byte, 1,920 of two, 61,440 of three (65,536
// less 2,048 shorter ones and 2,048 surrogates).
TEST_CASE("of all texts of one or two bytes exactly those of whole characters are UTF-8")
{
    int one = 0;
    int two = 0;
    for (int a = 0; a < 256; ++a) {
        one += is_utf8(bytes({a}));
        for (int b = 0; b < 256; ++b)
            two += is_utf8(bytes({a, b}));
    }
    CHECK(one == 128);
    CHECK(two == 128 * 128 + 1920);
}

TEST_CASE("of all texts of three bytes exactly those of whole characters are UTF-8")
{
    int three = 0;
    std::array<char, 3> text{};
    for (int packed = 0; packed < 1 << 24; ++packed) {
        text = {static_cast<char>(packed >> 16), static_cast<char>(packed >> 8), static_cast<char>(packed)};
        three += is_utf8({text.data(), text.size()});
    }
    CHECK(three == 128 * 128 * 128 + 2 * 1920 * 128 + 61'440);
}

TEST_CASE("characters of four bytes are UTF-8 from U+10000 to U+10FFFF")
{
    // 2^20 code points are 2^8 pairs of first and second byte with 2^12 pairs of tails; of the tails the four
    // corners inside, and their neighbours outside, stand for all.
    int four = 0;
    for (int lead = 0xF0; lead < 256; ++lead)
        for (int second = 0; second < 256; ++second)
            for (int const third : {0x7F, 0x80, 0xBF, 0xC0})
                for (int const fourth : {0x7F, 0x80, 0xBF, 0xC0})
                    four += is_utf8(bytes({lead, second, third, fourth}));
    CHECK(four == 256 * 2 * 2);

    CHECK(is_utf8(bytes({0xF0, 0x90, 0x80, 0x80})));
    CHECK(is_utf8(bytes({0xF4, 0x8F, 0xBF, 0xBF})));
    CHECK_FALSE(is_utf8(bytes({0xF4, 0x90, 0x80, 0x80})));
    CHECK_FALSE(is_utf8(bytes({0xF0, 0x8F, 0xBF, 0xBF})));
}

TEST_CASE("a character cut off at the end is not UTF-8")
{
    CHECK(is_utf8(""));
    CHECK_FALSE(is_utf8("a\xC3"));
    CHECK_FALSE(is_utf8("a\xE2\x82"));
    CHECK_FALSE(is_utf8("a\xF0\x9F\x98"));
}

TEST_CASE("a character counts once, whatever its bytes")
{
    CHECK(base::count_characters("") == 0);
    CHECK(base::count_characters("abc") == 3);
    CHECK(base::count_characters("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") == 3);
}

TEST_CASE("repairing replaces each stray byte and keeps every character")
{
    CHECK(repair_utf8("") == "");
    CHECK(repair_utf8("\xD1\x82\xD0\xBE\xD0\xBA") == "\xD1\x82\xD0\xBE\xD0\xBA");
    CHECK(repair_utf8("a\xFF") == "a\xEF\xBF\xBD");
    CHECK(repair_utf8("\xE2\x82") == "\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(repair_utf8("\xC3\xC3\xA9") == "\xEF\xBF\xBD\xC3\xA9");
}

TEST_CASE("whatever is repaired is UTF-8")
{
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b)
            if (!is_utf8(repair_utf8(bytes({a, b, 0x80, a})))) FAIL(a << " " << b);
    SUCCEED();
}

TEST_CASE("a cut keeps whole characters only")
{
    std::string const text = "a\xC3\xA9\xE2\x82\xAC";
    CHECK(cut_utf8(text, 6) == text);
    CHECK(cut_utf8(text, 99) == text);
    CHECK(cut_utf8(text, 5) == "a\xC3\xA9");
    CHECK(cut_utf8(text, 3) == "a\xC3\xA9");
    CHECK(cut_utf8(text, 2) == "a");
    CHECK(cut_utf8(text, 0).empty());
}
