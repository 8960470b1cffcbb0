// POST /api/v1/users/{user_id}/spend: what it takes, what it answers, whom it refuses.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/keys.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

using namespace support;

namespace {

std::string repeated(std::string const& text, int times)
{
    auto result = std::string();
    for (auto i = 0; i < times; ++i)
        result += text;
    return result;
}

} // namespace

TEST_CASE("spend takes the tokens and states the balance before and after", "[spend]")
{
    auto const wallet = a_user().holding(100);

    auto const reply = post(wallet.path("spend"), an_order(30));

    REQUIRE(reply.status == 200);
    CHECK(reply.header("content-type").starts_with("application/json"));
    CHECK(reply.header("cache-control") == "no-store");
    CHECK(reply.header("x-request-id").size() >= 8);
    CHECK_FALSE(reply.replayed());
    CHECK(reply.json().names() == std::vector<std::string>{"balance_after", "balance_before", "success",
                                                           "tokens_spent", "transaction_id"});
    CHECK(reply["success"].boolean());
    CHECK(reply["tokens_spent"].integer() == 30);
    CHECK(reply["balance_before"].integer() == 100);
    CHECK(reply["balance_after"].integer() == 70);
    CHECK(wallet.balance() == 70);
    auto const spends = wallet.spends();
    REQUIRE(spends.size() == 1);
    CHECK(spends[0].id == reply["transaction_id"].text());
    CHECK(spends[0].amount == -30);
    CHECK(spends[0].description == "a render job");
}

TEST_CASE("a user is named by number or by UUID, in either case", "[spend]")
{
    auto const wallet = a_user().holding(100);
    auto upper = wallet.id;
    for (auto& letter : upper)
        letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));

    CHECK(post("/api/v1/users/" + wallet.id + "/spend", an_order(1)).status == 200);
    CHECK(post("/api/v1/users/" + upper + "/spend", an_order(1)).status == 200);
    CHECK(post(wallet.path("spend"), an_order(1)).status == 200);
    CHECK(wallet.balance() == 97);
}

TEST_CASE("spend refuses more than the balance, names both sums and leaves no entry", "[spend]")
{
    auto const wallet = a_user().holding(100);

    auto const reply = post(wallet.path("spend"), an_order(101));

    check_refusal(reply, 409, "insufficient_balance");
    CHECK(reply["error"].text() == "insufficient_balance");
    CHECK(reply["message"].text() == "Not enough tokens. Required: 101, available: 100");
    CHECK(reply["details"].names() == std::vector<std::string>{"available", "held", "required"});
    CHECK(reply["details"]["required"].integer() == 101);
    CHECK(reply["details"]["available"].integer() == 100);
    CHECK(reply["details"]["held"].integer() == 0);
    CHECK(wallet.balance() == 100);
    CHECK(wallet.spends().empty());
}

TEST_CASE("a wallet can be spent to its last token and no further", "[spend]")
{
    auto const wallet = a_user().holding(100);

    CHECK(post(wallet.path("spend"), an_order(100)).status == 200);
    check_refusal(post(wallet.path("spend"), an_order(1)), 409, "insufficient_balance");
    CHECK(wallet.balance() == 0);
}

TEST_CASE("a wallet that never held anything refuses every spend", "[spend]")
{
    auto const wallet = a_user().holding(0);

    auto const reply = post(wallet.path("spend"), an_order(1));

    check_refusal(reply, 409, "insufficient_balance");
    CHECK(reply["details"]["available"].integer() == 0);
    CHECK(wallet.seq() == 0);
}

TEST_CASE("the limits of a spend are inside: 1 and 10000 tokens, 1 and 500 characters", "[spend]")
{
    auto const wallet = a_user().holding(30'000);
    auto const spend = [&](std::int64_t amount, std::string const& description, std::string const& key) {
        return post(wallet.path("spend"),
                    body({{"amount", amount}, {"description", description}, {"idempotency_key", key}}))
            .status;
    };

    CHECK(spend(1, "x", "k") == 200);
    CHECK(spend(10'000, std::string(500, 'x'), std::string(255, 'k')) == 200);
    // Characters are counted, not bytes: these are 1,000, 2,000 and 1,020 of them.
    CHECK(spend(1, repeated("é", 500), a_key()) == 200);
    CHECK(spend(1, repeated("😀", 500), a_key()) == 200);
    CHECK(spend(1, "x", repeated("😀", 255)) == 200);
    CHECK(wallet.balance() == 30'000 - 10'000 - 4);
}

TEST_CASE("a blocked wallet pays for nothing", "[spend]")
{
    auto const wallet = a_user().holding(100);
    wallet.block();

    check_refusal(post(wallet.path("spend"), an_order(1)), 403, "wallet_blocked");
    CHECK(wallet.spends().empty());
}

TEST_CASE("a subscription that has ended refuses, one that lasts pays", "[spend]")
{
    auto const lapsed = a_user().holding(100);
    auto const current = a_user().holding(100);
    lapsed.subscribe_until("now() - interval '1 second'");
    current.subscribe_until("now() + interval '1 day'");

    auto const reply = post(lapsed.path("spend"), an_order(1));
    check_refusal(reply, 403, "subscription_expired");
    CHECK(reply["error"].text() == "subscription_expired");
    CHECK(lapsed.spends().empty());
    CHECK(post(current.path("spend"), an_order(1)).status == 200);
}

TEST_CASE("an unknown number, an unknown UUID and nonsense get the same 404", "[spend]")
{
    auto const by_number = post("/api/v1/users/8999999999999999/spend", an_order(1));
    auto const by_uuid = post("/api/v1/users/01900000-0000-7000-8000-ffffffffffff/spend", an_order(1));
    auto const answers = std::vector<Reply>{
        by_number,
        by_uuid,
        post("/api/v1/users/nobody/spend", an_order(1)),
        post("/api/v1/users/0/spend", an_order(1)),
        post("/api/v1/users/-1/spend", an_order(1)),
        post("/api/v1/users/1.5/spend", an_order(1)),
        post("/api/v1/users/9223372036854775807/spend", an_order(1)),
        post("/api/v1/users/99999999999999999999999/spend", an_order(1)),
        post("/api/v1/users/%27%20or%201=1--/spend", an_order(1)),
        post("/api/v1/users/01900000-0000-7000-8000-fffffffffff/spend", an_order(1)),
    };
    for (auto const& answer : answers) {
        check_refusal(answer, 404, "user_not_found");
        CHECK(without_user(answer) == without_user(by_number));
    }
}

TEST_CASE("what is wrong is judged in order: credential, scope, body, user", "[spend]")
{
    auto const nobody = std::string("/api/v1/users/8999999999999999/spend");

    check_refusal(post(nobody, "{", anonymously()), 401, "unauthorized");
    check_refusal(post(nobody, "{", as(an_api_key("read").secret)), 403, "forbidden");
    check_refusal(post(nobody, "{"), 422, "validation_error");
    check_refusal(post(nobody, an_order(1)), 404, "user_not_found");
}

TEST_CASE("members that the document does not know are ignored", "[spend]")
{
    auto const wallet = a_user().holding(100);

    auto const reply = post(wallet.path("spend"), body({{"amount", 5},
                                                        {"description", "x"},
                                                        {"currency", "USD"},
                                                        {"user_id", 1},
                                                        {"nested", raw("[{}]")}}));

    CHECK(reply.status == 200);
    CHECK(wallet.balance() == 95);
}

TEST_CASE("optional members may be null", "[spend]")
{
    auto const wallet = a_user().holding(100);

    auto const reply = post(
        wallet.path("spend"),
        body({{"amount", 5}, {"description", "x"}, {"idempotency_key", nullptr}, {"metadata", nullptr}}));

    CHECK(reply.status == 200);
    REQUIRE(wallet.spends().size() == 1);
    CHECK_FALSE(wallet.spends()[0].key.has_value());
}

TEST_CASE("a body is read as JSON whatever its content type says", "[spend]")
{
    auto const wallet = a_user().holding(100);
    for (auto const* const type : {"", "text/plain", "application/x-www-form-urlencoded",
                                   "multipart/form-data", "application/json; charset=utf-8", "nonsense"}) {
        INFO("content type: " << type);
        CHECK(
            post(wallet.path("spend"), an_order(1), as_service() + Headers{{"Content-Type", type}}).status ==
            200);
    }
    CHECK(wallet.balance() == 94);
}

TEST_CASE("an encoded body is refused, identity is not an encoding", "[spend]")
{
    auto const wallet = a_user().holding(100);

    check_refusal(
        post(wallet.path("spend"), an_order(1), as_service() + Headers{{"Content-Encoding", "gzip"}}), 415,
        "unsupported_media_type");
    CHECK(wallet.spends().empty());
    CHECK(post(wallet.path("spend"), an_order(1), as_service() + Headers{{"Content-Encoding", "identity"}})
              .status == 200);
}

TEST_CASE("two spends without a key are two spends", "[spend]")
{
    auto const wallet = a_user().holding(100);

    auto const first = post(wallet.path("spend"), an_order(10));
    auto const second = post(wallet.path("spend"), an_order(10));

    CHECK(first["transaction_id"].text() != second["transaction_id"].text());
    CHECK(wallet.balance() == 80);
}
