// Handlers, connections and the database killed at random, one to nine at once, while everything is asked for
// at once.
//
//   FAREBOX_FAULT_KILLS    how many; 1,000 when not set
//   FAREBOX_FAULT_SECONDS  no more kills after this time, so that a busy machine is not held up; 60 when not
//                          set
//   FAREBOX_FAULT_SEED     of the order of the kills; random when not set, and printed first
#include "tests/support/catch.hpp"
#include "tests/support/mixed_load.hpp"
#include "tests/support/stack.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

using namespace support;
using namespace std::chrono_literals;

namespace {

constexpr int clients = 6;
constexpr auto recovery_max = 2s;
constexpr auto together_max = 9U;
constexpr auto pace = 60ms; // from one round of kills to the next, where recovery is faster

unsigned setting(char const* name, unsigned otherwise)
{
    auto const* const value = std::getenv(name);
    return value == nullptr ? otherwise : static_cast<unsigned>(std::stoul(value));
}

class Killer {
  public:
    Killer(Stack& stack, unsigned seed) : stack_(stack), source_(seed) {}

    // Kills one to nine things, from number `first` on, and says which. None: what it chose was down already.
    std::vector<std::string> round(unsigned first, unsigned of)
    {
        constexpr auto postgres_kills = 12U;
        auto const every = std::max(of / postgres_kills, 1U);
        auto killed = std::vector<std::string>();
        for (auto left = std::min(1 + static_cast<unsigned>(source_() % together_max), of - first); left > 0;
             --left) {
            if ((first + killed.size()) % every == every - 1) {
                stack_.postgres_kill();
                stack_.postgres_start(); // the two seconds begin when it is up again
                killed.emplace_back("Postgres");
                break;
            }
            if (auto const what = kill(); !what.empty()) killed.push_back(what);
        }
        return killed;
    }

  private:
    std::string kill()
    {
        auto const draw = source_() % 100;
        if (draw < 2) {
            return stack_.kill_backend() ? "a backend, killed" : "";
        }
        if (draw < 30) {
            stack_.terminate_backend();
            return "a backend, terminated";
        }
        return kill_handler(draw < 55 ? "spend" : draw < 82 ? "holds" : "balance");
    }

    std::string kill_handler(std::string const& name)
    {
        auto const processes = handler_processes(name);
        if (processes.empty()) return "";
        ::kill(processes[source_() % processes.size()], SIGKILL);
        return "a " + name + " handler";
    }

    Stack& stack_;
    std::mt19937 source_;
};

} // namespace

TEST_CASE(
    "random kills under load: nothing lost, nothing twice, nothing held past its expiry, and served again "
    "within two seconds of each",
    "[fault][kills]")
{
    auto const kills = setting("FAREBOX_FAULT_KILLS", 1000);
    auto const seed = setting("FAREBOX_FAULT_SEED", std::random_device()());
    std::cout << "FAREBOX_FAULT_SEED=" << seed << std::endl;
    auto stack = Stack(2);
    auto wallets = std::vector<Wallet>();
    for (auto i = 0; i < 8; ++i)
        wallets.push_back(a_user().holding(1'000'000));
    auto load = MixedLoad(wallets, clients);
    REQUIRE(load.serves(20s));

    auto killer = Killer(stack, seed);
    auto killed = std::map<std::string, int>();
    auto slowest = std::map<std::string, std::chrono::milliseconds>();
    auto const began = std::chrono::steady_clock::now();
    auto const end = began + std::chrono::seconds(setting("FAREBOX_FAULT_SECONDS", 60));
    auto number = 0U;
    while (number < kills && std::chrono::steady_clock::now() < end) {
        auto const round = killer.round(number, kills);
        if (round.empty()) continue;
        number += static_cast<unsigned>(round.size());
        auto const at = std::chrono::steady_clock::now();
        auto const served = load.serves(at, recovery_max);
        INFO(Catch::StringMaker<std::vector<std::string>>::convert(round) << ", up to kill " << number);
        REQUIRE(served);
        auto const took =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - at);
        for (auto const& what : round) {
            ++killed[what];
            slowest[what] = std::max(slowest[what], took);
        }
        std::this_thread::sleep_until(at + pace);
    }
    auto const seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began).count();

    auto history = load.stop();
    for (auto const& [what, times] : killed)
        std::cout << what << ": " << times << ", served again within " << slowest[what].count() << " ms\n";
    std::cout << "note: " << number << " random kills in " << seconds << " s; " << history.spends.size()
              << " spends, " << history.holds.holds.size() << " holds, " << history.holds.settlements.size()
              << " settlements" << std::endl;
    CHECK(number >= std::min(kills, 100U)); // fewer, and the machine has shown nothing
    CHECK(judge_settled(std::move(history), wallets) == std::vector<std::string>{});
}
