// What users have: farebox_api.balance.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/caller.hpp"
#include "shared/db/connection.hpp"
#include "shared/db/status.hpp"
#include "shared/ledger/user_ref.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ledger {

struct Balance {
    base::Uuid user;
    std::int64_t number = 0;
    std::int64_t balance = 0;
    std::int64_t held = 0;
    std::int64_t debt = 0;
    std::optional<std::int64_t> subscription_until_us = {};
    bool subscription_active = false;
    bool can_spend = false;
    std::optional<std::string> reason = {}; // a code: why not
    bool low = false;                       // below the setting low_balance_tokens
};

struct BalanceRow {
    std::string status;
    Balance balance; // with status ok; with behind only whose it is

    std::optional<base::Uuid> behind() const { return db::row_behind(status, balance.user); }
};

struct ReadBalance {
    db::Caller caller;
    UserRef user;
};

// One call; throws what db::Connection::call throws.
std::vector<BalanceRow> balances(db::Connection& connection, std::span<ReadBalance const* const> asked,
                                 base::Deadline deadline);

} // namespace ledger
