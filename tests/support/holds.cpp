#include "tests/support/holds.hpp"

#include "tests/support/body.hpp"
#include "tests/support/client.hpp"
#include "tests/support/database.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/threads.hpp"

#include <stdexcept>

namespace support {
namespace {

constexpr int settle_rounds_max = 20;

bool no_final_answer(int status)
{
    return status == 0 || status == 502 || status == 503 || status == 504;
}

Settled settlement(Wallet const& wallet, std::string const& hold, std::int64_t amount)
{
    auto settled = Settled();
    settled.wallet = wallet;
    settled.hold = hold;
    settled.asked = amount;
    auto const path = "/api/v1/holds/" + hold + (amount > 0 ? "/capture" : "/release");
    settled.sent = std::chrono::steady_clock::now();
    auto const reply = post(path, amount > 0 ? body({{"amount", amount}}) : "{}");
    settled.received = std::chrono::steady_clock::now();
    settled.status = reply.status;
    settled.replayed = reply.replayed();
    if (reply.status == 200 && amount > 0) {
        settled.entry = reply["transaction_id"].text();
        settled.spent = reply["tokens_spent"].integer();
        settled.before = reply["balance_before"].integer();
        settled.after = reply["balance_after"].integer();
    }
    if (reply.status >= 400) settled.error = reply["error"].text();
    if (settled.error == "hold_already_settled") settled.captured = reply["details"]["captured"].integer();
    return settled;
}

// Asks again for everything in `open` that has no final answer, round by round.
template <class Answer, class Ask>
std::vector<Answer> asked_until_final(std::vector<Answer> const& answers, Ask const& ask)
{
    auto open = std::vector<Answer>();
    for (auto const& answer : answers) {
        if (unsettled(answer)) open.push_back(answer);
    }
    auto final = std::vector<Answer>();
    for (auto round = 1; round <= settle_rounds_max && !open.empty(); ++round) {
        auto const again = at_once(8, static_cast<int>(open.size()),
                                   [&](int i) { return ask(open[static_cast<std::size_t>(i)]); });
        open.clear();
        for (auto const& answer : again)
            (unsettled(answer) && round < settle_rounds_max ? open : final).push_back(answer);
    }
    return final;
}

} // namespace

Held place_hold(HoldOrder const& order)
{
    auto held = Held();
    held.order = order;
    auto const lapse = order.lapse ? Literal(*order.lapse) : Literal(nullptr);
    held.sent = std::chrono::steady_clock::now();
    auto const reply = order.lapse
                           ? post(order.wallet.path("holds"), body({{"amount", order.amount},
                                                                    {"ttl_seconds", order.ttl_seconds},
                                                                    {"description", "a hold"},
                                                                    {"idempotency_key", order.key},
                                                                    {"on_lapse", "charge"},
                                                                    {"lapse_amount", lapse}}))
                           : post(order.wallet.path("holds"), body({{"amount", order.amount},
                                                                    {"ttl_seconds", order.ttl_seconds},
                                                                    {"description", "a hold"},
                                                                    {"idempotency_key", order.key}}));
    held.received = std::chrono::steady_clock::now();
    held.status = reply.status;
    held.replayed = reply.replayed();
    if (reply.status == 201) held.hold = reply["hold_id"].text();
    if (reply.status >= 400) held.error = reply["error"].text();
    return held;
}

Settled capture(Wallet const& wallet, std::string const& hold, std::int64_t amount)
{
    if (amount < 1) throw std::logic_error("a capture of nothing is a release");
    return settlement(wallet, hold, amount);
}

Settled release(Wallet const& wallet, std::string const& hold)
{
    return settlement(wallet, hold, 0);
}

bool unsettled(Held const& held)
{
    return no_final_answer(held.status);
}

bool unsettled(Settled const& settled)
{
    return no_final_answer(settled.status);
}

HoldHistory settle(HoldHistory const& history)
{
    return {.holds =
                asked_until_final(history.holds, [](Held const& held) { return place_hold(held.order); }),
            .settlements = asked_until_final(history.settlements, [](Settled const& settled) {
                return settlement(settled.wallet, settled.hold, settled.asked);
            })};
}

void let_holds_lapse(std::vector<Wallet> const& wallets)
{
    constexpr auto longest = std::chrono::seconds(90);
    auto const lapsed = eventually(longest, [] {
        return database().integer(
                   "select count(*) from farebox.holds where open and expires_at > clock_timestamp()") == 0;
    });
    if (!lapsed) throw std::runtime_error("a hold with a longer life than this can wait for");
    for (auto const& wallet : wallets) {
        auto const reply = get(wallet.path("balance"));
        if (reply.status != 200) throw std::runtime_error("no balance: " + reply.body);
    }
}

} // namespace support
