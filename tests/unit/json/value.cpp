#include "shared/json/value.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/json/exact.hpp"

using json::canonical;
using json::write;
using test::parse_exact;

TEST_CASE("a value is written compact, in the order and with the numbers it was read with")
{
    CHECK(write(parse_exact(R"( { "b" : [ 1.50 , -0 , 1E3 ] , "a" : { } , "c" : [ ] } )")) ==
          R"({"b":[1.50,-0,1E3],"a":{},"c":[]})");
    CHECK(write(parse_exact(R"([null,true,false,"x"])")) == R"([null,true,false,"x"])");
}

TEST_CASE("what a string holds is escaped where it must be and kept where it may be")
{
    CHECK(write(parse_exact(R"("\"\\\/\b\f\n\r\t\u0001")")) == R"("\"\\/\b\f\n\r\t\u0001")");
    CHECK(write(parse_exact(R"("\u20ac")")) == "\"\xE2\x82\xAC\"");
}

TEST_CASE("text that is not UTF-8 is repaired when it is written")
{
    json::Value value;
    value.kind = json::Kind::string;
    value.text = "a\xFF";
    CHECK(write(value) == "\"a\xEF\xBF\xBD\"");
}

TEST_CASE("equal requests give equal canonical text, whatever the order, blanks and escapes of their members")
{
    auto const same = [](std::string_view a, std::string_view b) {
        return canonical(parse_exact(a)) == canonical(parse_exact(b));
    };
    CHECK(same(R"({"a":1,"b":2})", R"({"b":2,"a":1})"));
    CHECK(same(R"({"x":{"a":[{"c":1,"b":2}]}})", R"({ "x" : {"a":[{"b":2,"c":1}]}})"));
    CHECK(same(R"({"a":"\u0041"})", R"({"\u0061":"A"})"));
}

TEST_CASE("different requests give different canonical text")
{
    auto const differ = [](std::string_view a, std::string_view b) {
        return canonical(parse_exact(a)) != canonical(parse_exact(b));
    };
    CHECK(differ(R"({"a":1})", R"({"a":2})"));
    CHECK(differ(R"({"a":1})", R"({"a":"1"})"));
    CHECK(differ(R"({"a":1})", R"({"a":1.0})"));
    CHECK(differ(R"([1,2])", R"([2,1])"));
    CHECK(differ(R"({"a":{"b":1}})", R"({"a":{},"b":1})"));
    CHECK(differ(R"({"a":null})", R"({})"));
}

TEST_CASE("canonical order is that of the names' bytes, at every depth")
{
    CHECK(canonical(parse_exact(R"({"b":{"z":1,"B":2,"a":3},"":0,"a":[{"y":1,"x":2}],"é":4})")) ==
          R"({"":0,"a":[{"x":2,"y":1}],"b":{"B":2,"a":3,"z":1},"é":4})");
}
