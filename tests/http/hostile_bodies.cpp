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
    std::string error;
};

// A spend's body with one member replaced or added.
std::string with(std::string_view member, Literal const& value)
{
    if (member == "amount") return body({{"amount", value}, {"description", "x"}});
    if (member == "description") return body({{"amount", 1}, {"description", value}});
    return body({{"amount", 1}, {"description", "x"}, {member, value}});
}

} // namespace

// One body of each kind: the rules themselves stand in tests/unit/json (hostile, fields), tests/unit/http
// (idempotency) and tests/fuzz/json. What is asked here is that they are asked over HTTP, that nothing is
// spent, and that the process which met such a body is still there and still right.
TEST_CASE("a hostile body of any kind is refused by name, spends nothing and hurts nobody", "[hostile]")
{
    auto const wallet = a_user().holding(100);
    REQUIRE(post(wallet.path("spend"), with("amount", 1)).status == 200);
    auto const processes = handler_processes("spend");
    REQUIRE_FALSE(processes.empty());
    auto const good = with("amount", 1);

    for (auto const& hostile : std::vector<Hostile>{
             {"not JSON", "amount=1&description=x", "body", "validation_error"},
             {"not an object", "[" + good + "]", "body", "validation_error"},
             {"truncated", R"({"amount": 1, "description": "x)", "description", "validation_error"},
             {"60,000 [", std::string(60'000, '['), "body", "validation_error"},
             {"metadata too deep", with("metadata", raw("{\"a\":" + std::string(30'000, '['))), "metadata",
              "validation_error"},
             {"something after it", good + good, "body", "validation_error"},
             {"NUL after it", good + "\0"s, "body", "validation_error"},
             {"a byte order mark", "\xEF\xBB\xBF" + good, "body", "validation_error"},
             {"a member twice", R"({"amount": 1, "description": "x", "\u0061mount": 2})", "amount",
              "validation_error"},
             {"nothing at all", "", "amount", "invalid_amount"},
             {"an amount out of range", with("amount", 10'001), "amount", "invalid_amount"},
             {"an amount with a fraction", with("amount", raw("1.5")), "amount", "invalid_amount"},
             {"an amount that no double holds", with("amount", raw("1.00000000001e2147483638")), "amount",
              "invalid_amount"},
             {"an amount that is no number", with("amount", raw("0x10")), "amount", "validation_error"},
             {"501 characters", with("description", std::string(501, 'x')), "description",
              "validation_error"},
             {"invalid UTF-8", with("description", "a\xC0\xAFz"), "description", "validation_error"},
             {"half a surrogate pair", with("description", raw(R"("a\ud800z")")), "description",
              "validation_error"},
             {"escaped NUL", with("metadata", raw(R"({"a": "\u0000"})")), "metadata", "validation_error"},
             {"metadata of no object", with("metadata", raw("[]")), "metadata", "validation_error"},
             {"a key with a line break", with("idempotency_key", "a\nb"), "idempotency_key",
              "validation_error"},
             {"a key that is no text", with("idempotency_key", 5), "idempotency_key", "validation_error"},
         }) {
        INFO(hostile.what);
        check_invalid(post(wallet.path("spend"), hostile.body), hostile.error, hostile.field,
                      hostile.field == "body" ? hostile.field : "body." + hostile.field);
        CHECK(wallet.seq() == 2);
    }
    CHECK(post(wallet.path("spend"), good).status == 200);
    CHECK(handler_processes("spend") == processes);
    CHECK(wallet.balance() == 98);
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
