#include "shared/ledger/move_row.hpp"

#include <algorithm>
#include <array>

namespace ledger {

namespace {

using base::Error;

struct Meaning {
    std::string_view status;
    Error error;
};

constexpr std::array meanings{
    Meaning{"insufficient", Error::insufficient_balance},
    Meaning{"blocked", Error::wallet_blocked},
    Meaning{"subscription_expired", Error::subscription_expired},
    Meaning{"key_reused", Error::idempotency_key_reused},
    Meaning{"session_gone", Error::unauthorized},
    Meaning{"unauthorized", Error::unauthorized},
    Meaning{"forbidden", Error::forbidden},
    Meaning{"busy", Error::busy},
    Meaning{"late", Error::busy},
    Meaning{"invalid_amount", Error::invalid_amount},
    Meaning{"not_reversible", Error::entry_not_reversible},
    Meaning{"exceeds", Error::reverse_exceeds_entry},
    Meaning{"exists", Error::user_exists},
};

base::Failure with_amounts(base::Failure failure, MoveRow const& row)
{
    auto const available = row.available.value_or(0);
    if (failure.error() == Error::insufficient_balance)
        return std::move(failure).with("required", row.amount.value_or(0)).with("available", available);
    if (failure.error() == Error::reverse_exceeds_entry)
        return std::move(failure).with("available", available);
    return failure;
}

} // namespace

bool took_effect(std::string_view status)
{
    return status == "ok" || status == "replayed";
}

base::Failure refusal_of(std::string_view status, Subject subject)
{
    if (status == "not_found")
        return base::Failure(subject == Subject::user ? Error::user_not_found : Error::entry_not_found);
    if (status == "invalid_expiry")
        return base::Failure(Error::validation_error)
            .with("field", "expires_at")
            .with(base::Problem{{"body", "expires_at"}, "must be in the future", "datetime"});

    auto const* const meaning = std::find_if(meanings.begin(), meanings.end(),
                                             [&](Meaning const& row) { return row.status == status; });
    if (meaning == meanings.end())
        return base::Failure(Error::internal, "unknown status " + std::string(status));
    base::Failure failure(meaning->error, std::string(status));
    return meaning->error == Error::busy ? std::move(failure).retry_after(1) : std::move(failure);
}

Receipt receipt_of(MoveRow const& row, base::Uuid const& own, Subject subject)
{
    Receipt receipt;
    if (!took_effect(row.status)) {
        receipt.refusal = with_amounts(refusal_of(row.status, subject), row);
        return receipt;
    }
    receipt.entry = row.entry.value_or(own);
    receipt.amount = row.amount.value_or(0);
    receipt.before = row.before.value_or(0);
    receipt.after = row.after.value_or(0);
    receipt.at_us = row.at_us.value_or(0);
    receipt.replayed = row.status == "replayed" && row.entry != own;
    return receipt;
}

} // namespace ledger
