// What happened to a wallet: farebox_api.entries.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/caller.hpp"
#include "shared/db/session.hpp"
#include "shared/ledger/user_ref.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ledger {

struct Entry {
    base::Uuid id;
    std::string kind;
    std::int64_t amount = 0; // signed: what it did to this wallet
    std::int64_t seq = 0;
    std::int64_t balance_after = 0;
    std::optional<std::string> description = {};
    std::optional<std::string> metadata = {};
    std::optional<std::string> key = {};
    std::optional<base::Uuid> reverses = {};
    std::int64_t created_at_us = 0;
};

struct ReadEntries {
    db::Caller caller;
    UserRef user;
    int limit = 0;
    std::optional<std::int64_t> before = {}; // a seq: older entries than that one
};

// Newest first. Throws its refusal.
std::vector<Entry> entries(db::Session& session, ReadEntries const& asked, base::Deadline deadline);

} // namespace ledger
