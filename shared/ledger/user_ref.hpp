// What requests of the ledger call a user, and the ids that they make for a user's wallet.
#pragma once

#include "shared/base/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ledger {

// A user by UUID, by number, or (reads only) by the digits of a phone.
struct UserRef {
    std::optional<base::Uuid> id = {};
    std::optional<std::int64_t> number = {};
    std::optional<std::string> phone = {};
};

// A path segment: a UUID or a whole number from 1; anything else is empty (and answers user_not_found).
std::optional<UserRef> parse_user(std::string_view segment);

// An id for what is about to enter this user's wallet, with the wallet's slot as far as the name tells it (base::slot_of).
// Made before the first send; a resend carries the same.
base::Uuid new_id(UserRef const& user);

// An id for what belongs to the same wallet as this entry or hold.
base::Uuid new_id_beside(base::Uuid const& other);

// Free-form data of a client: JSON text as it came, and the same in canonical form, for the fingerprint.
struct Metadata {
    std::string text;
    std::string canonical;
};

} // namespace ledger
