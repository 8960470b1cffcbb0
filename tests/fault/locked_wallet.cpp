// One wallet is stuck behind somebody's psql; everybody else's must not be.
#include "tests/support/books.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/database.hpp"
#include "tests/support/load.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/target.hpp"
#include "tests/support/threads.hpp"

#include <algorithm>

using namespace support;
using namespace std::chrono_literals;

namespace {

// A wallet's row lock, held by a session of its own until release().
class Lock {
  public:
    explicit Lock(Wallet const& wallet) : session_(target().database_url)
    {
        session_.rows("begin");
        session_.rows("select from farebox.wallets where id = $1 for update", {wallet.id});
    }
    void release() { session_.rows("rollback"); }

  private:
    Database session_;
};

std::vector<Wallet> wallets(int count)
{
    auto result = std::vector<Wallet>();
    for (auto i = 0; i < count; ++i)
        result.push_back(a_user().holding(1'000'000));
    return result;
}

} // namespace

TEST_CASE("a wallet locked for 10 seconds is busy, all others are served as ever", "[fault]")
{
    auto const stack = Stack();
    auto const locked = a_user().holding(100);
    auto const others = wallets(8);
    auto load = Load(others, 8);
    REQUIRE(load.serves(100, 10s));
    auto const order = Order{.wallet = locked, .amount = 7, .key = a_key()};
    auto const end = std::chrono::steady_clock::now() + 10s;
    auto lock = Lock(locked);

    // Clients of the locked wallet keep trying for as long as it is locked.
    auto stuck = std::vector<Reply>();
    while (std::chrono::steady_clock::now() < end) {
        auto const replies = at_once(24, 24, [&](int) {
            return post(
                locked.path("spend"),
                body({{"amount", 7}, {"description", order.description}, {"idempotency_key", order.key}}));
        });
        stuck.insert(stuck.end(), replies.begin(), replies.end());
        // No hammering: what matters is that some of them always wait.
        CHECK(load.serves(50, 5s));
    }

    for (auto const& reply : stuck) {
        check_refusal(reply, 503, "busy");
        CHECK(reply.elapsed_ms <= 5000);
    }
    auto const spents = load.stop();
    CHECK(std::all_of(spents.begin(), spents.end(), [](Spent const& spent) { return spent.through(); }));
    CHECK(percentile_ms(spents, 0.99) <= 1000);
    CHECK(slowest_ms(spents) <= 2000);
    CHECK(locked.spends().empty());

    lock.release();
    auto const repeated = spend(order);
    CHECK(repeated.status == 200);
    CHECK(locked.spends().size() == 1);
    CHECK(locked.balance() == 93);
    CHECK(judge(spents, others, Losses::none) == std::vector<std::string>{});
    CHECK(book_violations().empty());
}

TEST_CASE("in one batch the locked wallet's item is busy and the others are served", "[fault]")
{
    auto const stack = Stack();
    auto const locked = a_user().holding(100);
    auto const others = wallets(5);
    auto orders = std::vector<Order>();
    for (auto const& wallet : others)
        orders.push_back({.wallet = wallet, .amount = 1, .key = a_key()});
    orders.insert(orders.begin() + 2, {.wallet = locked, .amount = 7, .key = a_key()});
    auto lock = Lock(locked);

    auto const spents = spend_batch(orders);

    for (auto const& spent : spents) {
        if (spent.order.wallet.id == locked.id) {
            CHECK(spent.status == 503);
            CHECK(spent.error == "busy");
        } else {
            CHECK(spent.status == 200);
        }
        CHECK(spent.elapsed_ms() <= 5000);
    }
    CHECK(locked.spends().empty());

    lock.release();
    auto const again = spend_batch(orders);
    for (auto const& spent : again) {
        CHECK(spent.status == 200);
        CHECK(spent.replayed == (spent.order.wallet.id != locked.id));
    }
    CHECK(locked.balance() == 93);
    CHECK(book_violations().empty());
}

TEST_CASE("a locked wallet's balance is still told, and grants to others still go through", "[fault]")
{
    auto const stack = Stack();
    auto const locked = a_user().holding(100);
    auto const other = a_user().holding(0);
    auto lock = Lock(locked);

    auto const balance = get(locked.path("balance"));
    CHECK(balance.status == 200);
    CHECK(balance.elapsed_ms <= 1000);
    CHECK(balance["token_balance"].integer() == 100);
    auto const grant = [](Wallet const& wallet) {
        return post(wallet.path("grants"), body({{"amount", 5}, {"description", "g"}}));
    };
    auto const stuck = grant(locked);
    check_refusal(stuck, 503, "busy");
    CHECK(stuck.elapsed_ms <= 5000);
    CHECK(grant(other).status == 201);

    lock.release();
    CHECK(locked.balance() == 100);
    CHECK(grant(locked).status == 201);
}
