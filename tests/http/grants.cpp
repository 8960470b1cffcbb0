// POST /api/v1/users/{user_id}/grants: an operator's gift.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/database.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

using namespace support;

namespace {

Reply grant(Wallet const& wallet, std::string const& request, Headers const& headers = as_service())
{
    return post(wallet.path("grants"), request, headers);
}

} // namespace

TEST_CASE("a grant adds tokens that can be spent at once", "[grants]")
{
    auto const wallet = a_user().holding(10);

    auto const reply = grant(wallet, body({{"amount", 90}, {"description", "welcome"}}));

    REQUIRE(reply.status == 201);
    CHECK(reply.json().names() == std::vector<std::string>{"balance_after", "balance_before", "success",
                                                           "tokens_granted", "transaction_id"});
    CHECK(reply["success"].boolean());
    CHECK(reply["tokens_granted"].integer() == 90);
    CHECK(reply["balance_before"].integer() == 10);
    CHECK(reply["balance_after"].integer() == 100);
    CHECK(wallet.entries().back().id == reply["transaction_id"].text());
    CHECK(post(wallet.path("spend"), an_order(100)).status == 200);
}

TEST_CASE("a grant takes a class, a priority, an expiry and metadata", "[grants]")
{
    auto const wallet = a_user().holding(0);
    for (auto const* const kind : {"promo", "allotment", "paid"}) {
        auto const reply = grant(wallet, body({{"amount", 1'000'000'000'000},
                                               {"description", "g"},
                                               {"class", kind},
                                               {"priority", 1000},
                                               {"expires_at", "2099-01-01T00:00:00+02:00"},
                                               {"metadata", raw("{}")}}));
        INFO(reply.body);
        CHECK(reply.status == 201);
    }
    CHECK(wallet.balance() == 3'000'000'000'000);
}

TEST_CASE("a grant with a key happens once", "[grants]")
{
    auto const wallet = a_user().holding(0);
    auto const request = body({{"amount", 5}, {"description", "g"}});
    auto const key = as_service() + idempotency_key(a_key());

    auto const first = grant(wallet, request, key);
    auto const again = grant(wallet, request, key);

    CHECK(again.status == 201);
    CHECK(again.replayed());
    CHECK(again.body == first.body);
    check_refusal(grant(wallet, body({{"amount", 6}, {"description", "g"}}), key), 422,
                  "idempotency_key_reused");
    check_refusal(grant(wallet, body({{"amount", 5}, {"description", "g"}, {"class", "paid"}}), key), 422,
                  "idempotency_key_reused");
    CHECK(wallet.balance() == 5);
}

TEST_CASE("a key of a grant and the same key of a spend are two keys", "[grants]")
{
    auto const wallet = a_user().holding(0);
    auto const key = as_service() + idempotency_key(a_key());
    auto const request = body({{"amount", 5}, {"description", "g"}});

    CHECK(grant(wallet, request, key).status == 201);
    CHECK(post(wallet.path("spend"), request, key).status == 200);
    CHECK(wallet.balance() == 0);
}

TEST_CASE("a blocked wallet still receives", "[grants]")
{
    auto const wallet = a_user().holding(0);
    wallet.block();

    CHECK(grant(wallet, body({{"amount", 5}, {"description", "g"}})).status == 201);
    CHECK(wallet.balance() == 5);
}

TEST_CASE("what is wrong with a grant is named, and nothing is granted", "[grants]")
{
    auto const wallet = a_user().holding(0);
    auto const refused = [&](std::string_view member, Literal const& value) {
        INFO(member << ": " << value.text);
        check_invalid(grant(wallet, body({{"amount", 1}, {"description", "g"}, {member, value}})),
                      "validation_error", member, "body." + std::string(member));
    };
    for (auto const& amount :
         {Literal(0), Literal(-1), Literal(1'000'000'000'001), raw("1.5"), Literal("5")}) {
        INFO("amount: " << amount.text);
        check_invalid(grant(wallet, body({{"amount", amount}, {"description", "g"}})), "invalid_amount",
                      "amount", "body.amount");
    }
    check_invalid(grant(wallet, body({{"amount", 1}})), "validation_error", "description",
                  "body.description");
    refused("class", "free");
    refused("class", 1);
    refused("priority", -1);
    refused("priority", 1001);
    refused("expires_at", "tomorrow");
    refused("expires_at", "2099-01-01T00:00:00");  // no zone
    refused("expires_at", "2020-01-01T00:00:00Z"); // over already
    refused("expires_at", 4'070'908'800);
    refused("metadata", raw("[]"));
    refused("idempotency_key", "");
    refused("tokens", 5);
    CHECK(wallet.seq() == 0);
}

TEST_CASE("who has left is given nothing, as if there were no such user", "[grants]")
{
    auto const wallet = a_user().holding(5);
    database().rows("select farebox.forget($1)", {wallet.id});

    auto const reply = grant(wallet, body({{"amount", 5}, {"description", "g"}}));

    check_refusal(reply, 404, "user_not_found");
    CHECK(wallet.balance() == 5);
}

TEST_CASE("a grant to nobody, or by nobody, is refused", "[grants]")
{
    auto const request = body({{"amount", 5}, {"description", "g"}});
    auto const wallet = a_user().holding(0);

    check_refusal(post("/api/v1/users/8999999999999999/grants", request), 404, "user_not_found");
    check_refusal(post("/api/v1/users/nonsense/grants", request), 404, "user_not_found");
    check_refusal(grant(wallet, request, anonymously()), 401, "unauthorized");
    CHECK(wallet.balance() == 0);
}
