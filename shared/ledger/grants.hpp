// Tokens given to a wallet, and moves taken back: farebox_api.grant and reverse.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/secret.hpp"
#include "shared/db/caller.hpp"
#include "shared/db/session.hpp"
#include "shared/ledger/receipt.hpp"
#include "shared/ledger/user_ref.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ledger {

struct Grant {
    db::Caller caller;
    UserRef user; // who is given them
    base::Uuid entry = new_id(user);
    std::int64_t amount = 0;
    std::string grant_class = "promo";         // promo, allotment, paid
    std::optional<std::int32_t> priority = {}; // lower burns first; empty: the class's own
    std::optional<std::int64_t> expires_at_us = {};
    std::string description = {};
    std::optional<Metadata> metadata = {};
    std::optional<std::string> key = {};
};

base::Sha256 fingerprint(Grant const& grant);

// Throws its refusal; validation_error names expires_at where that has passed.
Receipt grant(db::Session& session, Grant const& grant, base::Deadline deadline);

struct Reverse {
    db::Caller caller;
    base::Uuid of; // the entry to take back
    base::Uuid entry = new_id_beside(of);
    std::optional<std::int64_t> amount = {}; // empty: all that is left of it
    std::string description = {};
    std::optional<std::string> key = {};
};

base::Sha256 fingerprint(Reverse const& reverse);

// Throws its refusal.
Receipt reverse(db::Session& session, Reverse const& reverse, base::Deadline deadline);

} // namespace ledger
