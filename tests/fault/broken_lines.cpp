// The line to the database breaks or stalls at every moment of a call. Whatever the moment, a move happens
// once, or its client is told that nobody knows and finds out by repeating it.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/line.hpp"
#include "tests/support/mixed_load.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/wallet.hpp"

#include <algorithm>
#include <set>

using namespace support;
using namespace std::chrono_literals;

namespace {

constexpr int clients = 8;
constexpr int rounds = 60;
constexpr int every = 4; // calls that are hit

// A spend, a hold that is captured, and one that is released.
MixedHistory visit(Wallet const& wallet)
{
    auto history = MixedHistory();
    history.spends.push_back(spend({.wallet = wallet, .amount = 1, .key = a_key()}));
    for (auto const amount : {std::int64_t{3}, std::int64_t{0}}) {
        auto const held = place_hold({.wallet = wallet, .amount = 5, .ttl_seconds = 4, .key = a_key()});
        history.holds.holds.push_back(held);
        if (!held.through()) continue;
        history.holds.settlements.push_back(amount > 0 ? capture(wallet, held.hold, amount)
                                                       : release(wallet, held.hold));
    }
    return history;
}

MixedHistory visits(std::vector<Wallet> const& wallets, int count)
{
    auto all = MixedHistory();
    auto const append = [](auto& to, auto const& from) { to.insert(to.end(), from.begin(), from.end()); };
    for (auto const& one : at_once(clients, count, [&](int i) {
             return visit(wallets[static_cast<std::size_t>(i) % wallets.size()]);
         })) {
        append(all.spends, one.spends);
        append(all.holds.holds, one.holds.holds);
        append(all.holds.settlements, one.holds.settlements);
    }
    return all;
}

// Everything that was not simply done, by name.
std::set<std::string> failures(MixedHistory const& history)
{
    auto names = std::set<std::string>();
    auto const add = [&](auto const& answers) {
        for (auto const& one : answers) {
            if (!one.through()) names.insert(std::to_string(one.status) + " " + one.error);
            if (one.through() && one.replayed) names.insert("a replay");
        }
    };
    add(history.spends);
    add(history.holds.holds);
    add(history.holds.settlements);
    return names;
}

} // namespace

TEST_CASE(
    "the line breaks before, inside, during and after a call: no client notices, every move happens once",
    "[fault]")
{
    auto stack = Stack(2);
    auto const wallets = wallets_holding(1'000'000, 4);
    auto all = MixedHistory();
    for (auto const fault : {Fault::cut_before, Fault::cut_inside, Fault::cut_waiting, Fault::cut_after}) {
        INFO("fault " << static_cast<int>(fault));
        auto line = Line({.fault = fault, .each = every, .delay = {}});
        stack.terminate_backends();
        auto const history = visits(wallets, rounds);
        CHECK(failures(history) == std::set<std::string>{});
        CHECK(line.hits() >= 20);
        all.spends.insert(all.spends.end(), history.spends.begin(), history.spends.end());
        auto& holds = all.holds;
        holds.holds.insert(holds.holds.end(), history.holds.holds.begin(), history.holds.holds.end());
        holds.settlements.insert(holds.settlements.end(), history.holds.settlements.begin(),
                                 history.holds.settlements.end());
    }
    CHECK(judge(all.spends, wallets, Losses::none) == std::vector<std::string>{});
    CHECK(judge_holds(all.holds, wallets, Losses::none) == std::vector<std::string>{});
    CHECK(judge_settled(std::move(all), wallets) == std::vector<std::string>{});
}

TEST_CASE("answers of the database come late, but in time: every move is answered as if nothing were",
          "[fault]")
{
    auto stack = Stack();
    auto const wallets = wallets_holding(1'000'000, 4);
    auto line = Line({.fault = Fault::delay, .each = every, .delay = 250ms});
    stack.terminate_backends();
    auto history = visits(wallets, 40);
    CHECK(failures(history) == std::set<std::string>{});
    CHECK(line.hits() >= 8);
    CHECK(judge(history.spends, wallets, Losses::none) == std::vector<std::string>{});
    CHECK(judge_settled(std::move(history), wallets) == std::vector<std::string>{});
}

TEST_CASE(
    "answers come when nobody waits for them any more: once or outcome unknown, settled by repeating, and no "
    "late answer is taken for another's",
    "[fault]")
{
    auto stack = Stack(1, {{"REQUEST_TIMEOUT_MS", "1500"}});
    auto const wallets = wallets_holding(1'000'000, 4);
    auto history = MixedHistory();
    {
        auto line = Line({.fault = Fault::delay, .each = 2, .delay = 2500ms});
        stack.terminate_backends();
        history = visits(wallets, 16);
        CHECK(line.hits() >= 5);
        // While some are still on their way.
        line.follow({});
        auto const calm = visits(wallets, 8);
        CHECK(failures(calm) == std::set<std::string>{});
        history.spends.insert(history.spends.end(), calm.spends.begin(), calm.spends.end());
        history.holds.holds.insert(history.holds.holds.end(), calm.holds.holds.begin(),
                                   calm.holds.holds.end());
        history.holds.settlements.insert(history.holds.settlements.end(), calm.holds.settlements.begin(),
                                         calm.holds.settlements.end());
    }
    for (auto const& name : failures(history)) {
        INFO(name);
        CHECK((name == "503 outcome_unknown" || name == "503 busy"));
    }
    CHECK(judge_settled(std::move(history), wallets) == std::vector<std::string>{});
}

TEST_CASE("no answer arrives at all: every move is refused as unknown in time, and repeating settles it",
          "[fault]")
{
    auto stack = Stack(1, {{"REQUEST_TIMEOUT_MS", "1500"}});
    auto const wallets = wallets_holding(1'000'000, 4);
    auto const held = place_hold({.wallet = wallets[0], .amount = 5, .ttl_seconds = 4, .key = a_key()});
    REQUIRE(held.through());
    // By a handler that knows the key: what is lost is the answer to the move, not to the question who calls.
    REQUIRE(spend({.wallet = a_user().holding(1), .amount = 1, .key = a_key()}).status == 200);
    auto history = MixedHistory();
    history.holds.holds.push_back(held);
    {
        auto line = Line({.fault = Fault::cut_after, .each = 1, .delay = {}});
        stack.terminate_backends();
        history.spends.push_back(spend({.wallet = wallets[1], .amount = 1, .key = a_key()}));
        history.holds.holds.push_back(
            place_hold({.wallet = wallets[2], .amount = 5, .ttl_seconds = 4, .key = a_key()}));
        history.holds.settlements.push_back(capture(wallets[0], held.hold, 4));
    }
    CHECK(history.spends[0].error == "outcome_unknown");
    CHECK(history.holds.holds[1].error == "outcome_unknown");
    CHECK(history.holds.settlements[0].error == "outcome_unknown");
    CHECK(history.spends[0].elapsed_ms() <= 3000);
    auto const captured = capture(wallets[0], held.hold, 4);
    history.holds.settlements.push_back(captured);
    CHECK(captured.through());
    CHECK(captured.replayed); // it had happened
    CHECK(judge_settled(std::move(history), wallets) == std::vector<std::string>{});
}
