#include "shared/json/fields.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/base/failure_of.hpp"
#include "tests/unit/json/exact.hpp"

#include <functional>
#include <limits>

using json::Fields;
using test::parse_exact;

namespace {

using Loc = std::vector<std::string>;

// The problems that reading {"m": <text>} in one way leaves.
std::vector<base::Problem> problems_of(std::string const& text, std::function<void(Fields&)> const& read)
{
    auto const value = parse_exact("{\"m\":" + text + "}");
    Fields fields(value);
    read(fields);
    return fields.problems();
}

void check_accepts(std::string const& text, std::function<void(Fields&)> const& read)
{
    INFO(text);
    CHECK(problems_of(text, read).empty());
}

void check_refuses(std::string const& text, std::function<void(Fields&)> const& read, std::string_view type)
{
    INFO(text);
    auto const problems = problems_of(text, read);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].loc == Loc{"body", "m"});
    CHECK(problems[0].type == type);
}

std::string in_quotes(std::string const& text)
{
    return '"' + text + '"';
}

std::string detail(base::Failure const& failure, std::string_view name)
{
    for (auto const& [candidate, value] : failure.details())
        if (candidate == name) return std::get<std::string>(value);
    return {};
}

} // namespace

TEST_CASE("an integer is a whole number within its limits, however it is written")
{
    auto const value = parse_exact(R"({"a":1,"b":10000,"c":-5,"d":-0,"e":9223372036854775807,
                                       "f":-9223372036854775808})");
    Fields fields(value);
    auto const any = std::numeric_limits<std::int64_t>::max();
    CHECK(fields.integer("a", 1, 10'000) == 1);
    CHECK(fields.integer("b", 1, 10'000) == 10'000);
    CHECK(fields.integer("c", -5, 0) == -5);
    CHECK(fields.integer("d", 0, 1) == 0);
    CHECK(fields.integer("e", 0, any) == any);
    CHECK(fields.integer("f", -any - 1, 0) == -any - 1);
    for (auto const* text : {"100", "100.0", "100.000", "1e2", "1E+2", "1.0e2", "0.1e3", "10000e-2"}) {
        INFO(text);
        auto const written = parse_exact("{\"m\":" + std::string(text) + "}");
        auto one = Fields(written);
        CHECK(one.integer("m", 1, 10'000) == 100);
        CHECK(one.optional_integer("m", 100, 100) == 100);
        CHECK_NOTHROW(one.done());
    }
    CHECK(fields.optional_integer("a", 1, 1) == 1);
    CHECK(fields.optional_integer("absent", 1, 1) == std::nullopt);
    CHECK_NOTHROW(fields.done());
}

TEST_CASE("what is not an integer, or not within its limits, is refused and read as the lower limit")
{
    auto const read = [](Fields& fields) { CHECK(fields.integer("m", 1, 10'000) == 1); };
    for (auto const* text : {"1.5", "100.1", "1e-1", "1.00000000001e-2147483638", "1e-999999", "0.0000001",
                             "\"5\"", "\"100\"", "true", "[]", "[1]", "{}"})
        check_refuses(text, read, "int_type");
    for (auto const* text :
         {"1e300", "10001.0", "1e5", "0.0", "0", "-1", "10001", "9223372036854775807", "9223372036854775808",
          "-9223372036854775809", "18446744073709551617", "99999999999999999999999999", "-0"})
        check_refuses(text, read, "int_range");
    check_refuses("null", read, "value_error.missing");
    CHECK(problems_of("0", read)[0].msg == "must be a whole number from 1 to 10000");
}

TEST_CASE("an optional integer may be absent or null, and nothing else")
{
    auto const read = [](Fields& fields) { fields.optional_integer("m", 1, 10); };
    check_accepts("null", read);
    check_accepts("10", read);
    check_refuses("11", read, "int_range");
    check_refuses("\"1\"", read, "int_type");
}

TEST_CASE("the length of a text is counted in characters")
{
    auto const read = [](Fields& fields) { fields.text("m", 1, 3); };
    check_accepts(in_quotes("a"), read);
    check_accepts(in_quotes("abc"), read);
    check_accepts(in_quotes("\xF0\x9F\x98\x80\xE2\x82\xAC\xC3\xA9"), read);
    check_accepts(R"("\ud83d\ude00\ud83d\ude00\ud83d\ude00")", read);
    check_refuses(in_quotes(""), read, "string_too_short");
    check_refuses(in_quotes("abcd"), read, "string_too_long");
    check_refuses(in_quotes("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"), read, "string_too_long");
}

TEST_CASE("what is not a text is refused and read as an empty one")
{
    auto const read = [](Fields& fields) { CHECK(fields.text("m", 1, 500).empty()); };
    for (auto const* text : {"5", "true", "[]", "{}"})
        check_refuses(text, read, "string_type");
    check_refuses("null", read, "value_error.missing");
    CHECK(problems_of("5", read)[0].msg == "must be a text of 1 to 500 characters");
}

TEST_CASE("a text is read as it is, and an optional one may be absent or null")
{
    auto const value = parse_exact(R"({"a":" b ","n":null})");
    Fields fields(value);
    CHECK(fields.text("a", 1, 3) == " b ");
    CHECK(fields.optional_text("a", 1, 3) == " b ");
    CHECK(fields.optional_text("n", 1, 3) == std::nullopt);
    CHECK(fields.optional_text("absent", 1, 3) == std::nullopt);
    CHECK_NOTHROW(fields.done());

    auto const read = [](Fields& optional) { optional.optional_text("m", 1, 3); };
    check_refuses(in_quotes(""), read, "string_too_short");
    check_refuses(in_quotes("abcd"), read, "string_too_long");
    check_refuses("1", read, "string_type");
}

TEST_CASE("a choice is one of its words, byte for byte")
{
    auto const read = [](Fields& fields) { fields.optional_choice("m", {"promo", "paid"}); };
    check_accepts("null", read);
    check_accepts(in_quotes("promo"), read);
    check_accepts(in_quotes("paid"), read);
    for (auto const* text : {"\"Promo\"", "\"promo \"", "\"\"", "1", "[\"promo\"]"})
        check_refuses(text, read, "enum");
    CHECK(problems_of("1", read)[0].msg == "must be one of promo, paid");

    check_refuses(
        "1", [](Fields& fields) { fields.optional_choice("m", {"1"}); }, "enum");

    auto const value = parse_exact(R"({"m":"paid"})");
    CHECK(Fields(value).optional_choice("m", {"promo", "paid"}) == "paid");
}

TEST_CASE("a boolean is true or false and no other word for it")
{
    auto const value = parse_exact(R"({"yes":true,"no":false,"n":null})");
    Fields fields(value);
    CHECK(fields.optional_boolean("yes", false));
    CHECK_FALSE(fields.optional_boolean("no", true));
    CHECK(fields.optional_boolean("n", true));
    CHECK_FALSE(fields.optional_boolean("absent", false));
    CHECK_NOTHROW(fields.done());

    auto const read = [](Fields& other) { other.optional_boolean("m", false); };
    for (auto const* text : {"1", "0", "\"true\"", "[]"})
        check_refuses(text, read, "bool_type");
}

TEST_CASE("an object is an object")
{
    auto const value = parse_exact(R"({"o":{"a":1},"n":null})");
    Fields fields(value);
    REQUIRE(fields.optional_object("o") != nullptr);
    CHECK(fields.optional_object("o")->find("a")->text == "1");
    CHECK(fields.optional_object("n") == nullptr);
    CHECK(fields.optional_object("absent") == nullptr);
    CHECK_NOTHROW(fields.done());

    auto const read = [](Fields& other) { CHECK(other.optional_object("m") == nullptr); };
    for (auto const* text : {"[]", "\"{}\"", "1", "true"})
        check_refuses(text, read, "object_type");
}

TEST_CASE("an array has as many items as it may")
{
    auto const read = [](Fields& fields) { fields.array("m", 1, 2); };
    check_accepts("[0]", read);
    check_accepts("[0,0]", read);
    check_refuses("[]", read, "array_too_short");
    check_refuses("[0,0,0]", read, "array_too_long");
    check_refuses("{}", read, "array_type");
    check_refuses("\"[]\"", read, "array_type");
    check_refuses("null", read, "value_error.missing");

    auto const value = parse_exact(R"({"m":[1,2,3]})");
    Fields fields(value);
    CHECK(fields.array("m", 1, 3)->items.size() == 3);
    CHECK(fields.array("m", 4, 5) == nullptr);
}

TEST_CASE("an instant is an ISO 8601 time with its zone")
{
    auto const value = parse_exact(R"({"m":"2027-01-01T02:00:00+02:00","n":null})");
    Fields fields(value);
    CHECK(fields.optional_instant("m") == 1'798'761'600'000'000);
    CHECK(fields.optional_instant("n") == std::nullopt);
    CHECK(fields.optional_instant("absent") == std::nullopt);
    CHECK_NOTHROW(fields.done());

    auto const read = [](Fields& other) { CHECK(other.optional_instant("m") == std::nullopt); };
    for (auto const* text : {"1798761600", "\"2027-01-01\"", "\"2027-01-01T00:00:00\"", "\"\"", "{}"})
        check_refuses(text, read, "datetime");
}

TEST_CASE("a member that must be there is missed by name, in the words that the chat platform API's document "
          "prints")
{
    auto const value = parse_exact("{}");
    Fields fields(value);
    fields.integer("amount", 1, 10'000);
    fields.text("description", 1, 500);
    fields.array("items", 1, 2);

    REQUIRE(fields.problems().size() == 3);
    CHECK(fields.problems()[0].loc == Loc{"body", "amount"});
    CHECK(fields.problems()[2].loc == Loc{"body", "items"});
    for (auto const& problem : fields.problems()) {
        CHECK(problem.msg == "field required");
        CHECK(problem.type == "value_error.missing");
    }
}

TEST_CASE("a client hears of all problems at once")
{
    auto const value = parse_exact(R"({"description":"","metadata":[],"idempotency_key":5})");
    Fields fields(value);
    fields.integer("amount", 1, 10'000);
    fields.text("description", 1, 500);
    fields.optional_text("idempotency_key", 1, 255);
    fields.optional_object("metadata");

    auto const failure = test::failure_of([&] { fields.done(); });
    REQUIRE(failure.problems().size() == 4);
    std::vector<std::string> types;
    for (auto const& problem : failure.problems())
        types.push_back(problem.type);
    CHECK(types ==
          std::vector<std::string>{"value_error.missing", "string_too_short", "string_type", "object_type"});
}

TEST_CASE("a body that is no object has one problem, at the body")
{
    for (auto const* text : {"5", "[]", "\"x\"", "null", "true"}) {
        INFO(text);
        auto const value = parse_exact(text);
        Fields fields(value);
        CHECK(fields.integer("amount", 1, 2) == 1);
        fields.text("description", 1, 2);
        fields.nothing_else();

        auto const failure = test::failure_of([&] { fields.done(); });
        CHECK(failure.error() == base::Error::validation_error);
        REQUIRE(failure.problems().size() == 1);
        CHECK(failure.problems()[0].loc == Loc{"body"});
        CHECK(failure.problems()[0].type == "object_type");
        CHECK(detail(failure, "field") == "body");
    }
}

TEST_CASE("members that nobody asked for are refused by name where that is wanted")
{
    auto const value = parse_exact(R"({"amount":1,"absent":null,"amuont":2,"zzz":null})");
    Fields fields(value);
    fields.integer("amount", 1, 2);
    fields.optional_text("absent", 1, 2);
    CHECK_NOTHROW(fields.done());

    fields.nothing_else();
    REQUIRE(fields.problems().size() == 2);
    CHECK(fields.problems()[0].loc == Loc{"body", "amuont"});
    CHECK(fields.problems()[1].loc == Loc{"body", "zzz"});
    CHECK(fields.problems()[0].type == "extra_forbidden");
}

TEST_CASE("an amount at fault is invalid_amount and is what details are about")
{
    auto const value = parse_exact(R"({"description":"","amount":0})");
    Fields fields(value);
    fields.text("description", 1, 500);
    fields.integer("amount", 1, 10'000);

    auto const failure = test::failure_of([&] { fields.done(); });
    CHECK(failure.error() == base::Error::invalid_amount);
    CHECK(detail(failure, "field") == "amount");
    CHECK(detail(failure, "reason") == "must be a whole number from 1 to 10000");
    CHECK(failure.problems().size() == 2);
}

TEST_CASE("any other member at fault is validation_error and details are about the first")
{
    auto const value = parse_exact(R"({"description":"","metadata":1})");
    Fields fields(value);
    fields.text("description", 1, 500);
    fields.optional_object("metadata");

    auto const failure = test::failure_of([&] { fields.done(); });
    CHECK(failure.error() == base::Error::validation_error);
    CHECK(detail(failure, "field") == "description");
    CHECK(detail(failure, "reason") == "must be a text of 1 to 500 characters");
}

TEST_CASE("a nested member is named by its path")
{
    auto const item = parse_exact(R"({"amount":0})");
    Fields fields(item, {"body", "items", "3"});
    fields.integer("amount", 1, 2);

    auto const failure = test::failure_of([&] { json::throw_if_any(fields.problems()); });
    CHECK(failure.error() == base::Error::invalid_amount);
    CHECK(failure.problems()[0].loc == Loc{"body", "items", "3", "amount"});
    CHECK(detail(failure, "field") == "items.3.amount");
}

TEST_CASE("a header is named like the member of the body that it stands for")
{
    CHECK(json::field_name({{"header", "idempotency-key"}, "", ""}) == "idempotency_key");
    CHECK(json::field_name({{"body", "no-header"}, "", ""}) == "no-header");
    CHECK(json::field_name({{"query", "limit"}, "", ""}) == "limit");
}

TEST_CASE("problems of a handler's own go along")
{
    auto const value = parse_exact(R"({"email":"x"})");
    Fields fields(value);
    fields.problem("email", "must hold one @", "email");

    auto const failure = test::failure_of([&] { fields.done(); });
    CHECK(failure.problems()[0].loc == Loc{"body", "email"});
    CHECK(failure.problems()[0].type == "email");
}

TEST_CASE("no more than a hundred problems are told")
{
    std::string text = "{";
    for (int i = 0; i < 5'000; ++i)
        text.append("\"m").append(std::to_string(i)).append("\":0,");
    text.back() = '}';
    auto const value = parse_exact(text);
    Fields fields(value);
    fields.nothing_else();
    CHECK(fields.problems().size() == 100);

    auto const many = std::vector<base::Problem>(300, {{"body", "x"}, "must not", "extra_forbidden"});
    CHECK(test::failure_of([&] { json::throw_if_any(many); }).problems().size() == 100);
    CHECK_NOTHROW(json::throw_if_any({}));
}

TEST_CASE("what goes to the log names the place and the kind of fault and no value of the client's")
{
    auto const value = parse_exact(R"({"amount":"hunter2"})");
    Fields fields(value);
    fields.integer("amount", 1, 2);
    CHECK(test::failure_of([&] { fields.done(); }).log() == "int_type in amount");
}
