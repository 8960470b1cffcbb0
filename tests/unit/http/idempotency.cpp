#include "shared/http/idempotency.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/base/failure_of.hpp"

using namespace std::string_literals;

namespace {

using Loc = std::vector<std::string>;

std::optional<std::string> key_of(std::optional<std::string> const& header,
                                  std::optional<std::string> const& body = std::nullopt)
{
    http::Request request;
    if (header) request.headers.emplace_back("idempotency-key", *header);
    return http::idempotency_key(request, body);
}

void check_refused(std::optional<std::string> const& header, std::optional<std::string> const& body,
                   Loc const& loc, std::string_view type)
{
    INFO(header.value_or("no header") << " / " << body.value_or("no member"));
    auto const failure = test::failure_of([&] { key_of(header, body); });
    CHECK(failure.error() == base::Error::validation_error);
    REQUIRE(failure.problems().size() == 1);
    CHECK(failure.problems()[0].loc == loc);
    CHECK(failure.problems()[0].type == type);
    REQUIRE_FALSE(failure.details().empty());
    CHECK(failure.details()[0].first == "field");
    CHECK(std::get<std::string>(failure.details()[0].second) == "idempotency_key");
}

void check_body_refused(std::string const& member, std::string_view type)
{
    check_refused(std::nullopt, member, {"body", "idempotency_key"}, type);
}

void check_header_refused(std::string const& header, std::string_view type)
{
    check_refused(header, std::nullopt, {"header", "idempotency-key"}, type);
}

std::string in_quotes(std::string const& text)
{
    return '"' + text + '"';
}

} // namespace

TEST_CASE("without header and member there is no key")
{
    CHECK(key_of(std::nullopt) == std::nullopt);
}

TEST_CASE("the key is the header, bare or quoted, or the body's member")
{
    CHECK(key_of("order-42") == "order-42");
    CHECK(key_of(in_quotes("order-42")) == "order-42");
    CHECK(key_of(std::nullopt, "order-42") == "order-42");
    CHECK(key_of(" \torder 42\t ") == "order 42");
    CHECK(key_of("it's \"so\"") == "it's \"so\"");
    CHECK(key_of("back\\slash") == "back\\slash");
    CHECK(key_of("\xD1\x82\xD0\xBE") == "\xD1\x82\xD0\xBE");
}

TEST_CASE("the blanks around a key are no part of it, wherever it stands")
{
    for (auto const* const text : {"order 42", " order 42", "order 42 ", "\t order 42 \t"}) {
        INFO(text);
        CHECK(key_of(text) == "order 42");
        CHECK(key_of(" " + in_quotes(text)) == "order 42");
        CHECK(key_of(std::nullopt, text) == "order 42");
    }
    CHECK(key_of("k", "k ") == "k");
    check_header_refused(in_quotes(" "), "string_too_short");
    check_body_refused(" \t", "string_too_short");
}

TEST_CASE("a program's word for nothing is no key")
{
    for (auto const* const text :
         {"undefined", "null", "NULL", "None", "nil", "<nil>", "(null)", "NaN", "nan", "[object Object]",
          "[object Promise]", " undefined ", "\xC2\xA0", "\xE2\x80\x8B", "\xE3\x80\x80 \xEF\xBB\xBF"}) {
        INFO(text);
        check_header_refused(text, "string_nothing");
        check_header_refused(in_quotes(text), "string_nothing");
        check_body_refused(text, "string_nothing");
    }
    for (auto const* const text : {"undefined-1", "null 2", "nano", "0", "false", "[object", "a\xC2\xA0"}) {
        INFO(text);
        CHECK(key_of(text) == text);
    }
}

TEST_CASE("a bare key holds no comma: a web server may join two headers by one")
{
    for (auto const* const text : {"a, b", "a,b", ",", "a,", "a, a", "a, \"b\""})
        check_header_refused(text, "string_type");
    check_header_refused(R"("a", "b")", "string_type");
    CHECK(key_of(in_quotes("a, b")) == "a, b");
    CHECK(key_of(std::nullopt, "a, b") == "a, b");
    CHECK(key_of(in_quotes("a, b"), "a, b") == "a, b");
}

TEST_CASE("X-Idempotency-Key is the same header by another name")
{
    auto const both = [](std::optional<std::string> const& one, std::string const& other,
                         std::optional<std::string> const& body = std::nullopt) {
        http::Request request;
        if (one) request.headers.emplace_back("idempotency-key", *one);
        request.headers.emplace_back("x-idempotency-key", other);
        CHECK(http::has_key_header(request));
        return http::idempotency_key(request, body);
    };
    CHECK(both(std::nullopt, "k") == "k");
    CHECK(both(std::nullopt, in_quotes("a, b")) == "a, b");
    CHECK(both("k", in_quotes("k"), "k") == "k");
    for (auto const& refused :
         {test::failure_of([&] { both("k", "other"); }),
          test::failure_of([&] { both(std::nullopt, "null"); }), test::failure_of([&] { both("k", ""); })}) {
        REQUIRE(refused.problems().size() == 1);
        CHECK(refused.problems()[0].loc == Loc{"header", "x-idempotency-key"});
    }
    auto const refused = test::failure_of([&] { both(std::nullopt, "k", "other"); });
    CHECK(refused.problems().at(0).loc == Loc{"body", "idempotency_key"});
    CHECK_FALSE(http::has_key_header(http::Request{}));
}

TEST_CASE("in a quoted key a backslash stands before a quote and a backslash")
{
    CHECK(key_of(R"("a\"b")") == R"(a"b)");
    CHECK(key_of(R"("a\\b")") == R"(a\b)");
    CHECK(key_of(R"("\\\"")") == R"(\")");
}

TEST_CASE("a quoted key that does not end, ends early or escapes anything else is refused")
{
    for (auto const* header : {R"(")", R"("a)", R"("a\")", R"("a"b")", R"("a" b)", R"("a";q=1)", R"("a\n")",
                               R"("\a")", R"("a\\\")", R"("""")", R"("a" "b")"})
        check_header_refused(header, "string_type");
}

TEST_CASE("a key has 1 to 255 characters")
{
    auto const many = [](std::size_t count) { return std::string(count, 'k'); };
    CHECK(key_of(many(1)) == many(1));
    CHECK(key_of(many(255)) == many(255));
    CHECK(key_of(in_quotes(many(255))) == many(255));
    CHECK(key_of(std::nullopt, many(255)) == many(255));

    std::string cyrillic;
    for (int i = 0; i < 255; ++i)
        cyrillic += "\xD0\xBA";
    CHECK(key_of(cyrillic) == cyrillic);
    check_header_refused(cyrillic + "k", "string_too_long");

    check_header_refused(many(256), "string_too_long");
    check_header_refused(in_quotes(many(256)), "string_too_long");
    check_header_refused("", "string_too_short");
    check_header_refused(" \t ", "string_too_short");
    check_header_refused(in_quotes(""), "string_too_short");
    check_refused(std::nullopt, many(256), {"body", "idempotency_key"}, "string_too_long");
    check_refused(std::nullopt, "", {"body", "idempotency_key"}, "string_too_short");
}

TEST_CASE("a key has no control characters")
{
    for (auto const& character :
         {"\0"s, "\x01"s, "\t"s, "\n"s, "\r"s, "\x1B"s, "\x1F"s, "\x7F"s, "\xC2\x80"s, "\xC2\x9F"s}) {
        check_header_refused("a" + character + "b", "string_control");
        check_header_refused(in_quotes("a" + character + "b"), "string_control");
        check_refused(std::nullopt, "a" + character + "b", {"body", "idempotency_key"}, "string_control");
    }
    CHECK(key_of("a\xC2\xA0"
                 "b") == "a\xC2\xA0"
                         "b");
    CHECK(key_of("a~b") == "a~b");
}

TEST_CASE("a key is UTF-8")
{
    for (char const* text : {"a\xFF", "\xC3", "\xED\xA0\x80", "\xC0\xAF"}) {
        check_header_refused(text, "string_unicode");
        check_header_refused(in_quotes(text), "string_unicode");
    }
}

TEST_CASE("header and member may both say the key, and must say the same")
{
    CHECK(key_of("k", "k") == "k");
    CHECK(key_of(in_quotes("k"), "k") == "k");
    CHECK(key_of(in_quotes("a\\\"b"), "a\"b") == "a\"b");
    check_refused("k", "K", {"body", "idempotency_key"}, "key_mismatch");
    check_refused(in_quotes("k"), in_quotes("k"), {"body", "idempotency_key"}, "key_mismatch");
}

TEST_CASE("a malformed header is refused even beside a good member")
{
    check_refused("\"k", "k", {"header", "idempotency-key"}, "string_type");
    check_refused("", "k", {"header", "idempotency-key"}, "string_too_short");
}

TEST_CASE("a key header that came twice is refused")
{
    http::Request request;
    request.headers = {{"idempotency-key", "k"}, {"idempotency-key", "k"}};
    auto const failure = test::failure_of([&] { http::idempotency_key(request, std::nullopt); });
    CHECK(failure.error() == base::Error::validation_error);
}
