#include "shared/ledger/receipt.hpp"

#include "shared/db/status.hpp"

#include <utility>

namespace ledger {

MoveRow move_row(db::Row const& row)
{
    return {.status = row.text("status"),
            .entry = row.optional_uuid("entry"),
            .amount = row.optional_int8("amount"),
            .before = row.optional_int8("before"),
            .after = row.optional_int8("after"),
            .available = row.optional_int8("available"),
            .at_us = row.optional_timestamp_us("at"),
            .held = row.optional_int8("held")};
}

base::Failure refusal_with(std::string const& status, std::optional<std::int64_t> amount,
                           std::optional<std::int64_t> available, std::optional<std::int64_t> held)
{
    using base::Error;
    auto failure = db::refusal_of(status);
    if (failure.error() == Error::insufficient_balance)
        return std::move(failure)
            .with("required", amount.value_or(0))
            .with("available", available.value_or(0))
            .with("held", held.value_or(0));
    if (failure.error() == Error::reverse_exceeds_entry)
        return std::move(failure).with("available", available.value_or(0));
    if (failure.error() == Error::hold_already_settled)
        return std::move(failure).with("captured", amount.value_or(0));
    return failure;
}

Receipt receipt_of(MoveRow const& row, base::Uuid const& own)
{
    if (!db::took_effect(row.status))
        return {.refusal = refusal_with(row.status, row.amount, row.available, row.held)};
    return {.entry = row.entry.value_or(own),
            .amount = row.amount.value_or(0),
            .before = row.before.value_or(0),
            .after = row.after.value_or(0),
            .at_us = row.at_us.value_or(0),
            .replayed = row.status == "replayed" && row.entry != own};
}

} // namespace ledger
