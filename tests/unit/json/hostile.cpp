// Bodies that must be refused, by name where there is one, and must not hurt.
#include "tests/support/catch.hpp"
#include "tests/unit/base/failure_of.hpp"
#include "tests/unit/json/exact.hpp"

#include <ctime>
#include <optional>

using test::parse_exact;
using namespace std::string_literals;

namespace {

using Loc = std::vector<std::string>;

// The one problem that a body is refused with.
base::Problem refusal_of(std::string_view text, std::size_t depth_max = json::depth_usual)
{
    auto const failure = test::failure_of([&] { parse_exact(text, depth_max); });
    CHECK(failure.error() == base::Error::validation_error);
    REQUIRE(failure.problems().size() == 1);
    REQUIRE(failure.details().size() == 2);
    CHECK(failure.details()[0].first == "field");
    CHECK(std::get<std::string>(failure.details()[0].second) == failure.problems()[0].loc.back());
    CHECK(std::get<std::string>(failure.details()[1].second) == failure.problems()[0].msg);
    return failure.problems()[0];
}

void check_refused(std::string_view text, Loc const& loc, std::string_view type,
                   std::size_t depth_max = json::depth_usual)
{
    INFO(text.substr(0, 1000));
    auto const problem = refusal_of(text, depth_max);
    CHECK(problem.loc == loc);
    CHECK(problem.type == type);
    CHECK_FALSE(problem.msg.empty());
}

Loc const body = {"body"};
Loc const amount = {"body", "amount"};
Loc const metadata = {"body", "metadata"};

// What a body is read as, or nothing where it is refused. Anything but a Failure passes through.
std::optional<json::Value> read(std::string_view text)
{
    try {
        return parse_exact(text);
    } catch (base::Failure const&) {
        return std::nullopt;
    }
}

// Whether a body is either refused or read as something that is written and read back the same.
bool harmless(std::string_view text)
{
    auto const value = read(text);
    if (!value) return true;
    auto const written = json::write(*value);
    auto const again = read(written);
    return again && json::write(*again) == written && json::canonical(*again) == json::canonical(*value);
}

std::string const small = R"({"amount":-1.5e3,"description":"t\u00e9\n)"
                          "\xE2\x82\xAC"
                          R"(","metadata":{"k":[true,null,{}],"z":[]}})";

} // namespace

TEST_CASE("what is not JSON is refused")
{
    for (char const* text : {"amount=5", "{amount:5}", "{'amount':5}", "<a/>", "NaN", "Infinity", "undefined",
                             "[1,]",     "{,}",        "[,1]",         "]",    "}",   ":",        ",",
                             "[1 2]",    "tru",        "nulll",        "+1",   ".5",  "/**/{}"})
        check_refused(text, body, "json_invalid");
}

TEST_CASE("what is wrong with the value of a member is told by its name")
{
    check_refused(R"({"amount":})", amount, "json_invalid");
    check_refused(R"({"amount":01})", amount, "json_invalid");
    check_refused(R"({"amount":1.})", amount, "json_invalid");
    check_refused(R"({"amount":1e})", amount, "json_invalid");
    check_refused(R"({"amount":0x10})", amount, "json_invalid");
    check_refused(R"({"amount":1_000})", amount, "json_invalid");
    check_refused(R"({"amount":1 000})", amount, "json_invalid");
    for (char const* number : {"+1", ".5", "NaN", "Infinity", "-", "-x"})
        check_refused(R"({"amount":)"s + number + "}", amount, "json_invalid");
    check_refused(R"({"x":1,"amount":--1})", amount, "json_invalid");
    check_refused(R"({"amount" 1})", amount, "json_invalid");
    check_refused(R"({"metadata":{"a":[1,2}})", metadata, "json_invalid");
    check_refused("{\"metadata\":\"a\nb\"}", metadata, "json_invalid");
    check_refused(R"({"metadata":"\x"})", metadata, "json_invalid");
    check_refused(R"({"metadata":"\u12G4"})", metadata, "json_invalid");
}

TEST_CASE("a fault behind a member that is whole is not blamed on it")
{
    check_refused(R"({"amount":1,})", body, "json_invalid");
    check_refused(R"({"amount":1,"\u0000":2})", body, "string_nul");
    check_refused("{\"amount\":1,\"\xFF\":2}", body, "string_unicode");
    check_refused(R"({"amount":1,description:2})", body, "json_invalid");
}

TEST_CASE("a number past 1e308 is refused by name, and is an amount's fault where it is the amount")
{
    check_refused(R"({"metadata":{"a":1e400}})", metadata, "number_range");
    check_refused(R"({"metadata":)" + std::string(400, '9') + "}", metadata, "number_range");
    check_refused("1e309", body, "number_range");
    CHECK(read("1e308").has_value());

    for (auto const& number : {"1e400"s, "-1e999999"s, "1.00000000001e2147483638"s, std::string(400, '9')}) {
        auto const failure = test::failure_of([&] { parse_exact("{\"amount\":" + number + "}"); });
        CHECK(failure.error() == base::Error::invalid_amount);
        CHECK(failure.problems().at(0).loc == amount);
        CHECK(failure.problems().at(0).type == "number_range");
    }
}

TEST_CASE("every truncation of a document is refused")
{
    REQUIRE(read(small).has_value());
    for (std::size_t size = 1; size < small.size(); ++size) {
        INFO(small.substr(0, size));
        refusal_of(std::string_view(small).substr(0, size));
    }
    check_refused(R"({"amount":5)", amount, "json_invalid");
    check_refused(R"({"amount":5,"metadata":{"a":)", metadata, "json_invalid");
}

TEST_CASE("nesting past sixteen, or past what the caller allows, is refused")
{
    std::size_t const depth_max = GENERATE(0, 1, 16, 64);
    INFO(depth_max);
    auto const arrays = std::string(depth_max + 1, '[') + std::string(depth_max + 1, ']');
    check_refused(arrays, body, "json_depth", depth_max);

    std::string objects = "1";
    for (std::size_t i = 0; i <= depth_max; ++i)
        objects = R"({"a":)" + objects + "}";
    check_refused(objects, depth_max == 0 ? body : Loc{"body", "a"}, "json_depth", depth_max);
    if (depth_max != 16) return;

    check_refused(arrays, body, "json_depth");
    check_refused(objects, {"body", "a"}, "json_depth");
    check_refused(R"({"metadata":)" + std::string(16, '[') + std::string(16, ']') + "}", metadata,
                  "json_depth");
}

TEST_CASE("a million brackets are refused at once, closed or not")
{
    constexpr std::size_t count = 1'000'000;
    std::string objects;
    for (std::size_t i = 0; i < count; ++i)
        objects += R"({"a":)";
    auto const begin = std::clock();
    for (auto const depth_max : {json::depth_usual, json::depth_most}) {
        check_refused(std::string(count, '['), body, "json_depth", depth_max);
        check_refused(std::string(count, '[') + std::string(count, ']'), body, "json_depth", depth_max);
        check_refused(objects, {"body", "a"}, "json_depth", depth_max);
    }
    CHECK((std::clock() - begin) / CLOCKS_PER_SEC < 1);
}

TEST_CASE("a member that comes twice is refused, wherever it is and however it is written")
{
    check_refused(R"({"amount":1,"amount":1000000})", amount, "json_duplicate");
    check_refused(R"({"amount":1,"x":2,"\u0061mount":3})", amount, "json_duplicate");
    check_refused(R"({"x":1,"amount":2,"amount":3,"y":4})", amount, "json_duplicate");
    check_refused(R"({"x":1,"metadata":{"a":1,"b":{},"a":1}})", metadata, "json_duplicate");
    check_refused(R"({"x":1,"metadata":[[{"":1,"":1}]]})", metadata, "json_duplicate");
    check_refused(R"([{"a":1,"a":1}])", body, "json_duplicate");
}

TEST_CASE("a member that comes twice is found among many")
{
    for (int const count : {11, 12, 13, 500}) {
        std::string text = "{";
        for (int i = 0; i < count; ++i)
            text.append("\"m").append(std::to_string(i)).append("\":0,");
        INFO(count);
        CHECK(read(text + R"("last":0})").has_value());
        check_refused(text + R"("m7":0})", {"body", "m7"}, "json_duplicate");
    }
}

TEST_CASE("text that is not UTF-8 is refused by name")
{
    for (auto const& text : {"\xFF"s, "\xC3"s, "\xC3("s, "\xC0\xAF"s, "\xE2\x82"s, "\xED\xA0\x80"s,
                             "\xF4\x90\x80\x80"s, "\xF0\x82\x82\xAC"s, "\x80"s}) {
        check_refused("{\"amount\":1,\"metadata\":\"" + text + "\"}", metadata, "string_unicode");
        check_refused("{\"metadata\":{\"" + text + "\":1}}", metadata, "string_unicode");
    }
    check_refused("{\"metadata\":\"\xF0\x9F", metadata, "string_unicode");
}

TEST_CASE("half a surrogate pair is refused by name")
{
    for (char const* escape : {R"(\uD800)", R"(\uDC00)", R"(\uDFFF)", R"(\uDBFFx)", R"(\uD800\u0041)",
                               R"(\uD800\uD800)", R"(\uDC00\uD800)"}) {
        check_refused(R"({"metadata":")" + std::string(escape) + "\"}", metadata, "string_unicode");
        check_refused(R"({"metadata":{")" + std::string(escape) + "\":1}}", metadata, "string_unicode");
    }
}

TEST_CASE("NUL is refused in a string, between tokens and behind the document")
{
    check_refused(R"({"metadata":"a\u0000b"})", metadata, "string_nul");
    check_refused(R"({"metadata":{"a\u0000b":1}})", metadata, "string_nul");
    check_refused("{\"metadata\":\"a\0b\"}"s, metadata, "string_nul");
    check_refused("{\"metadata\":\0 1}"s, metadata, "string_nul");
    check_refused("{\"amount\":1\0}"s, amount, "string_nul");
    check_refused("{\"amount\":1}\0"s, body, "string_nul");
    check_refused("{\"amount\":1}\0junk"s, body, "string_nul");
    check_refused("{\"amount\":1} \0"s, body, "string_nul");
    check_refused("\0"s, body, "string_nul");
    check_refused("\0{}"s, body, "string_nul");
    check_refused("{\0}\0"s, body, "string_nul"); // UTF-16
}

TEST_CASE("a byte order mark, or a part of one, is refused")
{
    for (char const* mark : {"\xEF\xBB\xBF", "\xEF\xBB", "\xEF", "\xBB", "\xBF", "\xBB\xBF", "\xFE\xFF"}) {
        check_refused(mark + R"({"amount":1})"s, body, "json_invalid");
        check_refused(mark, body, "json_invalid");
    }
    check_refused(" \xEF\xBB\xBF{}", body, "json_invalid");
    CHECK(refusal_of("\xEF\xBB\xBF{}").msg == "must not begin with a byte order mark");
}

TEST_CASE("anything behind the document is refused")
{
    for (char const* rest : {"x", "{}", ",", "}", "1", " null", "\n{}", "//"})
        check_refused(R"({"amount":1})"s + rest, body, "json_invalid");
    CHECK(read(R"({"amount":1})"
               " \r\n\t")
              .has_value());
}

TEST_CASE("no change of one byte hurts: a body is refused or means what it says")
{
    for (std::size_t at = 0; at < small.size(); ++at)
        for (int byte = 0; byte < 256; ++byte) {
            auto changed = small;
            changed[at] = static_cast<char>(byte);
            if (!harmless(changed)) FAIL("byte " << byte << " at " << at);
        }
    SUCCEED();
}

TEST_CASE("no byte put in or left out hurts either")
{
    for (std::size_t at = 0; at < small.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            auto longer = small;
            longer.insert(at, 1, static_cast<char>(byte));
            if (!harmless(longer)) FAIL("byte " << byte << " put in at " << at);
        }
        auto shorter = small;
        shorter.erase(at, 1);
        if (!harmless(shorter)) FAIL("byte left out at " << at);
    }
    SUCCEED();
}
