#include "tests/support/spends.hpp"

#include "tests/support/threads.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <limits>
#include <map>
#include <optional>

namespace support {
namespace {

constexpr int settle_rounds_max = 20;

void read_success(Spent& spent, Json const& answer)
{
    spent.entry = answer["transaction_id"].text();
    spent.before = answer["balance_before"].integer();
    spent.after = answer["balance_after"].integer();
}

void read_refusal(Spent& spent, Json const& answer)
{
    spent.error = answer["error"].text();
    if (spent.error != "insufficient_balance") return;
    spent.required = answer["details"]["required"].integer();
    spent.available = answer["details"]["available"].integer();
}

std::string item(Order const& order)
{
    return body({{"user_id", order.wallet.number},
                 {"amount", order.amount},
                 {"description", order.description},
                 {"idempotency_key", order.key}});
}

} // namespace

int Spent::elapsed_ms() const
{
    return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(received - sent).count());
}

Spent spend(Order const& order)
{
    auto spent = Spent();
    spent.order = order;
    spent.sent = std::chrono::steady_clock::now();
    auto const reply = post(
        order.wallet.path("spend"),
        body({{"amount", order.amount}, {"description", order.description}, {"idempotency_key", order.key}}));
    spent.received = std::chrono::steady_clock::now();
    spent.status = reply.status;
    spent.replayed = reply.replayed();
    if (reply.status == 200) read_success(spent, reply.json());
    if (reply.status >= 400) read_refusal(spent, reply.json());
    return spent;
}

std::vector<Spent> spend_batch(std::vector<Order> const& orders)
{
    static auto batches = std::atomic<int>{0};
    auto items = std::vector<std::string>();
    for (auto const& order : orders)
        items.push_back(item(order));

    auto const sent = std::chrono::steady_clock::now();
    auto const reply = post("/api/v1/spend/batch", body({{"items", list(items)}}));
    auto const received = std::chrono::steady_clock::now();

    auto spents = std::vector<Spent>();
    auto const number = batches++;
    for (std::size_t i = 0; i < orders.size(); ++i) {
        auto spent = Spent();
        spent.order = orders[i];
        spent.sent = sent;
        spent.received = received;
        spent.batch = number;
        if (reply.status == 200) {
            auto const answer = reply["results"][i];
            spent.status = answer["success"].boolean() ? 200 : static_cast<int>(answer["status"].integer());
            if (spent.through()) {
                read_success(spent, answer);
                spent.replayed = answer["replayed"].boolean();
            } else {
                read_refusal(spent, answer);
            }
        } else {
            spent.status = reply.status;
            if (reply.status >= 400) read_refusal(spent, reply.json());
        }
        spents.push_back(std::move(spent));
    }
    return spents;
}

bool unsettled(Spent const& spent)
{
    return spent.status == 0 || spent.status == 502 || spent.status == 503 || spent.status == 504;
}

std::vector<Spent> settle(std::vector<Spent> const& spents)
{
    auto open = std::vector<Order>();
    for (auto const& spent : spents) {
        if (unsettled(spent)) open.push_back(spent.order);
    }
    auto settled = std::vector<Spent>();
    for (auto round = 0; round < settle_rounds_max && !open.empty(); ++round) {
        auto const answers = at_once(8, static_cast<int>(open.size()),
                                     [&](int i) { return spend(open[static_cast<std::size_t>(i)]); });
        open.clear();
        for (auto const& answer : answers) {
            if (unsettled(answer) && round + 1 < settle_rounds_max)
                open.push_back(answer.order);
            else
                settled.push_back(answer);
        }
    }
    return settled;
}

} // namespace support
