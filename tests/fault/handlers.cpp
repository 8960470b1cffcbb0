// A handler is told to leave under load: it holds no state that matters. Killed ones are in random_kills.cpp.
#include "tests/support/books.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/load.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/wallet.hpp"

#include <algorithm>
#include <csignal>

using namespace support;
using namespace std::chrono_literals;

namespace {

constexpr int clients = 16;

// Sends `signal` to every process of the spend handler, and waits until each of them has gone.
int signal_spend(int signal)
{
    auto const processes = handler_processes("spend");
    for (auto const process : processes)
        ::kill(process, signal);
    auto const gone = eventually(30s, [&] {
        auto const now = handler_processes("spend");
        return std::none_of(processes.begin(), processes.end(), [&](pid_t process) {
            return std::find(now.begin(), now.end(), process) != now.end();
        });
    });
    REQUIRE(gone);
    return static_cast<int>(processes.size());
}

} // namespace

TEST_CASE("a spend handler told to leave under load finishes what it began: no request fails", "[fault]")
{
    auto const stack = Stack();
    auto const wallets = wallets_holding(1'000'000, 8);
    auto load = Load(wallets, clients);
    auto told = 0;
    constexpr auto rounds = 3; // each takes as long as nginx keeps a connection
    for (auto round = 0; round < rounds; ++round) {
        REQUIRE(load.serves(100, 10s));
        told += signal_spend(SIGTERM);
    }
    CHECK(told >= rounds);
    CHECK(load.serves(200, 10s));
    auto const spents = load.stop();

    auto const failed =
        std::find_if(spents.begin(), spents.end(), [](Spent const& spent) { return !spent.through(); });
    if (failed != spents.end()) {
        FAIL_CHECK("answered " << failed->status << " " << failed->error << " after " << failed->elapsed_ms()
                               << " ms");
    }
    CHECK(slowest_ms(spents) <= 5000);
    CHECK(judge(spents, wallets, Losses::none) == std::vector<std::string>{});
    CHECK(book_violations().empty());
}
