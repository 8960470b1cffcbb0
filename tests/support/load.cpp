#include "tests/support/load.hpp"

#include "tests/support/eventually.hpp"

#include <algorithm>

namespace support {

Load::Load(std::vector<Wallet> wallets, int clients) : Load(std::move(wallets), clients, 0) {}

Load::Load(std::vector<Wallet> wallets, int clients, int a_second)
    : wallets_(std::move(wallets)), each_(a_second == 0 ? 0 : clients * 1'000'000L / a_second)
{
    for (auto number = 0; number < clients; ++number) {
        clients_.emplace_back([this, number](std::stop_token const& stop) { client(number, stop); });
    }
}

Load::~Load()
{
    stop();
}

void Load::client(int number, std::stop_token const& stop)
{
    constexpr auto politeness = std::chrono::milliseconds(20);
    std::this_thread::sleep_for(each_ * (number % 8) / 8); // not all at once
    for (auto i = static_cast<std::size_t>(number); !stop.stop_requested(); ++i) {
        auto const next = std::chrono::steady_clock::now() + each_;
        auto const spent = spend({.wallet = wallets_[i % wallets_.size()], .amount = 1, .key = a_key()});
        {
            auto const lock = std::lock_guard(mutex_);
            spents_.push_back(spent);
        }
        if (!spent.through()) std::this_thread::sleep_for(politeness);
        std::this_thread::sleep_until(next);
    }
}

long Load::count_since(Instant start, bool through) const
{
    auto const lock = std::lock_guard(mutex_);
    return std::count_if(spents_.begin(), spents_.end(), [&](Spent const& spent) {
        return spent.sent >= start && spent.through() == through;
    });
}

std::vector<Spent> Load::so_far() const
{
    auto const lock = std::lock_guard(mutex_);
    return spents_;
}

bool Load::serves(int count, std::chrono::milliseconds within)
{
    auto const start = std::chrono::steady_clock::now();
    return eventually(within, [&] { return count_since(start, true) >= count; });
}

bool Load::fails(int count, std::chrono::milliseconds within)
{
    auto const start = std::chrono::steady_clock::now();
    return eventually(within, [&] { return count_since(start, false) >= count; });
}

std::vector<Spent> Load::stop()
{
    for (auto& client : clients_)
        client.request_stop();
    clients_.clear(); // joins
    return spents_;
}

int slowest_ms(std::vector<Spent> const& spents)
{
    return percentile_ms(spents, 1.0);
}

int percentile_ms(std::vector<Spent> const& spents, double share)
{
    auto times = std::vector<int>();
    for (auto const& spent : spents)
        times.push_back(spent.elapsed_ms());
    std::sort(times.begin(), times.end());
    if (times.empty()) return 0;
    auto const last = static_cast<double>(times.size() - 1);
    return times[static_cast<std::size_t>(share * last)];
}

} // namespace support
