// POST /api/v1/users: a user of the operator's own, by the operator's own number.
//
//   Access    a service with the scope users; with tokens above 0 also grant
//   Request   Idempotency-Key, or idempotency_key in the body
//             {"user_id"?: 1..2^53-1 (ours when absent), "phone"?: +, country code and number, "email"?,
//              "tokens"?: 0..10^12, "idempotency_key"?}
//   Reply     201 {"user_id": number, "id": UUID, "phone", "email", "token_balance", "created_at"};
//             a key used before for the same request: the same body and Idempotent-Replayed: true
//   Refuses   validation_error, forbidden, user_exists, idempotency_key_reused, busy, outcome_unknown
//
// POST /api/v1/users/{user_id}/grants: give a user tokens.
//
//   Access    a service with the scope grant
//   Request   Idempotency-Key, or idempotency_key in the body
//             {"amount": 1..10^12, "description": 1..500 characters, "class"?: promo | allotment | paid,
//              "priority"?: 0..1000 (lower burns first), "expires_at"?: an instant to come,
//              "idempotency_key"?, "metadata"?: object}
//   Reply     201 {"success": true, "transaction_id", "tokens_granted", "balance_before", "balance_after"}; a debt
//             that the grant pays is gone from balance_after
//   Refuses   invalid_amount, validation_error, user_not_found (of one who has left, too), idempotency_key_reused,
//             busy, outcome_unknown
//
// Both are endpoints of our own, so a member they do not know is refused by name.

#include "shared/accounts/users.hpp"

#include "shared/api/body.hpp"
#include "shared/api/contact.hpp"
#include "shared/api/limits.hpp"
#include "shared/api/path.hpp"
#include "shared/api/reply.hpp"
#include "shared/ledger/grants.hpp"

namespace {

using base::Error;
using base::Failure;

constexpr std::int64_t priority_max = 1000;

accounts::NewUser parse_user(service::Call const& call)
{
    auto body = api::Body(call);
    auto const number = body.fields.optional_integer("user_id", 1, api::user_number_max);
    auto phone = api::read_new_phone(body.fields);
    auto email = api::read_new_email(body.fields);
    auto const tokens = body.fields.optional_integer("tokens", 0, api::tokens_max).value_or(0);
    auto key = body.idempotency_key();
    body.done();
    return {.caller = auth::proven(call.caller()),
            .number = number,
            .phone = std::move(phone),
            .email = std::move(email),
            .tokens = tokens,
            .key = std::move(key)};
}

// Whoever may add users may not mint tokens by adding them.
void require_grant(auth::Caller const& caller)
{
    auto const* const key = std::get_if<auth::ApiKey>(&caller);
    if (key == nullptr || !key->scopes.has(auth::Scope::grant))
        throw Failure(Error::forbidden).with("scope", std::string(auth::name(auth::Scope::grant)));
}

http::Response create_user(service::Call const& call)
{
    auto const asked = parse_user(call);
    if (asked.tokens > 0) require_grant(call.caller());

    auto const user = accounts::create_user(call.session, asked, call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("user_id", user.number)
        .field("id", base::to_string(user.id))
        .field("phone", user.phone)
        .field("email", user.email)
        .field("token_balance", user.balance)
        .field("created_at", base::iso8601(user.created_at_us))
        .end();
    return api::reply(201, body, user.replayed);
}

ledger::Grant parse_grant(service::Call const& call)
{
    auto body = api::Body(call);
    auto const amount = body.fields.integer("amount", 1, api::tokens_max);
    auto description = body.description();
    auto grant_class = body.fields.optional_choice("class", {"promo", "allotment", "paid"}).value_or("promo");
    auto const priority = body.fields.optional_integer("priority", 0, priority_max);
    // Whether it is still to come is asked in the database, after the key: a replay is answered for ever.
    auto const expires_at_us = body.fields.optional_instant("expires_at");
    auto metadata = body.metadata();
    auto key = body.idempotency_key();
    body.done();
    return {.caller = auth::proven(call.caller()),
            .user = api::user_in_path(call),
            .amount = amount,
            .grant_class = std::move(grant_class),
            .priority = priority ? std::optional(static_cast<std::int32_t>(*priority)) : std::nullopt,
            .expires_at_us = expires_at_us,
            .description = std::move(description),
            .metadata = std::move(metadata),
            .key = std::move(key)};
}

http::Response grant(service::Call const& call)
{
    auto const receipt = ledger::grant(call.session, parse_grant(call), call.deadline);
    auto body = json::Writer();
    body.begin().field("success", true);
    api::write_move(body, receipt, "tokens_granted");
    return api::reply(201, body.end(), receipt.replayed);
}

} // namespace

int main(int count, char** arguments)
{
    using namespace service;
    auto const endpoints = std::vector{
        post("/api/v1/users", Dialect::token, Access::key(Scope::users), create_user),
        post("/api/v1/users/{user_id}/grants", Dialect::token, Access::key(Scope::grant), grant),
    };
    return run(count, arguments, {.name = "users", .endpoints = endpoints});
}
