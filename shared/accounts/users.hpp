// An operator's own users: farebox_api.create_user.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/secret.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/caller.hpp"
#include "shared/db/session.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace accounts {

// The id of a user with this number, or with one that the database will deal: it carries the number's low 10 bits
// (base::slot_of).
base::Uuid new_user_id(std::optional<std::int64_t> number);

struct NewUser {
    db::Caller caller;
    std::optional<std::int64_t> number = {};
    base::Uuid id = new_user_id(number);
    base::Uuid entry = base::uuid_v7(base::slot_of(id)); // of the first tokens
    std::optional<std::string> phone = {};               // digits
    std::optional<std::string> email = {};
    std::int64_t tokens = 0;
    std::optional<std::string> key = {}; // the client's idempotency key
};

base::Sha256 fingerprint(NewUser const& user);

struct User {
    base::Uuid id;
    std::int64_t number = 0;
    std::optional<std::string> phone = {};
    std::optional<std::string> email = {};
    std::int64_t balance = 0;
    std::int64_t created_at_us = 0;
    bool replayed = false;
};

// Throws its refusal.
User create_user(db::Session& session, NewUser const& user, base::Deadline deadline);

} // namespace accounts
