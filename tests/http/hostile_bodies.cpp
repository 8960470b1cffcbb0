// Bodies that no honest client sends: each is refused by name, spends nothing and does not hurt the process.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/raw_connection.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/wallet.hpp"

using namespace support;
using namespace std::string_literals;

namespace {

struct Hostile {
    std::string what;
    std::string body;
    std::string field; // the member at fault; "body" when it is the whole
};

// A spend's body with one member replaced or added.
std::string with(std::string_view member, Literal const& value)
{
    if (member == "amount") return body({{"amount", value}, {"description", "x"}});
    if (member == "description") return body({{"amount", 1}, {"description", value}});
    return body({{"amount", 1}, {"description", "x"}, {member, value}});
}

std::string loc(std::string const& field)
{
    return field == "body" ? field : "body." + field;
}

std::string nested(int depth)
{
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
}

// Sends each to the spend endpoint of one wallet and checks that it is refused as `error`, changes nothing,
// and that the process which met it is still there and still right.
void check_refused(std::vector<Hostile> const& hostiles, std::string_view error)
{
    auto const wallet = a_user().holding(100);
    REQUIRE(post(wallet.path("spend"), with("amount", 1)).status == 200);
    auto const processes = handler_processes("spend");
    REQUIRE_FALSE(processes.empty());
    for (auto const& hostile : hostiles) {
        INFO(hostile.what);
        check_invalid(post(wallet.path("spend"), hostile.body), error, hostile.field, loc(hostile.field));
        CHECK(wallet.seq() == 2);
    }
    CHECK(post(wallet.path("spend"), with("amount", 1)).status == 200);
    CHECK(handler_processes("spend") == processes);
    CHECK(wallet.balance() == 98);
}

} // namespace

TEST_CASE("a body that is not one JSON object is refused", "[hostile]")
{
    auto const good = with("amount", 1);
    check_refused(
        {
            {"not JSON", "hello", "body"},
            {"curl's form", "amount=1&description=x", "body"},
            {"a single quote", "{'amount': 1}", "body"},
            {"a comment", "/* x */" + good, "body"},
            {"an array", "[" + good + "]", "body"},
            {"a string", R"("amount")", "body"},
            {"a number", "5", "body"},
            {"null", "null", "body"},
            {"60,000 [", std::string(60'000, '['), "body"},
            {"20,000 nested objects",
             [] {
                 auto text = ""s;
                 for (auto i = 0; i < 12'000; ++i)
                     text += R"({"a":)";
                 return text;
             }(),
             "a"},
            {"truncated in a name", R"({"amount": 1, "descr)", "body"},
            {"truncated in a value", R"({"amount": 1, "description": "x)", "description"},
            {"truncated before its end", R"({"amount": 1, "description": "x")", "description"},
            {"a trailing comma", R"({"amount": 1, "description": "x",})", "body"},
            {"a byte order mark", "\xEF\xBB\xBF" + good, "body"},
            {"UTF-16", "{\0}\0"s, "body"},
            {"text after it", good + " x", "body"},
            {"a second document after it", good + good, "body"},
            {"NUL after it", good + "\0"s, "body"},
            {"NUL before it", "\0"s + good, "body"},
            {"NUL between members", "{\"amount\": 1,\0 \"description\": \"x\"}"s, "body"},
            {"invalid UTF-8 in a name", "{\"amount\": 1, \"\xC3\x28\": 1, \"description\": \"x\"}", "body"},
        },
        "validation_error");
}

TEST_CASE("a member sent twice is refused by name", "[hostile]")
{
    check_refused(
        {
            {"amount twice", R"({"amount": 1, "description": "x", "amount": 10000})", "amount"},
            {"description twice, the same", R"({"amount": 1, "description": "x", "description": "x"})",
             "description"},
            {"amount twice, once escaped", R"({"amount": 1, "description": "x", "\u0061mount": 2})",
             "amount"},
            {"inside metadata", R"({"amount": 1, "description": "x", "metadata": {"a": 1, "a": 2}})",
             "metadata"},
            {"an unknown member", R"({"amount": 1, "description": "x", "z": 1, "z": 2})", "z"},
        },
        "validation_error");
}

TEST_CASE("an amount that is not a whole number from 1 to 10000 is refused", "[hostile]")
{
    auto hostiles = std::vector<Hostile>{{"no amount", R"({"description": "x"})", "amount"},
                                         {"an empty body", "", "amount"}};
    for (auto const* const amount : {"0",
                                     "-1",
                                     "10001",
                                     "1.5",
                                     "1.0",
                                     "1e3",
                                     "1E0",
                                     "-0",
                                     "\"5\"",
                                     "true",
                                     "null",
                                     "[]",
                                     "{}",
                                     "[1]",
                                     "9223372036854775807",
                                     "9223372036854775808",
                                     "-9223372036854775809",
                                     "18446744073709551617",
                                     "99999999999999999999999999999999999999999",
                                     "1e999999",
                                     "1e-999999",
                                     "0.0000001",
                                     "1.00000000001e-2147483638",
                                     "1.00000000001e2147483638",
                                     "-1.00000000001e-2147483638"}) {
        hostiles.push_back({"amount "s + amount, with("amount", raw(amount)), "amount"});
    }
    check_refused(hostiles, "invalid_amount");
}

TEST_CASE("an amount that cannot even be read is refused by name", "[hostile]")
{
    auto hostiles = std::vector<Hostile>();
    for (auto const* const amount :
         {"NaN", "Infinity", "01", "+1", "1.", ".5", "0x10", "1e", "--1", "1_000"}) {
        hostiles.push_back({"amount "s + amount, with("amount", raw(amount)), "amount"});
    }
    check_refused(hostiles, "validation_error");
}

TEST_CASE("a description of 0 or 501 characters, or of no text, is refused", "[hostile]")
{
    auto const field = "description"s;
    check_refused(
        {
            {"missing", R"({"amount": 1})", field},
            {"empty", with(field, ""), field},
            {"501 characters", with(field, std::string(501, 'x')), field},
            {"a number", with(field, 5), field},
            {"null", with(field, nullptr), field},
            {"an array", with(field, raw(R"(["x"])")), field},
            {"invalid UTF-8: a stray continuation", with(field, "a\x80z"), field},
            {"invalid UTF-8: a truncated sequence", with(field, "a\xF0\x9F\x98"), field},
            {"invalid UTF-8: overlong", with(field, "a\xC0\xAFz"), field},
            {"invalid UTF-8: a surrogate", with(field, "a\xED\xA0\x80z"), field},
            {"invalid UTF-8: past U+10FFFF", with(field, "a\xF4\x90\x80\x80z"), field},
            {"NUL", with(field, raw("\"a\0z\""s)), field},
            {"escaped NUL", with(field, raw(R"("a\u0000z")")), field},
            {"half a surrogate pair", with(field, raw(R"("a\ud800z")")), field},
            {"a raw line break", with(field, raw("\"a\nz\"")), field},
            {"a broken escape", with(field, raw(R"("a\xz")")), field},
        },
        "validation_error");
}

TEST_CASE("an idempotency key of 0 or 256 characters, or of no text, is refused", "[hostile]")
{
    auto const field = "idempotency_key"s;
    check_refused(
        {
            {"empty", with(field, ""), field},
            {"256 characters", with(field, std::string(256, 'k')), field},
            {"a number", with(field, 5), field},
            {"a boolean", with(field, true), field},
            {"an object", with(field, raw("{}")), field},
            {"a line break", with(field, "a\nb"), field},
            {"NUL", with(field, raw(R"("a\u0000b")")), field},
        },
        "validation_error");
}

TEST_CASE("metadata that is not an object, or not storable, is refused", "[hostile]")
{
    auto const field = "metadata"s;
    check_refused(
        {
            {"an array", with(field, raw("[]")), field},
            {"a string", with(field, "x"), field},
            {"a number", with(field, 1), field},
            {"a boolean", with(field, false), field},
            {"too deep", with(field, raw("{\"a\":" + nested(40) + "}")), field},
            {"deep enough to end a stack", with(field, raw("{\"a\":" + nested(30'000) + "}")), field},
            {"NUL inside", with(field, raw(R"({"a": "\u0000"})")), field},
            {"NUL in a name", with(field, raw(R"({"a\u0000": 1})")), field},
            {"half a surrogate pair", with(field, raw(R"({"a": "\udc00"})")), field},
            {"invalid UTF-8", with(field, raw("{\"a\": \"\xFF\"}")), field},
        },
        "validation_error");
}

TEST_CASE("strange but valid metadata is stored and comes back", "[hostile]")
{
    auto const wallet = a_user().holding(100);
    auto const strange = R"({"n": 1.00000000001e-2147483638, "big": 123456789012345678901234567890, "": "",)"
                         R"( "quote": "\"'\\;--", "emoji": "\ud83d\ude00", "null": null})"s;

    auto const reply = post(wallet.path("spend"), with("metadata", raw(strange)));

    CHECK(reply.status == 200);
    auto const entries = get(wallet.path("entries"));
    REQUIRE(entries.status == 200);
    CHECK(entries["entries"][0]["metadata"].str() == Json(strange).str());
}

TEST_CASE("a body past 64 KiB is refused before it is read", "[hostile]")
{
    auto const wallet = a_user().holding(100);
    auto const padded = [](std::size_t size) {
        auto const text = with("amount", 1);
        return text + std::string(size - text.size(), ' ');
    };

    check_refusal(post(wallet.path("spend"), padded(64 * 1024 + 1)), 413, "payload_too_large");
    check_refusal(post(wallet.path("spend"), std::string(900'000, '[')), 413, "payload_too_large");
    CHECK(wallet.spends().empty());
    CHECK(post(wallet.path("spend"), padded(64 * 1024)).status == 200);
}

TEST_CASE("every other endpoint refuses hostile bodies too", "[hostile]")
{
    auto const wallet = a_user().holding(100);
    auto const spent = post(wallet.path("spend"), with("amount", 1))["transaction_id"].text();
    auto const paths = std::vector<std::string>{"/api/v1/users", wallet.path("grants"), "/api/v1/spend/batch",
                                                "/api/v1/entries/" + spent + "/reverse"};
    auto const seq = wallet.seq();
    for (auto const& path : paths) {
        INFO(path);
        for (auto const& hostile : {"hello"s, std::string(60'000, '['), R"({"amount": 1, "amount": 1})"s,
                                    "{\"description\": \"\xC3\x28\"}"s, "{}\0"s, "\xEF\xBB\xBF{}"s, "[]"s,
                                    R"({"description": "x)"s}) {
            INFO(hostile.substr(0, 60));
            check_refusal(post(path, hostile), 422, "validation_error");
        }
        check_refusal(post(path, R"({"unknown": 1})"), 422,
                      path.ends_with("grants") ? "invalid_amount" : "validation_error");
        check_refusal(post(path, std::string(2 * 1024 * 1024, 'x')), 413, "payload_too_large");
    }
    CHECK(wallet.seq() == seq);
}

TEST_CASE("a body sent in chunks is a body", "[hostile]")
{
    auto const wallet = a_user().holding(100);
    auto connection = RawConnection();
    auto const head = raw_post_head(wallet.path("spend"), 0);
    auto const length = head.find("Content-Length: 0");

    connection.write(head.substr(0, length) + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    for (auto const* const chunk : {R"({"amount": 7,)", R"( "description")", R"(: "x"})"}) {
        auto size = std::ostringstream();
        size << std::hex << std::string_view(chunk).size();
        connection.write(size.str() + "\r\n" + chunk + "\r\n");
    }
    connection.write("0\r\n\r\n");

    CHECK(raw_status(connection.read()) == 200);
    CHECK(wallet.balance() == 93);
}

TEST_CASE("what follows a body in the same connection is another request, never part of this one",
          "[hostile]")
{
    auto const wallet = a_user().holding(100);
    auto connection = RawConnection();
    auto const request = with("amount", 7);

    // A length that stops short of the body: the rest must be read as a request of its own, and refused.
    connection.write(raw_post_head(wallet.path("spend"), request.size() - 5) + request + "\r\n\r\n");
    auto const answers = connection.read();

    CHECK(raw_status(answers) == 422);
    CHECK(wallet.spends().empty());
}
