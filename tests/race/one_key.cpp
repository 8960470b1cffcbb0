// One key, sent from everywhere at once.
#include "tests/support/books.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/wallet.hpp"

#include <algorithm>

using namespace support;

namespace {

constexpr int clients = 64;
constexpr int times = 1000;
// A race is lost in the moment of the first commit, so there are several, between several processes.
constexpr int rounds = 10;
constexpr int processes = 4;

// Goal: a client that repeats itself without waiting pays once. Method: a thousand equal requests, 64 at a
// time; count what was booked and compare what was answered.
void check_one_spend(Wallet const& wallet, std::vector<Reply> const& replies)
{
    auto const count = [&](auto condition) {
        return std::count_if(replies.begin(), replies.end(), condition);
    };
    CHECK(count([](Reply const& reply) { return reply.status == 200; }) == times);
    CHECK(count([](Reply const& reply) { return reply.replayed(); }) == times - 1);
    CHECK(count([&](Reply const& reply) { return reply.body == replies[0].body; }) == times);
    CHECK(wallet.spends().size() == 1);
    CHECK(wallet.balance() == 95);
}

} // namespace

TEST_CASE("the same key and request a thousand times, 64 at once, is one spend and one answer", "[race]")
{
    auto const stack = Stack(processes);
    for (auto round = 0; round < rounds; ++round) {
        auto const wallet = a_user().holding(100);
        auto const order = body({{"amount", 5}, {"description", "once"}, {"idempotency_key", a_key()}});
        check_one_spend(wallet,
                        at_once(clients, times, [&](int) { return post(wallet.path("spend"), order); }));
    }
    CHECK(book_violations().empty());
}

TEST_CASE("the same key twice in each of many batches at once is one spend", "[race]")
{
    auto const stack = Stack(processes);
    auto const wallet = a_user().holding(100);
    auto const item = body(
        {{"user_id", wallet.number}, {"amount", 5}, {"description", "once"}, {"idempotency_key", a_key()}});
    auto const batch = body({{"items", list({item, item})}});

    auto const replies = at_once(clients, 200, [&](int) { return post("/api/v1/spend/batch", batch); });

    auto fresh = 0;
    auto ids = std::vector<std::string>();
    for (auto const& reply : replies) {
        REQUIRE(reply.status == 200);
        for (std::size_t i = 0; i < 2; ++i) {
            fresh += reply["results"][i]["replayed"].boolean() ? 0 : 1;
            ids.push_back(reply["results"][i]["transaction_id"].text());
        }
    }
    CHECK(fresh == 1);
    CHECK(std::count(ids.begin(), ids.end(), ids[0]) == 400);
    CHECK(wallet.spends().size() == 1);
    CHECK(wallet.balance() == 95);
    CHECK(book_violations().empty());
}

TEST_CASE("grants, reversals and new users under one key, 64 at once, happen once", "[race]")
{
    auto const stack = Stack(processes);
    auto const wallet = a_user().holding(100);
    auto const spent = post(wallet.path("spend"), body({{"amount", 50}, {"description", "x"}}));
    auto const key = as_service() + idempotency_key(a_key());
    auto const all_the_same = [](std::vector<Reply> const& replies, int status) {
        auto fresh = 0;
        for (auto const& reply : replies) {
            CHECK(reply.status == status);
            CHECK(reply.body == replies[0].body);
            fresh += reply.replayed() ? 0 : 1;
        }
        CHECK(fresh == 1);
    };

    all_the_same(
        at_once(clients, 200,
                [&](int) {
                    return post(wallet.path("grants"), body({{"amount", 7}, {"description", "g"}}), key);
                }),
        201);
    CHECK(wallet.balance() == 57);
    auto const reverse = "/api/v1/entries/" + spent["transaction_id"].text() + "/reverse";
    all_the_same(at_once(clients, 200, [&](int) { return post(reverse, body({{"amount", 3}}), key); }), 200);
    CHECK(wallet.balance() == 60);
    all_the_same(at_once(clients, 200,
                         [&](int) {
                             return post("/api/v1/users", body({{"tokens", 9}}), key);
                         }),
                 201);
    CHECK(book_violations().empty());
}
