#include "shared/ledger/balances.hpp"

#include "shared/db/batch_call.hpp"

namespace ledger {

namespace {

BalanceRow balance_row(db::Row const& row)
{
    auto answer = BalanceRow{.status = row.text("status"), .balance = {}};
    if (answer.status == "behind") answer.balance.user = row.uuid("user_id");
    if (answer.status == "ok")
        answer.balance = {.user = row.uuid("user_id"),
                          .number = row.int8("number"),
                          .balance = row.int8("balance"),
                          .held = row.int8("held"),
                          .debt = row.int8("debt"),
                          .subscription_until_us = row.optional_timestamp_us("subscription_until"),
                          .subscription_active = row.boolean("subscription_active"),
                          .can_spend = row.boolean("can_spend"),
                          .reason = row.optional_text("reason"),
                          .low = row.boolean("low_balance")};
    return answer;
}

} // namespace

std::vector<BalanceRow> balances(db::Connection& connection, std::span<ReadBalance const* const> asked,
                                 base::Deadline deadline)
{
    auto batch = db::BatchParams<ReadBalance>(asked);
    batch.uuid([](ReadBalance const& one) { return one.user.id; })
        .int8([](ReadBalance const& one) { return one.user.number; })
        .text([](ReadBalance const& one) { return one.user.phone; });
    auto const rows = connection.all("farebox_api.balance", batch.params(), deadline);
    return db::in_order<BalanceRow>(rows, asked.size(), balance_row);
}

} // namespace ledger
