// The judge of holds is judged: honest evidence passes, and every kind of lie is found.
#include "tests/support/catch.hpp"
#include "tests/support/database.hpp"
#include "tests/support/holds.hpp"
#include "tests/support/stack.hpp"

#include <functional>

using namespace support;

namespace {

// Five holds of one wallet: captured in part and asked for again, released, captured in whole, and two that
// nobody came back for, of which the second charges.
HoldHistory honest(Wallet const& wallet)
{
    auto const order = [&](int ttl_seconds, std::string const& key) {
        return HoldOrder{.wallet = wallet, .amount = 10, .ttl_seconds = ttl_seconds, .key = key};
    };
    auto charging = order(1, "e");
    charging.lapse = 7;
    auto history = HoldHistory();
    for (auto const& one :
         {order(2, "a"), order(2, "b"), order(2, "c"), order(1, "d"), charging, order(2, "a")})
        history.holds.push_back(place_hold(one)); // 5: replayed
    auto const& held = history.holds;
    history.settlements = {capture(wallet, held[0].hold, 4),  // 0
                           release(wallet, held[1].hold),     // 1
                           capture(wallet, held[2].hold, 10), // 2
                           capture(wallet, held[0].hold, 4),  // 3: replayed
                           capture(wallet, held[0].hold, 5)}; // 4: settled already, with 4
    let_holds_lapse({wallet});
    return history;
}

struct Lie {
    std::string what;
    std::function<void(HoldHistory&)> tell;
};

std::vector<Lie> lies()
{
    return {
        {"a hold acknowledged that is not there", [](auto& told) { told.holds[0].order.key = "lost"; }},
        {"a hold acknowledged under another id", [](auto& told) { told.holds[0].hold = told.holds[1].hold; }},
        {"a hold acknowledged with another amount", [](auto& told) { ++told.holds[3].order.amount; }},
        {"a hold that nobody asked for", [](auto& told) { told.holds.erase(told.holds.begin() + 3); }},
        {"two first answers to one placing", [](auto& told) { told.holds[5].replayed = false; }},
        {"no first answer to a placing", [](auto& told) { told.holds[3].replayed = true; }},
        {"a hold refused for want of tokens",
         [](auto& told) {
             told.holds[5].status = 402;
             told.holds[5].error = "insufficient_balance";
         }},
        {"a capture acknowledged with another amount", [](auto& told) { ++told.settlements[2].asked; }},
        {"a capture acknowledged with another entry",
         [](auto& told) { told.settlements[2].entry = told.settlements[0].entry; }},
        {"a capture that says another balance", [](auto& told) { ++told.settlements[2].after; }},
        {"a capture that nobody asked for",
         [](auto& told) { told.settlements.erase(told.settlements.begin() + 2); }},
        {"a capture of a hold that was released", [](auto& told) { told.settlements[1].asked = 3; }},
        {"a release of a hold that was captured", [](auto& told) { told.settlements[2].asked = 0; }},
        {"a capture of a hold that lapsed",
         [](auto& told) { told.settlements[2].hold = told.holds[3].hold; }},
        {"two first answers to one capture", [](auto& told) { told.settlements[3].replayed = false; }},
        {"no first answer to a capture", [](auto& told) { told.settlements[2].replayed = true; }},
        {"a hold called settled with what it was not", [](auto& told) { told.settlements[4].captured = 6; }},
        {"a hold called settled that was asked for the same",
         [](auto& told) { told.settlements[4].asked = 4; }},
        {"a settlement of an unknown hold",
         [](auto& told) { told.settlements[1].hold = told.settlements[0].entry; }},
        {"no answer", [](auto& told) { told.settlements[4].status = 0, told.settlements[4].error = ""; }},
    };
}

} // namespace

TEST_CASE("the judge of holds believes an honest history and finds every lie and every trace of tampering",
          "[fault]")
{
    auto const stack = Stack();
    auto const wallet = a_user().holding(1000);
    auto const history = honest(wallet);

    CHECK(judge_holds(history, {wallet}, Losses::none) == std::vector<std::string>{});
    for (auto const& lie : lies()) {
        INFO(lie.what);
        auto told = history;
        lie.tell(told);
        CHECK_FALSE(judge_holds(told, {wallet}, Losses::none).empty());
    }

    auto const tampered = [&](std::string const& by_hand, std::string const& back) {
        INFO(by_hand);
        database().rows(by_hand);
        CHECK_FALSE(judge_holds(history, {wallet}, Losses::none).empty());
        database().rows(back);
    };
    auto const of = [](Held const& held) { return " where id = '" + held.hold + "'"; };
    auto const& held = history.holds;
    tampered("update farebox.holds set open = true" + of(held[3]),
             "update farebox.holds set open = false" + of(held[3]));
    tampered("update farebox.holds set expires_at = now() + interval '1 day'" + of(held[4]),
             "update farebox.holds set expires_at = now()" + of(held[4]));
    tampered("update farebox.holds set lapse_amount = 6" + of(held[4]),
             "update farebox.holds set lapse_amount = 7" + of(held[4]));
    tampered("update farebox.wallets set held = held + 1 where id = '" + wallet.id + "'",
             "update farebox.wallets set held = held - 1 where id = '" + wallet.id + "'");
    auto const entry = history.settlements[2].entry;
    tampered("update farebox.holds set entry = null" + of(held[2]),
             "update farebox.holds set entry = '" + entry + "'" + of(held[2]));
    CHECK(judge_holds(history, {wallet}, Losses::none) == std::vector<std::string>{});
}
