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
    Meaning{"already_settled", Error::hold_already_settled},
};

Error missing(Subject subject)
{
    switch (subject) {
    case Subject::user:
        return Error::user_not_found;
    case Subject::entry:
        return Error::entry_not_found;
    case Subject::hold:
        return Error::hold_not_found;
    }
    return Error::internal;
}

// The refusal of any row, with the amounts it is about.
template <class Row>
base::Failure refusal_in(Row const& row, Subject subject)
{
    auto failure = refusal_of(row.status, subject);
    auto const available = row.available.value_or(0);
    if (failure.error() == Error::insufficient_balance)
        return std::move(failure).with("required", row.amount.value_or(0)).with("available", available);
    if (failure.error() == Error::reverse_exceeds_entry)
        return std::move(failure).with("available", available);
    if (failure.error() == Error::hold_already_settled)
        return std::move(failure).with("captured", row.amount.value_or(0));
    return failure;
}

} // namespace

bool took_effect(std::string_view status)
{
    return status == "ok" || status == "replayed" || status == "short";
}

base::Failure refusal_of(std::string_view status, Subject subject)
{
    if (status == "not_found") return base::Failure(missing(subject));
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
        receipt.refusal = refusal_in(row, subject);
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

HoldReceipt hold_receipt_of(HoldRow const& row, base::Uuid const& own, Subject subject)
{
    HoldReceipt receipt;
    if (!took_effect(row.status)) {
        receipt.refusal = refusal_in(row, subject);
        return receipt;
    }
    receipt.hold = row.hold.value_or(own);
    receipt.amount = row.amount.value_or(0);
    receipt.available = row.available;
    receipt.expires_at_us = row.expires_at_us.value_or(0);
    receipt.at_us = row.at_us.value_or(0);
    receipt.replayed = row.status == "replayed" && row.hold != own;
    return receipt;
}

SettleReceipt settle_receipt_of(SettleRow const& row, base::Uuid const& own)
{
    SettleReceipt receipt;
    if (!took_effect(row.status)) {
        receipt.refusal = refusal_in(row, Subject::hold);
        return receipt;
    }
    receipt.entry = row.entry;
    receipt.amount = row.amount.value_or(0);
    receipt.released = row.released.value_or(0);
    receipt.before = row.before.value_or(0);
    receipt.after = row.after.value_or(0);
    receipt.at_us = row.at_us.value_or(0);
    receipt.replayed = row.status == "replayed" && row.settled_by != own;
    return receipt;
}

} // namespace ledger
