#include "shared/json/writer.hpp"

#include "tests/support/catch.hpp"

#include <limits>
#include <stdexcept>
#include <vector>

using json::Writer;

TEST_CASE("a body is written member by member")
{
    Writer w;
    w.begin().field("a", 1).field("b", "x").begin("c").end().array("d").item(1).item("y").end().end();
    CHECK(w.str() == R"({"a":1,"b":"x","c":{},"d":[1,"y"]})");
}

TEST_CASE("every kind of member is written as what it is")
{
    std::vector<std::optional<std::string>> const words = {"w", std::nullopt};
    Writer w;
    w.begin()
        .field("text", std::string("t"))
        .field("whole", std::numeric_limits<std::int64_t>::min())
        .field("yes", true)
        .field("no", false)
        .field("nothing", nullptr)
        .field("some", std::optional<std::int64_t>(7))
        .field("word", words[0])
        .field("none", words[1])
        .raw("raw", R"({"n":1.50})")
        .end();
    CHECK(w.str() == R"({"text":"t","whole":-9223372036854775808,"yes":true,"no":false,"nothing":null,)"
                     R"("some":7,"word":"w","none":null,"raw":{"n":1.50}})");
}

TEST_CASE("an array may be the whole body and hold objects and arrays")
{
    Writer w;
    w.array().begin().field("a", 1).end().array().item(2).end().end();
    CHECK(w.str() == R"([{"a":1},[2]])");
}

TEST_CASE("no name and no value can break out of its quotes")
{
    Writer w;
    w.begin().field("a\"b", "c\\\"\n").array("d\"").item("\"").end().end();
    CHECK(w.str() == R"({"a\"b":"c\\\"\n","d\"":["\""]})");
}

TEST_CASE("text that is not UTF-8 is repaired when it is written into a body")
{
    Writer w;
    w.begin().field("n\xFF", "v\xC3").array("a").item("\x80").end().end();
    CHECK(w.str() == "{\"n\xEF\xBF\xBD\":\"v\xEF\xBF\xBD\",\"a\":[\"\xEF\xBF\xBD\"]}");
}

TEST_CASE("a body that is not whole does not leave the writer")
{
    CHECK_THROWS_AS(Writer().str(), std::logic_error);

    Writer open;
    open.begin().array("a").item(1).end();
    CHECK_THROWS_AS(open.str(), std::logic_error);
    open.end();
    CHECK(open.str() == R"({"a":[1]})");
    CHECK_THROWS_AS(open.end(), std::logic_error);
    CHECK_THROWS_AS(open.begin(), std::logic_error);
}

TEST_CASE("an item has no place in an object")
{
    Writer w;
    w.begin();
    CHECK_THROWS_AS(w.item(1), std::logic_error);
}

TEST_CASE("a writer that was moved goes on where it was")
{
    Writer first;
    first.begin().field("a", 1);
    Writer second = std::move(first);
    second.field("b", 2).end();
    CHECK(second.str() == R"({"a":1,"b":2})");
}
