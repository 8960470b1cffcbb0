#include "tests/support/mixed_load.hpp"

#include "tests/support/books.hpp"
#include "tests/support/client.hpp"

#include <algorithm>

namespace support {
namespace {

constexpr int ttl_seconds = 5;           // of a hold that is meant to be settled
constexpr int abandoned_ttl_seconds = 1; // of one that nobody comes back for

template <class Item>
void append(std::vector<Item>& all, std::vector<Item> const& more)
{
    all.insert(all.end(), more.begin(), more.end());
}

} // namespace

MixedLoad::MixedLoad(std::vector<Wallet> wallets, int clients) : wallets_(std::move(wallets))
{
    for (auto number = 0; number < clients; ++number) {
        clients_.emplace_back([this, number](std::stop_token const& stop) { client(number, stop); });
    }
}

MixedLoad::~MixedLoad()
{
    stop();
}

void MixedLoad::client(int number, std::stop_token const& stop)
{
    constexpr auto politeness = std::chrono::milliseconds(20);
    for (auto turn = static_cast<std::size_t>(number); !stop.stop_requested(); ++turn) {
        if (!act(wallets_[turn % wallets_.size()], turn)) std::this_thread::sleep_for(politeness);
    }
}

// One visit; whether all of it went through.
bool MixedLoad::act(Wallet const& wallet, std::size_t turn)
{
    switch (turn % 5) {
    case 0:
        return read_one(wallet);
    case 1:
    case 2:
        return spend_one(wallet);
    default:
        return hold_one(wallet, turn);
    }
}

bool MixedLoad::read_one(Wallet const& wallet)
{
    auto const sent = std::chrono::steady_clock::now();
    auto const reply = get(wallet.path("balance"));
    if (reply.status == 200) served(Request::balance, sent);
    return reply.status == 200;
}

bool MixedLoad::spend_one(Wallet const& wallet)
{
    auto const spent = spend({.wallet = wallet, .amount = 1, .key = a_key()});
    if (spent.through()) served(Request::spend, spent.sent);
    auto const lock = std::lock_guard(mutex_);
    history_.spends.push_back(spent);
    return spent.through();
}

// Captured in part, whole or beyond what it holds, released, or left to lapse: with a charge or without.
bool MixedLoad::hold_one(Wallet const& wallet, std::size_t turn)
{
    auto const way = turn / 5 % 6;
    auto order = HoldOrder{.wallet = wallet, .amount = 4, .ttl_seconds = ttl_seconds, .key = a_key()};
    if (way >= 4) order.ttl_seconds = abandoned_ttl_seconds;
    if (way % 2 == 1) order.lapse = 3;
    auto const held = place_hold(order);
    if (held.through()) served(Request::hold, held.sent);
    {
        auto const lock = std::lock_guard(mutex_);
        history_.holds.holds.push_back(held);
    }
    if (!held.through() || way >= 4) return held.through();

    constexpr auto amounts = std::array<std::int64_t, 4>{2, 4, 6, 0};
    auto const amount = amounts.at(way);
    auto const settled = amount > 0 ? capture(wallet, held.hold, amount) : release(wallet, held.hold);
    auto const lock = std::lock_guard(mutex_);
    history_.holds.settlements.push_back(settled);
    return settled.through();
}

void MixedLoad::served(Request request, Instant sent)
{
    auto const lock = std::lock_guard(mutex_);
    auto& last = last_served_.at(static_cast<std::size_t>(request));
    last = std::max(last, sent);
}

bool MixedLoad::serves(std::chrono::milliseconds within) const
{
    return serves(std::chrono::steady_clock::now(), within);
}

bool MixedLoad::serves(Instant since, std::chrono::milliseconds within) const
{
    constexpr auto step = std::chrono::milliseconds(2);
    auto const all = [&] {
        auto const lock = std::lock_guard(mutex_);
        return std::all_of(last_served_.begin(), last_served_.end(),
                           [&](Instant last) { return last >= since; });
    };
    auto const end = since + within;
    while (!all()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(step);
    }
    return true;
}

MixedHistory MixedLoad::stop()
{
    for (auto& client : clients_)
        client.request_stop();
    clients_.clear(); // joins
    return history_;
}

std::vector<std::string> judge_settled(MixedHistory history, std::vector<Wallet> const& wallets)
{
    auto const spends = settle(history.spends);
    auto const holds = settle(history.holds);
    append(history.spends, spends);
    append(history.holds.holds, holds.holds);
    append(history.holds.settlements, holds.settlements);
    let_holds_lapse(wallets);

    auto wrong = judge(history.spends, wallets, Losses::some);
    append(wrong, judge_holds(history.holds, wallets, Losses::some));
    append(wrong, book_violations());
    auto const open =
        std::count_if(spends.begin(), spends.end(), [](Spent const& one) { return unsettled(one); }) +
        std::count_if(holds.holds.begin(), holds.holds.end(),
                      [](Held const& one) { return unsettled(one); }) +
        std::count_if(holds.settlements.begin(), holds.settlements.end(),
                      [](Settled const& one) { return unsettled(one); });
    if (open > 0) wrong.push_back(std::to_string(open) + " requests never got a final answer");
    return wrong;
}

} // namespace support
