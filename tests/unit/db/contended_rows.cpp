#include "shared/db/contended_rows.hpp"

#include "tests/support/catch.hpp"

#include <thread>
#include <vector>

namespace {

using db::ContendedRows;

ContendedRows::Name const ann{std::nullopt, 1};
ContendedRows::Name const bob{std::nullopt, 2};

// Longer than a lock that is only held under load.
void let_the_lock_last()
{
    std::this_thread::sleep_for(std::chrono::milliseconds(310));
}

std::vector<ContendedRows::WaitSlot> places(ContendedRows& wallets, ContendedRows::Name const& wallet,
                                            int wanted)
{
    std::vector<ContendedRows::WaitSlot> taken;
    for (int i = 0; i < wanted; ++i)
        if (auto place = wallets.wait_for(wallet)) taken.push_back(std::move(*place));
    return taken;
}

} // namespace

TEST_CASE("a wallet is stuck from when it was met locked until it answers", "[contended_rows]")
{
    ContendedRows wallets;
    CHECK_FALSE(wallets.contended(ann));

    auto const place = wallets.wait_for(ann);
    CHECK(wallets.contended(ann));
    CHECK_FALSE(wallets.contended(bob));

    wallets.freed(ann);
    CHECK_FALSE(wallets.contended(ann));
}

TEST_CASE("a lock that has just been met may be waited for by all", "[contended_rows]")
{
    ContendedRows wallets;

    CHECK(places(wallets, ann, 20).size() == 20);
}

TEST_CASE("a lock that lasts is waited for by eight, and each who leaves makes room for one",
          "[contended_rows]")
{
    ContendedRows wallets;
    auto waiting = places(wallets, ann, 8);
    let_the_lock_last();

    CHECK_FALSE(wallets.wait_for(ann));
    CHECK(wallets.wait_for(bob));
    CHECK(wallets.stay(ann));
    waiting.pop_back();
    CHECK(wallets.wait_for(ann));
}

TEST_CASE("those too many leave once the lock has lasted", "[contended_rows]")
{
    ContendedRows wallets;
    auto waiting = places(wallets, ann, 10);
    CHECK(wallets.stay(ann));
    let_the_lock_last();

    CHECK_FALSE(wallets.stay(ann));
    waiting.pop_back();
    CHECK_FALSE(wallets.stay(ann));
    waiting.pop_back();
    CHECK(wallets.stay(ann));
}

TEST_CASE("a wallet that answered and is locked anew begins anew", "[contended_rows]")
{
    ContendedRows wallets;
    auto const waiting = places(wallets, ann, 8);
    let_the_lock_last();
    wallets.freed(ann);

    CHECK(wallets.wait_for(ann));
}
