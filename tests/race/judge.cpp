// The judge of the other tests is judged: honest evidence passes, and every kind of lie is found.
#include "tests/support/catch.hpp"
#include "tests/support/database.hpp"
#include "tests/support/spends.hpp"
#include "tests/support/stack.hpp"

#include <functional>

using namespace support;

namespace {

// A short honest play on one wallet that holds 10: two spends, a replay, a refusal for balance, a key reused,
// and a batch of two spends around a refusal.
std::vector<Spent> honest(Wallet const& wallet)
{
    auto const order = [&](std::int64_t amount, std::string const& key) {
        return Order{.wallet = wallet, .amount = amount, .key = key};
    };
    auto spents = std::vector{spend(order(2, "a")),  // 0
                              spend(order(3, "b")),  // 1
                              spend(order(2, "a")),  // 2: replayed
                              spend(order(6, "c")),  // 3: insufficient, 5 left
                              spend(order(4, "b"))}; // 4: reused
    auto const batch =
        spend_batch({order(1, "d"), order(5, "e"), order(1, "f")}); // 5, 6: insufficient, 4 left; 7
    spents.insert(spents.end(), batch.begin(), batch.end());
    return spents;
}

struct Lie {
    std::string what;
    std::function<void(std::vector<Spent>&)> tell;
};

std::vector<Lie> lies()
{
    return {
        {"an answer of another entry", [](auto& spents) { spents[0].entry = spents[1].entry; }},
        {"another balance after", [](auto& spents) { ++spents[0].after; }},
        {"another balance before", [](auto& spents) { ++spents[0].before; }},
        {"an acknowledged spend without an entry", [](auto& spents) { spents[0].order.key = "lost"; }},
        {"a spend acknowledged with another amount", [](auto& spents) { ++spents[1].order.amount; }},
        {"a spend acknowledged with another description",
         [](auto& spents) { spents[1].order.description = "other"; }},
        {"an entry nobody asked for", [](auto& spents) { spents.erase(spents.begin() + 7); }},
        {"an entry nobody was told of", [](auto& spents) { spents[1].status = 503; }},
        {"two first answers", [](auto& spents) { spents[2].replayed = false; }},
        {"no first answer", [](auto& spents) { spents[0].replayed = true; }},
        {"a refusal that names another amount", [](auto& spents) { ++spents[3].required; }},
        {"a refusal although there was enough", [](auto& spents) { spents[3].available = 6; }},
        {"a refusal with a balance from before",
         [](auto& spents) {
             spents[3].available = 8;
             spents[3].required = spents[3].order.amount = 9;
         }},
        {"a refusal with a balance from later", [](auto& spents) { spents[3].available = 4; }},
        {"a refusal in a batch with the balance after it", [](auto& spents) { spents[6].available = 3; }},
        {"a refusal for balance of a spent key",
         [](auto& spents) {
             spents[2].status = 409;
             spents[2].error = "insufficient_balance";
             spents[2].order.amount = spents[2].required = 6;
             spents[2].available = 5;
         }},
        {"a key called reused that was not", [](auto& spents) { spents[4].order.amount = 3; }},
        {"a key called reused that nobody used", [](auto& spents) { spents[4].order.key = "unused"; }},
        {"a key called reused before it was used",
         [](auto& spents) { spents[4].sent = spents[4].received = spents[0].sent; }},
        {"a spend that overtook an earlier one",
         [](auto& spents) {
             std::swap(spents[0].sent, spents[1].sent);
             std::swap(spents[0].received, spents[1].received);
         }},
        {"a batch out of order", [](auto& spents) { std::swap(spents[5], spents[7]); }},
        {"an answer of another kind",
         [](auto& spents) {
             spents[3].status = 500;
             spents[3].error = "internal";
         }},
        {"no answer",
         [](auto& spents) {
             spents[3].status = 0;
             spents[3].error = "";
         }},
    };
}

} // namespace

TEST_CASE("the judge believes an honest play and finds every lie", "[race]")
{
    auto const stack = Stack();
    auto const wallet = a_user().holding(10);
    auto const spents = honest(wallet);

    CHECK(judge(spents, {wallet}, Losses::none) == std::vector<std::string>{});
    for (auto const& lie : lies()) {
        INFO(lie.what);
        auto told = spents;
        lie.tell(told);
        CHECK_FALSE(judge(told, {wallet}, Losses::none).empty());
    }
}

TEST_CASE("the judge finds a wallet and a journal that were tampered with", "[race]")
{
    auto const stack = Stack();
    auto const wallet = a_user().holding(10);
    auto const spents = honest(wallet);
    auto const tampered = [&](std::string const& by_hand, std::string const& back) {
        INFO(by_hand);
        database().rows(by_hand);
        CHECK_FALSE(judge(spents, {wallet}, Losses::none).empty());
        database().rows(back);
    };
    auto const of_wallet = " where id = '" + wallet.id + "'";

    tampered("update farebox.wallets set balance = balance + 1" + of_wallet,
             "update farebox.wallets set balance = balance - 1" + of_wallet);
    tampered("update farebox.wallets set seq = seq + 1" + of_wallet,
             "update farebox.wallets set seq = seq - 1" + of_wallet);

    // The journal refuses changes; its owner can take the guard away.
    database().rows("alter table farebox.entries disable trigger user");
    auto const of_entry = " where id = '" + spents[1].entry + "'";
    tampered("update farebox.entries set debit_after = debit_after + 1" + of_entry,
             "update farebox.entries set debit_after = debit_after - 1" + of_entry);
    tampered("update farebox.entries set amount = amount + 1" + of_entry,
             "update farebox.entries set amount = amount - 1" + of_entry);
    tampered("update farebox.entries set debit_seq = 1000" + of_entry,
             "update farebox.entries set debit_seq = 3" + of_entry);
    CHECK(judge(spents, {wallet}, Losses::none) == std::vector<std::string>{});
}
