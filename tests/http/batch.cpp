// POST /api/v1/spend/batch: many spends in one call, each answered as if it had been sent alone, in order.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

using namespace support;

namespace {

constexpr auto path = "/api/v1/spend/batch";

std::string item(Wallet const& wallet, std::int64_t amount, std::string const& key = a_key())
{
    return body({{"user_id", wallet.number},
                 {"amount", amount},
                 {"description", "an item"},
                 {"idempotency_key", key}});
}

Reply batch(std::vector<std::string> const& items, Headers const& headers = as_service())
{
    return post(path, body({{"items", list(items)}}), headers);
}

void check_item_refused(Json const& result, int status, std::string const& error)
{
    INFO("result: " << result.str());
    CHECK(result.names() ==
          std::vector<std::string>{"code", "details", "error", "message", "status", "success"});
    CHECK_FALSE(result["success"].boolean());
    CHECK(result["error"].text() == error);
    CHECK(result["status"].integer() == status);
    CHECK_FALSE(result["message"].text().empty());
    CHECK(result["details"].kind() == json::Kind::object);
}

} // namespace

TEST_CASE("a batch answers each item as a single spend would, in order", "[batch]")
{
    auto const rich = a_user().holding(100);
    auto const poor = a_user().holding(3);
    auto const blocked = a_user().holding(100);
    blocked.block();
    auto const by_uuid = body(
        {{"user_id", rich.id}, {"amount", 5}, {"description", "an item"}, {"metadata", raw(R"({"a":1})")}});
    auto const unknown =
        body({{"user_id", 8'999'999'999'999'999}, {"amount", 1}, {"description", "an item"}});

    auto const reply =
        batch({item(rich, 10), item(poor, 4), by_uuid, unknown, item(blocked, 1), item(poor, 3)});

    REQUIRE(reply.status == 200);
    CHECK(reply.json().names() == std::vector<std::string>{"results"});
    auto const results = reply["results"];
    REQUIRE(results.size() == 6);
    CHECK(results[0].names() == std::vector<std::string>{"balance_after", "balance_before", "replayed",
                                                         "success", "tokens_spent", "transaction_id"});
    CHECK(results[0]["success"].boolean());
    CHECK(results[0]["tokens_spent"].integer() == 10);
    CHECK(results[0]["balance_before"].integer() == 100);
    CHECK(results[0]["balance_after"].integer() == 90);
    CHECK_FALSE(results[0]["replayed"].boolean());
    check_item_refused(results[1], 409, "insufficient_balance");
    CHECK(results[1]["details"]["required"].integer() == 4);
    CHECK(results[1]["details"]["available"].integer() == 3);
    CHECK(results[2]["balance_after"].integer() == 85);
    check_item_refused(results[3], 404, "user_not_found");
    check_item_refused(results[4], 403, "wallet_blocked");
    CHECK(results[5]["balance_after"].integer() == 0);
    CHECK(rich.balance() == 85);
    CHECK(poor.balance() == 0);
    CHECK(blocked.balance() == 100);
}

TEST_CASE("in a batch a smaller spend after a refused larger one may fit", "[batch]")
{
    auto const wallet = a_user().holding(10);

    auto const results =
        batch({item(wallet, 6), item(wallet, 6), item(wallet, 4), item(wallet, 1)})["results"];

    CHECK(results[0]["balance_after"].integer() == 4);
    CHECK(results[1]["details"]["available"].integer() == 4);
    CHECK(results[2]["balance_after"].integer() == 0);
    CHECK(results[3]["details"]["available"].integer() == 0);
    CHECK(wallet.spends().size() == 2);
}

TEST_CASE("a key used twice in one batch spends once and replays", "[batch]")
{
    auto const wallet = a_user().holding(100);
    auto const key = a_key();

    auto const results = batch({item(wallet, 7, key), item(wallet, 7, key), item(wallet, 8, key)})["results"];

    CHECK_FALSE(results[0]["replayed"].boolean());
    CHECK(results[1]["replayed"].boolean());
    for (auto const* const member : {"transaction_id", "tokens_spent", "balance_before", "balance_after"}) {
        CHECK(results[0][member].str() == results[1][member].str());
    }
    check_item_refused(results[2], 422, "idempotency_key_reused");
    CHECK(wallet.spends().size() == 1);
    CHECK(wallet.balance() == 93);
}

TEST_CASE("a batch sent again replays every item and spends nothing", "[batch]")
{
    auto const wallet = a_user().holding(100);
    auto const items = std::vector{item(wallet, 1), item(wallet, 2), item(wallet, 3)};

    auto const first = batch(items)["results"];
    auto const again = batch(items)["results"];

    for (std::size_t i = 0; i < items.size(); ++i) {
        CHECK(again[i]["replayed"].boolean());
        CHECK(again[i]["transaction_id"].text() == first[i]["transaction_id"].text());
    }
    CHECK(wallet.balance() == 94);
}

TEST_CASE("a key spent singly replays in a batch, and one of a batch singly", "[batch]")
{
    auto const wallet = a_user().holding(100);
    auto const one = a_key();
    auto const two = a_key();
    auto const singly = [&](std::string const& key) {
        return post(wallet.path("spend"),
                    body({{"amount", 7}, {"description", "an item"}, {"idempotency_key", key}}));
    };

    auto const first = singly(one);
    auto const results = batch({item(wallet, 7, one), item(wallet, 7, two)})["results"];
    auto const second = singly(two);

    CHECK(results[0]["replayed"].boolean());
    CHECK(results[0]["transaction_id"].text() == first["transaction_id"].text());
    CHECK_FALSE(results[1]["replayed"].boolean());
    CHECK(second.replayed());
    CHECK(second["transaction_id"].text() == results[1]["transaction_id"].text());
    CHECK(wallet.balance() == 86);
}

TEST_CASE("one invalid item refuses the whole batch, is named, and nothing is spent", "[batch]")
{
    auto const wallet = a_user().holding(100);
    auto const with = [&](std::string const& bad) {
        return batch({item(wallet, 1), item(wallet, 1), item(wallet, 1), bad});
    };

    check_invalid(with(item(wallet, 10'001)), "invalid_amount", "items.3.amount", "body.items.3.amount");
    check_invalid(with(item(wallet, 1, std::string(256, 'k'))), "validation_error", "items.3.idempotency_key",
                  "body.items.3.idempotency_key");
    check_invalid(with(body({{"user_id", wallet.number}, {"amount", 1}})), "validation_error",
                  "items.3.description", "body.items.3.description");
    check_invalid(with(body({{"amount", 1}, {"description", "x"}})), "validation_error", "items.3.user_id",
                  "body.items.3.user_id");
    check_invalid(
        with(body({{"user_id", wallet.number}, {"amount", 1}, {"description", "x"}, {"tokens", 1}})),
        "validation_error", "items.3.tokens", "body.items.3.tokens");
    check_invalid(with(body({{"user_id", "nonsense"}, {"amount", 1}, {"description", "x"}})),
                  "validation_error", "items.3.user_id", "body.items.3.user_id");
    check_refusal(with("7"), 422, "validation_error");
    CHECK(wallet.spends().empty());
}

TEST_CASE("a batch is 1 to 1000 items and no member of another name", "[batch]")
{
    auto const wallet = a_user().holding(1000);
    auto items = std::vector<std::string>();
    for (auto i = 0; i < 1000; ++i)
        items.push_back(item(wallet, 1));

    check_invalid(batch({}), "validation_error", "items", "body.items");
    check_invalid(post(path, "{}"), "validation_error", "items", "body.items");
    check_invalid(post(path, body({{"items", "x"}})), "validation_error", "items", "body.items");
    check_invalid(post(path, body({{"items", list({item(wallet, 1)})}, {"atomic", true}})),
                  "validation_error", "atomic", "body.atomic");
    CHECK(wallet.spends().empty());

    auto const whole = batch(items);
    REQUIRE(whole.status == 200);
    CHECK(whole["results"].size() == 1000);
    CHECK(wallet.balance() == 0);
    items.push_back(item(wallet, 1));
    check_invalid(batch(items), "validation_error", "items", "body.items");
}

TEST_CASE("a batch refuses an Idempotency-Key header: keys belong to items", "[batch]")
{
    auto const wallet = a_user().holding(100);

    auto const reply = batch({item(wallet, 1)}, as_service() + idempotency_key(a_key()));

    check_refusal(reply, 422, "validation_error");
    CHECK(reply["detail"].str().find("idempotency-key") != std::string::npos);
    CHECK(wallet.spends().empty());
}

TEST_CASE("a batch may be 1 MiB and not more", "[batch]")
{
    auto const wallet = a_user().holding(100);
    auto const padded = [&](std::size_t size) {
        auto text = body({{"items", list({item(wallet, 1)})}});
        return text + std::string(size - text.size(), ' ');
    };

    check_refusal(post(path, padded(1024 * 1024 + 1)), 413, "payload_too_large");
    CHECK(wallet.spends().empty());
    CHECK(post(path, padded(1024 * 1024)).status == 200);
    CHECK(wallet.balance() == 99);
}

TEST_CASE("a batch without a credential, or without the scope to spend, is refused", "[batch]")
{
    auto const wallet = a_user().holding(100);

    check_refusal(batch({item(wallet, 1)}, anonymously()), 401, "unauthorized");
    CHECK(wallet.spends().empty());
}
