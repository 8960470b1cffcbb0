// GET /api/v1/users/{user_id}/balance: what a wallet holds and whether it may spend.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

#include <regex>

using namespace support;

TEST_CASE("balance states what a wallet holds and that it may spend", "[balance]")
{
    auto const wallet = a_user().holding(100);

    auto const reply = get(wallet.path("balance"));

    REQUIRE(reply.status == 200);
    CHECK(reply.header("cache-control") == "no-store");
    CHECK(reply.json().names() == std::vector<std::string>{"available", "can_spend", "debt", "held", "reason",
                                                           "subscription_active", "subscription_end",
                                                           "token_balance", "user_id"});
    CHECK(reply["user_id"].integer() == wallet.number);
    CHECK(reply["token_balance"].integer() == 100);
    CHECK(reply["available"].integer() == 100);
    CHECK(reply["held"].integer() == 0);
    CHECK(reply["debt"].integer() == 0);
    CHECK_FALSE(reply["subscription_active"].boolean());
    CHECK(reply["subscription_end"].is_null());
    CHECK(reply["can_spend"].boolean());
    CHECK(reply["reason"].is_null());
}

TEST_CASE("balance by UUID names the user's number", "[balance]")
{
    auto const wallet = a_user().holding(7);

    auto const reply = get("/api/v1/users/" + wallet.id + "/balance");

    CHECK(reply["user_id"].integer() == wallet.number);
    CHECK(reply["token_balance"].integer() == 7);
}

TEST_CASE("balance follows every spend at once", "[balance]")
{
    auto const wallet = a_user().holding(3);
    for (auto left = 2; left >= 0; --left) {
        REQUIRE(post(wallet.path("spend"), an_order()).status == 200);
        CHECK(get(wallet.path("balance"))["token_balance"].integer() == left);
    }
    auto const empty = get(wallet.path("balance"));
    CHECK_FALSE(empty["can_spend"].boolean());
    CHECK(empty["reason"].text() == "insufficient_balance");
}

TEST_CASE("balance says why a wallet may not spend, and agrees with spend", "[balance]")
{
    auto const blocked = a_user().holding(100);
    auto const lapsed = a_user().holding(100);
    blocked.block();
    lapsed.subscribe_until("now() - interval '1 day'");
    for (auto const& wallet : {blocked, lapsed}) {
        auto const reply = get(wallet.path("balance"));
        auto const refusal = post(wallet.path("spend"), an_order());
        CHECK(reply.status == 200);
        CHECK(reply["token_balance"].integer() == 100);
        CHECK_FALSE(reply["can_spend"].boolean());
        CHECK(reply["reason"].text() == refusal["error"].text());
    }
}

TEST_CASE("balance shows a subscription's end in UTC", "[balance]")
{
    auto const wallet = a_user().holding(1);
    wallet.subscribe_until("'2099-01-02 03:04:05.6+02'::timestamptz");

    auto const reply = get(wallet.path("balance"));

    CHECK(reply["subscription_active"].boolean());
    CHECK(std::regex_match(reply["subscription_end"].text(), std::regex("2099-01-02T01:04:05\\.60*Z")));
}

TEST_CASE("balance of nobody is a 404 that names the number it was asked for, and no other text", "[balance]")
{
    auto const asked_for = [](std::string const& user) {
        auto const reply = get("/api/v1/users/" + user + "/balance");
        check_refusal(reply, 404, "user_not_found");
        CHECK(reply["detail"].str() ==
              R"({"error":"user_not_found","message":")" + reply["message"].text() + "\"}");
        return reply["message"].text();
    };
    CHECK(asked_for("8999999999999999") == "User 8999999999999999 not found");
    CHECK(asked_for("0") == "User 0 not found");
    CHECK(asked_for("-1") == "User -1 not found");
    for (auto const* const user : {"01900000-0000-7000-8000-ffffffffffff", "nonsense", "1.0", "%3Cb%3E"})
        CHECK(asked_for(user) == "User not found");
}

TEST_CASE("balance is not for everyone", "[balance]")
{
    check_refusal(get(a_user().holding(1).path("balance"), anonymously()), 401, "unauthorized");
}

TEST_CASE("HEAD answers like GET, without the body", "[balance]")
{
    auto const wallet = a_user().holding(100);

    auto const reply = send("HEAD", wallet.path("balance"), "", as_service());

    CHECK(reply.status == 200);
    CHECK(reply.body.empty());
    CHECK(reply.header("content-type").starts_with("application/json"));
}
