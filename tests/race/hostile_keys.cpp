// A hundred thousand spends by clients that misuse keys in every way, through two processes.
#include "tests/support/books.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/database.hpp"
#include "tests/support/spends.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/wallet.hpp"

#include <random>

using namespace support;

namespace {

constexpr int clients = 48;
constexpr int requests = 100'000;
constexpr int batch_size = 40;
constexpr int hot_wallets = 4;
constexpr int cold_wallets = 60;

// The share of all spends that come in batches.
constexpr int batches = requests * 2 / 5 / batch_size;
constexpr int singles = requests - batches * batch_size;

std::vector<Wallet> some_wallets()
{
    auto wallets = std::vector<Wallet>();
    for (auto i = 0; i < hot_wallets; ++i)
        wallets.push_back(a_user().holding(20'000));
    for (auto i = 0; i < cold_wallets; ++i)
        wallets.push_back(a_user().holding(50));
    return wallets;
}

// Texts that someone who builds SQL, arrays or JSON by hand would get wrong.
std::string hostile_key(std::size_t i)
{
    auto const number = std::to_string(i);
    switch (i % 9) {
    case 0:
        return number + std::string(255 - number.size(), 'k');
    case 1:
        return "'; drop table farebox.entries; -- " + number;
    case 2:
        return "{\"a\",NULL," + number + "}";
    case 3:
        return "\\x" + number + "\\";
    case 4:
        return "\u30ad\u30fc \U0001F511 " + number;
    case 5:
        return "e\u0301" + number;
    case 6:
        return "\u00e9" + number;
    case 7:
        return "NULL" + number;
    default:
        return number;
    }
}

// What one client does next, from a seed, so that a failure can be repeated.
class Mischief {
  public:
    Mischief(std::vector<Wallet> const& wallets, std::uint32_t seed) : wallets_(wallets), random_(seed) {}

    Order order()
    {
        auto const hot = below(10) < 6;
        auto const wallet = hot ? below(hot_wallets) : hot_wallets + below(cold_wallets);
        // Few enough keys that each is used several times: mostly for the same request, now and then for
        // another, and by several wallets.
        auto const key = below(hot ? 8'000 : 400);
        auto const usual = static_cast<std::int64_t>(1 + key % 5);
        auto const other = below(12) == 0;
        return {.wallet = wallets_[wallet],
                .amount = other ? usual + 1 : usual,
                .key = hostile_key(key),
                .description = below(20) == 0 ? "another \"description\"" : "a description"};
    }

    std::vector<Order> orders(int count)
    {
        auto orders = std::vector<Order>();
        for (auto i = 0; i < count; ++i)
            orders.push_back(order());
        return orders;
    }

  private:
    std::size_t below(std::size_t limit)
    {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
    }

    std::vector<Wallet> const& wallets_;
    std::mt19937 random_;
};

// Act `i` of the whole play: batches among single spends, and some tokens for cold wallets that have run
// dry, so that keys once refused are used again.
std::vector<Spent> act(std::vector<Wallet> const& wallets, std::uint32_t seed, int i)
{
    auto mischief = Mischief(wallets, seed + static_cast<std::uint32_t>(i));
    if (i % 500 == 499) wallets[hot_wallets + static_cast<std::size_t>(i / 500) % cold_wallets].top_up(100);
    constexpr auto every = (singles + batches) / batches;
    if (i % every == 0) return spend_batch(mischief.orders(batch_size));
    return {spend(mischief.order())};
}

std::size_t count(std::vector<Spent> const& spents, std::string const& error)
{
    return static_cast<std::size_t>(std::count_if(spents.begin(), spents.end(),
                                                  [&](Spent const& spent) { return spent.error == error; }));
}

} // namespace

TEST_CASE("100,000 spends with hostile keys through two processes leave no contradiction", "[race]")
{
    auto const stack = Stack(2);
    auto const wallets = some_wallets();
    auto const seed = std::random_device{}();
    CAPTURE(seed);

    auto const acts = at_once(clients, singles + batches, [&](int i) { return act(wallets, seed, i); });

    auto spents = std::vector<Spent>();
    for (auto const& some : acts)
        spents.insert(spents.end(), some.begin(), some.end());
    CHECK(spents.size() >= requests);
    CHECK(handler_processes("spend").size() == 2);
    CHECK(judge(spents, wallets, Losses::none) == std::vector<std::string>{});
    CHECK(book_violations().empty());
    // The play had every scene.
    CHECK(count(spents, "") > requests / 10);
    CHECK(count(spents, "insufficient_balance") > requests / 100);
    CHECK(count(spents, "idempotency_key_reused") > requests / 100);
    CHECK(std::count_if(spents.begin(), spents.end(), [](Spent const& spent) { return spent.replayed; }) >
          requests / 10);
}
