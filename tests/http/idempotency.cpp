// One key, one spend: what counts as the same key and the same request.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

using namespace support;

namespace {

// Whether the second of two answers is the first one again.
void check_replay(Reply const& first, Reply const& second)
{
    INFO("first: " << first.status << " " << first.body << "\nsecond: " << second.status << " "
                   << second.body);
    CHECK(first.status == 200);
    CHECK(second.status == 200);
    CHECK_FALSE(first.replayed());
    CHECK(second.replayed());
    CHECK(second.body == first.body);
}

} // namespace

TEST_CASE("the same key and request get the first answer again, marked as replayed", "[idempotency]")
{
    auto const wallet = a_user().holding(100);
    auto const order = an_order(10, a_key());

    auto const first = post(wallet.path("spend"), order);
    REQUIRE(post(wallet.path("spend"), an_order(3)).status ==
            200); // the balance moves on; the answer does not
    auto const second = post(wallet.path("spend"), order);

    check_replay(first, second);
    CHECK(wallet.spends().size() == 2);
    CHECK(wallet.balance() == 87);
}

TEST_CASE("a key in the header and the same key in the body are one key", "[idempotency]")
{
    auto const wallet = a_user().holding(100);
    auto const key = a_key();

    auto const first = post(wallet.path("spend"), an_order(10), as_service() + idempotency_key(key));
    check_replay(first, post(wallet.path("spend"), an_order(10, key)));
    check_replay(first,
                 post(wallet.path("spend"), an_order(10), as_service() + idempotency_key('"' + key + '"')));
    check_replay(first, post(wallet.path("spend"), an_order(10, key), as_service() + idempotency_key(key)));
    CHECK(wallet.spends().size() == 1);
}

TEST_CASE("the header may be called otherwise, and is the same key", "[idempotency]")
{
    auto const wallet = a_user().holding(100);
    auto const key = a_key();
    auto const first = post(wallet.path("spend"), an_order(10), as_service() + idempotency_key(key));

    // nginx drops names with an underscore unless it is told otherwise, and the repeat would be charged again.
    for (auto const* const name : {"X-Idempotency-Key", "Idempotency_Key", "X_IDEMPOTENCY_KEY"}) {
        INFO(name);
        check_replay(first, post(wallet.path("spend"), an_order(10), as_service() + Headers{{name, key}}));
        CHECK(post(wallet.path("spend"), an_order(10),
                   as_service() + idempotency_key("another") + Headers{{name, key}})
                  .status == 422);
        check_refusal(post("/api/v1/spend/batch",
                           body({{"items", raw(R"([{"user_id": 1, "amount": 1, "description": "x"}])")}}),
                           as_service() + Headers{{name, key}}),
                      422, "validation_error");
    }
    CHECK(wallet.spends().size() == 1);
}

TEST_CASE("a program's word for nothing is refused as a key", "[idempotency]")
{
    auto const wallet = a_user().holding(100);
    for (auto const* const text :
         {"undefined", "null", "None", "NaN", "[object Object]", "\" \"", "\u00a0"}) {
        INFO(text);
        check_invalid(post(wallet.path("spend"), an_order(10), as_service() + idempotency_key(text)),
                      "validation_error", "idempotency_key", "header.idempotency-key");
    }
    for (auto const* const text : {"undefined", "null", "None", "NaN", "[object Object]", " ", "\u00a0"}) {
        INFO(text);
        check_invalid(post(wallet.path("spend"), an_order(10, text)), "validation_error", "idempotency_key",
                      "body.idempotency_key");
    }
    CHECK(wallet.spends().empty());
}

TEST_CASE("quotes and backslashes in a quoted key are unescaped", "[idempotency]")
{
    auto const wallet = a_user().holding(100);

    auto const first = post(wallet.path("spend"), an_order(10, R"(a "b" \c)"));

    check_replay(
        first, post(wallet.path("spend"), an_order(10), as_service() + idempotency_key(R"("a \"b\" \\c")")));
}

TEST_CASE("a header and a body that name different keys are refused", "[idempotency]")
{
    auto const wallet = a_user().holding(100);

    auto const reply = post(wallet.path("spend"), an_order(10, "one"), as_service() + idempotency_key("two"));

    check_refusal(reply, 422, "validation_error");
    CHECK(reply["details"]["field"].text() == "idempotency_key");
    CHECK(wallet.spends().empty());
}

TEST_CASE("a malformed or doubled Idempotency-Key header is refused", "[idempotency]")
{
    auto const wallet = a_user().holding(100);
    for (auto const& value : {std::string(), std::string("\""), std::string("\"open"), std::string("\"a\" b"),
                              std::string(256, 'k'), '"' + std::string(256, 'k') + '"', std::string("a\x80"),
                              std::string("one, two")}) {
        INFO("Idempotency-Key: " << value);
        auto const reply = post(wallet.path("spend"), an_order(10), as_service() + idempotency_key(value));
        check_invalid(reply, "validation_error", "idempotency_key", "header.idempotency-key");
    }
    auto const doubled = post(wallet.path("spend"), an_order(10),
                              as_service() + idempotency_key("one") + idempotency_key("two"));
    CHECK(doubled.status >= 400);
    CHECK(doubled.status < 500);
    CHECK(wallet.spends().empty());
}

TEST_CASE("a key used for another request is refused, and the first answer stays", "[idempotency]")
{
    auto const wallet = a_user().holding(100);
    auto const key = a_key();
    auto const order = [&](std::int64_t amount, std::string const& description, Literal const& metadata) {
        return post(wallet.path("spend"), body({{"amount", amount},
                                                {"description", description},
                                                {"idempotency_key", key},
                                                {"metadata", metadata}}));
    };
    auto const metadata = raw(R"({"a": 1, "b": [true, null]})");
    auto const first = order(10, "x", metadata);

    check_refusal(order(11, "x", metadata), 422, "idempotency_key_reused");
    check_refusal(order(10, "y", metadata), 422, "idempotency_key_reused");
    check_refusal(order(10, "x", raw(R"({"a": 2, "b": [true, null]})")), 422, "idempotency_key_reused");
    check_refusal(order(10, "x", raw(R"({"a": 1, "b": [null, true]})")), 422, "idempotency_key_reused");
    check_refusal(order(10, "x", raw("{}")), 422, "idempotency_key_reused");
    check_refusal(order(10, "x", nullptr), 422, "idempotency_key_reused");
    check_replay(first, order(10, "x", metadata));
    CHECK(wallet.balance() == 90);
}

TEST_CASE("metadata with its members in another order is the same request", "[idempotency]")
{
    auto const wallet = a_user().holding(100);
    auto const order = [&](std::string const& metadata) {
        return post(wallet.path("spend"), body({{"amount", 10},
                                                {"description", "x"},
                                                {"idempotency_key", "k"},
                                                {"metadata", raw(metadata)}}));
    };

    auto const first = order(R"({"a": {"x": 1, "y": "\u00e9"}, "b": 2})");

    check_replay(first, order("{\"b\":2,\"a\":{\"y\":\"\u00e9\",\"x\":1}}"));
}

TEST_CASE("a refused spend leaves its key free for after a top-up", "[idempotency]")
{
    auto const wallet = a_user().holding(5);
    auto const order = an_order(10, a_key());

    check_refusal(post(wallet.path("spend"), order), 409, "insufficient_balance");
    wallet.top_up(5);
    auto const first = post(wallet.path("spend"), order);

    check_replay(first, post(wallet.path("spend"), order));
    CHECK(wallet.balance() == 0);
}

TEST_CASE("the same key on two wallets is two keys", "[idempotency]")
{
    auto const ann = a_user().holding(100);
    auto const bob = a_user().holding(100);
    auto const key = a_key();

    auto const of_ann = post(ann.path("spend"), an_order(10, key));
    auto const of_bob = post(bob.path("spend"), an_order(20, key));

    CHECK(of_ann.status == 200);
    CHECK(of_bob.status == 200);
    CHECK_FALSE(of_bob.replayed());
    CHECK(ann.balance() == 90);
    CHECK(bob.balance() == 80);
}

TEST_CASE("a spend is replayed whatever has become of the wallet since", "[idempotency]")
{
    auto const blocked = a_user().holding(10);
    auto const lapsed = a_user().holding(10);
    auto const order = an_order(10, "k");
    auto const first_blocked = post(blocked.path("spend"), order);
    auto const first_lapsed = post(lapsed.path("spend"), order);

    blocked.block();
    lapsed.subscribe_until("now() - interval '1 day'");

    check_replay(first_blocked, post(blocked.path("spend"), order));
    check_replay(first_lapsed, post(lapsed.path("spend"), order));
}

TEST_CASE("keys are compared exactly: case, accents and inner spaces count, and those around it do not",
          "[idempotency]")
{
    auto const wallet = a_user().holding(100);
    // The last two look the same and are not: composed and decomposed.
    for (auto const* const key :
         {"k", "K", "k k", "k  k", "\u0138", "'; drop table entries; --", "\u00e9", "e\u0301"}) {
        INFO("key: " << key);
        auto const reply = post(wallet.path("spend"), an_order(1, key));
        CHECK(reply.status == 200);
        CHECK_FALSE(reply.replayed());
    }
    CHECK(wallet.balance() == 92);
    for (auto const* const key : {"k ", " k"}) {
        CHECK(post(wallet.path("spend"), an_order(1, key)).replayed());
        CHECK(post(wallet.path("spend"), an_order(1), as_service() + idempotency_key(key)).replayed());
    }
    CHECK(wallet.balance() == 92);
}
