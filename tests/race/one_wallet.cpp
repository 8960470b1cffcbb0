// Many spenders, one wallet that cannot pay for all of them.
#include "tests/support/books.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/spends.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/wallet.hpp"

#include <algorithm>
#include <numeric>

using namespace support;

namespace {

constexpr int clients = 64;

std::vector<Spent> race(Wallet const& wallet, int count, std::int64_t amount_max)
{
    return at_once(clients, count, [&](int i) {
        return spend({.wallet = wallet, .amount = 1 + i * 7 % amount_max, .key = a_key()});
    });
}

std::int64_t accepted(std::vector<Spent> const& spents)
{
    return std::accumulate(spents.begin(), spents.end(), std::int64_t{0},
                           [](std::int64_t sum, Spent const& spent) {
                               return sum + (spent.through() ? spent.order.amount : 0);
                           });
}

} // namespace

TEST_CASE("64 at once on a wallet that can pay for k spends of one token: exactly k go through", "[race]")
{
    auto const stack = Stack(2);
    for (auto const tokens : {0, 1, 20, 63, 64}) {
        auto const wallet = a_user().holding(tokens);
        auto const spents = race(wallet, clients, 1);
        INFO("holding " << tokens);
        CHECK(accepted(spents) == tokens);
        CHECK(wallet.balance() == 0);
        CHECK(judge(spents, {wallet}, Losses::none) == std::vector<std::string>{});
    }
    CHECK(book_violations().empty());
}

TEST_CASE("64 at once with unequal amounts get what the same requests in some order would have", "[race]")
{
    auto const stack = Stack(2);
    for (auto round = 0; round < 20; ++round) {
        auto const wallet = a_user().holding(500);
        auto const spents = race(wallet, 200, 13);
        CHECK(wallet.balance() == 500 - accepted(spents));
        CHECK(wallet.balance() >= 0);
        // Whoever was refused wanted more than what is left: the balance only falls.
        for (auto const& spent : spents)
            CHECK((spent.through() || spent.order.amount > wallet.balance()));
        CHECK(judge(spents, {wallet}, Losses::none) == std::vector<std::string>{});
    }
    CHECK(book_violations().empty());
}

TEST_CASE("reversals of one entry, 64 at once, give back no more than it was", "[race]")
{
    auto const stack = Stack(4);
    for (auto round = 0; round < 10; ++round) {
        auto const wallet = a_user().holding(100);
        auto const spent = post(wallet.path("spend"), body({{"amount", 50}, {"description", "x"}}));
        auto const path = "/api/v1/entries/" + spent["transaction_id"].text() + "/reverse";
        auto const reverse = [&](std::int64_t amount) { return post(path, body({{"amount", amount}})); };
        REQUIRE(reverse(1).status == 200);

        auto const replies = at_once(clients, clients, [&](int) { return reverse(3); });

        auto const count = [&](int status) {
            return std::count_if(replies.begin(), replies.end(),
                                 [&](Reply const& reply) { return reply.status == status; });
        };
        CHECK(count(200) == 16); // 16 times 3 of the 49 that were left
        CHECK(count(422) == clients - 16);
        CHECK(wallet.balance() == 99);
    }
    CHECK(book_violations().empty());
}
