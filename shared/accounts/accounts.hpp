// People with an account: what they are shown of it, and their leaving. One function of farebox_api each. None of them moves
// tokens but the first look at a new account, which gives the starting tokens once; so each may be sent again at will.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/caller.hpp"
#include "shared/db/session.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace accounts {

// Whose account it is about, and who asks.
struct Person {
    db::Caller caller;
    base::Uuid user;
};

struct Account {
    base::Uuid id;
    std::int64_t number = 0;
    std::optional<std::string> email = {};
    std::optional<std::string> phone = {}; // digits
    std::optional<std::string> display_name = {};
    std::string provider = {}; // "local", or who vouches for the user: "google" ...
    bool is_admin = false;
    std::int64_t created_at_us = 0;
    std::optional<std::string> agent_id = {};
    std::optional<std::string> agent_status = {};
    std::optional<std::string> billing_key = {}; // enough to know it by, never the key
};

// Each throws its refusal (unauthorized when the session is gone, user_not_found), or busy while the database does not
// answer.

// Makes the user's row, wallet and starting tokens where Supabase Auth knows a user that farebox does not.
Account read(db::Session& session, Person const& person, base::Deadline deadline);
// The account afterwards. No name takes the name away.
Account rename(db::Session& session, Person const& person, std::optional<std::string> const& display_name,
               base::Deadline deadline);
// All that is stored about the person, as JSON text.
std::string export_all(db::Session& session, Person const& person, base::Deadline deadline);
// To be called before the account is removed at Supabase Auth: forgets the person, unless that removal will.
void erase(db::Session& session, Person const& person, base::Deadline deadline);

// What a registration is answered with while there is no session: made of the address, of which exactly one is given, and
// the same whether or not it has an account. Nobody has the number.
struct RegistrationIds {
    base::Uuid id;
    std::int64_t number = 0;
};
RegistrationIds registration_ids(db::Session& session, std::optional<std::string> const& email,
                                 std::optional<std::string> const& phone, base::Deadline deadline);

} // namespace accounts
