// People with an account: what they are shown of it, and their leaving. One function of farebox_api each.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ledger {

// A user, by what Supabase Auth said: in a token, with the session that must still stand, or in its own
// answer to a call of ours, without one.
struct Person {
    base::Uuid user;
    std::optional<base::Uuid> session;
};

struct Account {
    base::Uuid id;
    std::int64_t number = 0;
    std::optional<std::string> email;
    std::optional<std::string> phone; // digits
    std::optional<std::string> display_name;
    std::string provider; // "local", or who vouches for the user: "google" ...
    bool is_admin = false;
    std::int64_t created_at_us = 0;
    std::optional<std::string> agent_id;
    std::optional<std::string> agent_status;
    std::optional<std::string> billing_key; // enough to know it by, never the key
};

namespace calls {

// Each throws what db::Connection::call throws; a status other than ok is thrown as its refusal: unauthorized
// when the session is gone, user_not_found.

// Makes the user's row, wallet and starting tokens where Supabase Auth knows a user that farebox does not.
Account account(db::Connection& connection, Person const& person, base::Deadline deadline);
// Empty takes the name away.
void rename_account(db::Connection& connection, Person const& person,
                    std::optional<std::string> const& display_name, base::Deadline deadline);
// All that is stored about the person, as JSON text.
std::string export_account(db::Connection& connection, Person const& person, base::Deadline deadline);
void erase_account(db::Connection& connection, Person const& person, base::Deadline deadline);
// A number that nobody has or will have.
std::int64_t unused_number(db::Connection& connection, base::Deadline deadline);

} // namespace calls

} // namespace ledger
