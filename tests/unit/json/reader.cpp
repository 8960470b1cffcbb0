#include "shared/json/value.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/json/exact.hpp"

#include <pthread.h>

#include <ctime>
#include <functional>
#include <stdexcept>

using json::Kind;
using test::parse_exact;

namespace {

// Runs in a thread of 128 KiB of stack, which is what musl gives one: what needs more dies.
void on_a_small_stack(std::function<void()> const& act)
{
    auto const run = [](void* what) -> void* {
        (*static_cast<std::function<void()>*>(what))();
        return nullptr;
    };
    auto copy = act;
    auto attributes = pthread_attr_t();
    auto thread = pthread_t();
    REQUIRE(pthread_attr_init(&attributes) == 0);
    REQUIRE(pthread_attr_setstacksize(&attributes, std::size_t{128} * 1024) == 0);
    REQUIRE(pthread_create(&thread, &attributes, run, &copy) == 0);
    CHECK(pthread_join(thread, nullptr) == 0);
    pthread_attr_destroy(&attributes);
}

} // namespace

TEST_CASE("a document is read with its members in order and its numbers as they were written")
{
    auto const value = parse_exact(R"( {"b": [1, -0, 1.50, 1e3, 18446744073709551616], "a": {"x": null},
                                        "t": true, "f": false, "s": "ok"} )");

    REQUIRE(value.kind == Kind::object);
    REQUIRE(value.members.size() == 5);
    CHECK(value.members[0].name == "b");
    CHECK(value.members[1].name == "a");

    auto const& numbers = value.find("b")->items;
    REQUIRE(numbers.size() == 5);
    char const* const texts[] = {"1", "-0", "1.50", "1e3", "18446744073709551616"};
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(numbers[i].kind == Kind::number);
        CHECK(numbers[i].text == texts[i]);
    }
    CHECK(value.find("a")->find("x")->kind == Kind::null);
    CHECK(value.find("t")->boolean);
    CHECK_FALSE(value.find("f")->boolean);
    CHECK(value.find("s")->text == "ok");
    CHECK(value.find("absent") == nullptr);
}

TEST_CASE("a document need not be an object")
{
    CHECK(parse_exact("5").text == "5");
    CHECK(parse_exact("\"x\"").kind == Kind::string);
    CHECK(parse_exact("null").kind == Kind::null);
    CHECK(parse_exact("[]").kind == Kind::array);
    CHECK(parse_exact("{}").kind == Kind::object);
}

TEST_CASE("an empty or blank body counts as an empty object")
{
    for (char const* text : {"", " ", "\r\n\t "}) {
        auto const value = parse_exact(text);
        CHECK(value.kind == Kind::object);
        CHECK(value.members.empty());
    }
}

TEST_CASE("strings are read with every escape and every character")
{
    auto const text = [](std::string_view json) { return parse_exact(json).text; };
    CHECK(text(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
    CHECK(text(R"("\u0041\u00e9\u20AC")") == "A\xC3\xA9\xE2\x82\xAC");
    CHECK(text(R"("\uD83D\uDE00")") == "\xF0\x9F\x98\x80");
    CHECK(text("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\"") == "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F");
}

TEST_CASE("a document may be sixteen deep, or as deep as the caller says")
{
    auto const nested = [](std::size_t depth) {
        std::string text = "1";
        for (std::size_t i = 0; i < depth / 2; ++i)
            text = R"({"a":[)" + text + "]}";
        return text;
    };
    CHECK(json::write(parse_exact(nested(16))) == nested(16));
    CHECK(json::write(parse_exact(nested(2), 2)) == nested(2));
    CHECK(json::write(parse_exact(nested(64), 64)) == nested(64));
    CHECK(parse_exact("1", 0).text == "1");
    CHECK_THROWS_AS(parse_exact("1", 65), std::logic_error);
}

TEST_CASE("a document sixty-four deep is read, copied, written and destroyed on a small stack")
{
    bool same = false;
    on_a_small_stack([&] {
        std::string text = "1";
        for (int i = 0; i < 32; ++i)
            text = R"({"b":[)" + text + R"(],"a":{}})";
        auto const value = parse_exact(text, 64);
        auto const copy = value;
        same = json::write(copy) == text && json::canonical(copy).size() == text.size();
    });
    CHECK(same);
}

TEST_CASE("members of different objects may have the same name")
{
    CHECK(parse_exact(R"({"a":{"a":1},"b":[{"a":1},{"a":1}]})").members.size() == 2);
}

TEST_CASE("numbers of any size are only text")
{
    for (std::string const number :
         {"1.00000000001e-2147483638", "1e-99999999999999999999", "9223372036854775808",
          "-9223372036854775809", "123456789012345678901234567890", "0.0000000000000000000000000000001",
          "1E+2", "0e0", "-1.5E-7"}) {
        INFO(number);
        CHECK(parse_exact(number).text == number);
        CHECK(json::write(parse_exact("[" + number + "]")) == "[" + number + "]");
    }
    auto const long_fraction = "0." + std::string(60'000, '7');
    CHECK(parse_exact(long_fraction).text.size() == long_fraction.size());
}

TEST_CASE("a large object is read in time that grows with its size")
{
    // Comparing every name with every other would be ten billion comparisons.
    constexpr int count = 150'000;
    std::string text = "{";
    for (int i = 0; i < count; ++i)
        text.append("\"member").append(std::to_string(i)).append("\":0,");
    text.back() = '}';

    auto const begin = std::clock();
    CHECK(parse_exact(text).members.size() == count);
    CHECK((std::clock() - begin) / CLOCKS_PER_SEC < 5);
}
