// The words of the ledger: what is asked of it and what it answers. Token amounts are whole tokens (int64),
// times are microseconds since 1970 UTC. The ledger knows no HTTP.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/base/secret.hpp"
#include "shared/base/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ledger {

// A user by UUID, by number, or (reads only) by the digits of a phone.
struct UserRef {
    std::optional<base::Uuid> id;
    std::optional<std::int64_t> number;
    std::optional<std::string> phone;
};

// A path segment: a UUID or a whole number from 1; anything else is empty (and answers user_not_found).
std::optional<UserRef> parse_user(std::string_view segment);

// The credential under which a call is made, checked again by the SQL function itself. All empty: the
// environment's key. Session and user are of a user's token and stand together; a spend, hold, settlement or
// dispatch is refused (unauthorized) once that session has ended, though the token has not.
struct Credential {
    std::optional<base::Sha256> api_key;
    std::optional<base::Uuid> session = {};
    std::optional<base::Uuid> user = {};
};

struct Spend {
    base::Uuid entry = base::uuid_v7(); // made before the first send; a resend carries the same
    UserRef user;
    std::int64_t amount = 0;
    std::string description;
    std::optional<std::string> metadata;             // JSON text as it came
    std::optional<std::string> fingerprint_metadata; // the same, canonical
    std::optional<std::string> key;                  // the client's idempotency key
    Credential credential;
};

struct Grant {
    base::Uuid entry = base::uuid_v7();
    UserRef user;
    std::int64_t amount = 0;
    std::string grant_class = "promo";    // promo, allotment, paid
    std::optional<std::int32_t> priority; // lower burns first; empty: the class's own
    std::optional<std::int64_t> expires_at_us;
    std::string description;
    std::optional<std::string> metadata;
    std::optional<std::string> fingerprint_metadata;
    std::optional<std::string> key;
    Credential credential;
};

struct Reverse {
    base::Uuid entry = base::uuid_v7();
    base::Uuid of;                      // the entry to reverse
    std::optional<std::int64_t> amount; // empty: all that is left of it
    std::string description;
    std::optional<std::string> key;
    Credential credential;
};

// The answer to one move of money.
struct Receipt {
    base::Uuid entry;
    std::int64_t amount = 0;
    std::int64_t before = 0;
    std::int64_t after = 0;
    std::int64_t at_us = 0;
    bool replayed = false;                // the first answer of this key, given again
    std::optional<base::Failure> refusal; // set: nothing moved (or, for outcome_unknown, nobody knows)
};

// Tokens to be reserved: nobody else can spend them, and they are not spent yet.
struct PlaceHold {
    base::Uuid hold = base::uuid_v7(); // made before the first send; a resend carries the same
    UserRef user;
    std::int64_t amount = 0;
    std::int64_t ttl_ms = 0;                  // 1 s to 24 h
    std::string on_lapse = "release";         // or charge
    std::optional<std::int64_t> lapse_amount; // what `charge` charges: 1 to amount
    bool dispatched = false; // what the tokens are for has begun: from the start a lapse may charge
    std::string description;
    std::optional<std::string> metadata;             // JSON text as it came
    std::optional<std::string> fingerprint_metadata; // the same, canonical
    std::optional<std::string> key;                  // the client's idempotency key
    Credential credential;
};

// Placed, or dispatched.
struct HoldReceipt {
    base::Uuid hold;
    std::int64_t amount = 0;               // held; of a dispatch: the estimate
    std::optional<std::int64_t> available; // free after it; empty where the first answer is given again
    std::int64_t expires_at_us = 0;
    std::int64_t at_us = 0;
    bool replayed = false;
    std::optional<base::Failure> refusal;
};

// The end of a hold. Its amount is what is captured; 0 releases it.
struct SettleHold {
    base::Uuid id = base::uuid_v7(); // of this request, and of the entry it may make
    base::Uuid hold;
    std::int64_t amount = 0;
    bool clamp = false;                     // take what there is rather than refuse
    std::optional<std::string> description; // empty: the hold's
    std::optional<std::string> metadata;    // JSON text; empty: the hold's
    Credential credential;
};

struct SettleReceipt {
    std::optional<base::Uuid> entry; // empty where nothing was captured; before and after are then 0
    std::int64_t amount = 0;         // captured; of a clamped capture maybe less than was asked
    std::int64_t released = 0;       // of what was held
    std::int64_t before = 0;
    std::int64_t after = 0;
    std::int64_t at_us = 0;
    bool replayed = false;
    std::optional<base::Failure> refusal;
};

// What the tokens of a hold are for is about to begin: from here on its lapse charges the estimate.
struct DispatchHold {
    base::Uuid hold;
    std::int64_t lapse_amount = 0; // 1 to what is held
    Credential credential;
};

struct Balance {
    base::Uuid user;
    std::int64_t number = 0;
    std::int64_t balance = 0;
    std::int64_t held = 0;
    std::int64_t debt = 0;
    std::optional<std::int64_t> subscription_until_us;
    bool subscription_active = false;
    bool can_spend = false;
    std::optional<std::string> reason; // a code: why not
    bool low = false;                  // below the setting low_balance_tokens
};

struct Entry {
    base::Uuid id;
    std::string kind;
    std::int64_t amount = 0; // signed: what it did to this wallet
    std::int64_t seq = 0;
    std::int64_t balance_after = 0;
    std::optional<std::string> description;
    std::optional<std::string> metadata;
    std::optional<std::string> key;
    std::optional<base::Uuid> reverses;
    std::int64_t created_at_us = 0;
};

struct NewUser {
    base::Uuid id = base::uuid_v7();
    base::Uuid entry = base::uuid_v7(); // of the first tokens
    std::optional<std::int64_t> number;
    std::optional<std::string> phone; // digits
    std::optional<std::string> email;
    std::int64_t tokens = 0;
    std::optional<std::string> key;
    Credential credential;
};

struct User {
    base::Uuid id;
    std::int64_t number = 0;
    std::optional<std::string> phone;
    std::optional<std::string> email;
    std::int64_t balance = 0;
    std::int64_t created_at_us = 0;
    bool replayed = false;
};

struct ApiKey {
    std::string name;
    std::vector<std::string> scopes;
};

} // namespace ledger
