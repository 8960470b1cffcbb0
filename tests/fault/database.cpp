// The database goes away under load, in an orderly way or connection by connection; killed, it is in
// random_kills.cpp. Whatever happens: every request is answered in time, nothing that was acknowledged is
// lost, nothing is charged twice, and repeating by key settles the rest.
#include "tests/support/books.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/load.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/wallet.hpp"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

using namespace support;
using namespace std::chrono_literals;

namespace {

constexpr int clients = 16;
constexpr int answer_ms_max = 5000;
constexpr auto recovery_max = 10s;

// What failed while the database was away, by name.
std::set<std::string> failures(std::vector<Spent> const& spents)
{
    auto names = std::set<std::string>();
    for (auto const& spent : spents) {
        if (!spent.through()) names.insert(std::to_string(spent.status) + " " + spent.error);
    }
    return names;
}

// Ends the load and holds everything that was answered, then and on repeating, against the journal.
void check_settled(std::vector<Spent> spents, std::vector<Wallet> const& wallets)
{
    CHECK(slowest_ms(spents) <= answer_ms_max);
    CHECK(judge(spents, wallets, Losses::some) == std::vector<std::string>{});
    for (auto const& name : failures(spents)) {
        INFO(name);
        CHECK((name == "503 busy" || name == "503 outcome_unknown" || name == "503 maintenance"));
    }

    auto const settled = settle(spents);
    CHECK(std::none_of(settled.begin(), settled.end(), unsettled));
    spents.insert(spents.end(), settled.begin(), settled.end());
    // With every order settled the journal holds them all, each once.
    CHECK(judge(spents, wallets, Losses::some) == std::vector<std::string>{});
    auto entries = std::size_t{0};
    for (auto const& wallet : wallets)
        entries += wallet.spends().size();
    auto keys = std::set<std::string>();
    for (auto const& spent : spents)
        keys.insert(spent.order.key);
    CHECK(entries == keys.size());
    CHECK(book_violations().empty());
}

} // namespace

TEST_CASE("Postgres stopped under load: refused in time, nothing lost, served again once it is back",
          "[fault]")
{
    auto stack = Stack();
    auto const wallets = wallets_holding(1'000'000, 8);
    auto load = Load(wallets, clients);
    REQUIRE(load.serves(500, 20s));

    stack.postgres_stop();
    CHECK(load.fails(100, 20s));
    auto const health = get("/health", anonymously());
    CHECK(health.status == 503);
    CHECK(health["status"].text() == "unhealthy");
    CHECK(health["service"].text() == "farebox");
    auto const refusal = get(wallets[0].path("balance"));
    CHECK(refusal.elapsed_ms <= answer_ms_max);
    check_refusal(refusal, 503, refusal["error"].text());

    stack.postgres_start();
    CHECK(load.serves(500, recovery_max));
    CHECK(get("/health", anonymously()).status == 200);
    check_settled(load.stop(), wallets);
}

TEST_CASE("Postgres restarted under load, three times: nothing lost, nothing twice", "[fault]")
{
    auto stack = Stack();
    auto const wallets = wallets_holding(1'000'000, 8);
    auto load = Load(wallets, clients);
    for (auto round = 0; round < 3; ++round) {
        REQUIRE(load.serves(300, recovery_max));
        stack.postgres_stop();
        stack.postgres_start();
    }
    CHECK(load.serves(300, recovery_max));
    check_settled(load.stop(), wallets);
}

TEST_CASE("connections killed again and again under load: no client notices, nothing is charged twice",
          "[fault]")
{
    auto stack = Stack(2);
    auto const wallets = wallets_holding(1'000'000, 8);
    auto load = Load(wallets, clients);
    auto ended = 0;
    for (auto round = 0; round < 40; ++round) {
        REQUIRE(load.serves(20, recovery_max));
        ended += stack.terminate_backends();
    }
    CHECK(ended >= 40);
    CHECK(load.serves(300, recovery_max));
    auto const spents = load.stop();

    // A lost call is sent again with the same ids, so nobody outside sees anything of it.
    CHECK(failures(spents) == std::set<std::string>{});
    CHECK(slowest_ms(spents) <= answer_ms_max);
    CHECK(judge(spents, wallets, Losses::none) == std::vector<std::string>{});
    CHECK(book_violations().empty());
}

TEST_CASE("spends without a key are charged once each, though connections are killed under them", "[fault]")
{
    auto stack = Stack();
    auto const wallet = a_user().holding(1'000'000);
    auto const order = body({{"amount", 1}, {"description", "no key"}});
    constexpr auto spends = 2000;
    auto answered = std::atomic<int>{0};
    auto killing = std::jthread([&] {
        for (auto kill_at = 25; kill_at < spends; kill_at += 25) {
            eventually(30s, [&] { return answered >= kill_at; });
            stack.terminate_backends();
        }
    });

    auto const replies = at_once(clients, spends, [&](int) {
        auto reply = post(wallet.path("spend"), order);
        ++answered;
        return reply;
    });
    killing.join();

    auto entries = std::set<std::string>();
    for (auto const& reply : replies) {
        CHECK(reply.status == 200);
        if (reply.status == 200) entries.insert(reply["transaction_id"].text());
    }
    CHECK(entries.size() == spends);
    CHECK(wallet.spends().size() == spends);
    CHECK(wallet.balance() == 1'000'000 - spends);
    CHECK(book_violations().empty());
}
