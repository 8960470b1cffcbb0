// POST /api/v1/users: a user of the operator's own, by the operator's own number.
//
//   Access    a service with the scope users; with tokens above 0 also grant
//   Request   Idempotency-Key, or idempotency_key in the body
//             {"user_id"?: 1..2^53-1 (ours when absent), "phone"?: 5..15 digits are kept, "email"?,
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
//   Reply     201 {"success": true, "transaction_id", "tokens_granted", "balance_before", "balance_after"}
//   Refuses   invalid_amount, validation_error, user_not_found, idempotency_key_reused, busy, outcome_unknown
//
// Both are endpoints of our own, so a member they do not know is refused by name.

#include "shared/api/contact.hpp"
#include "shared/http/idempotency.hpp"
#include "shared/json/fields.hpp"
#include "shared/json/value.hpp"
#include "shared/json/writer.hpp"
#include "shared/ledger/ledger.hpp"
#include "shared/service/service.hpp"

namespace {

using base::Error;
using base::Failure;

constexpr std::int64_t user_number_max = 9'007'199'254'740'991; // the largest whole number of a double
constexpr std::int64_t tokens_max = 1'000'000'000'000;
constexpr std::int64_t priority_max = 1000;
constexpr std::size_t description_chars_max = 500;
constexpr std::size_t key_chars_max = 255;

ledger::NewUser parse_user(service::Call const& call)
{
    auto const body = json::parse(call.request.body);
    auto fields = json::Fields(body);
    auto user = ledger::NewUser();
    user.number = fields.optional_integer("user_id", 1, user_number_max);
    user.phone = api::read_optional_phone(fields);
    user.email = api::read_optional_email(fields);
    user.tokens = fields.optional_integer("tokens", 0, tokens_max).value_or(0);
    user.key = fields.optional_text("idempotency_key", 1, key_chars_max);
    user.credential = call.credential();
    fields.nothing_else();
    fields.done();
    user.key = http::idempotency_key(call.request, user.key);
    return user;
}

http::Response created(json::Writer& body, bool replayed)
{
    auto response = http::json(201, body.str());
    if (replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
    return response;
}

http::Response create_user(service::Call const& call)
{
    auto const asked = parse_user(call);
    // Whoever may add users may not mint tokens by adding them.
    if (asked.tokens > 0 && !call.caller.scopes.has(auth::Scope::grant))
        throw Failure(Error::forbidden).with("scope", std::string(auth::name(auth::Scope::grant)));

    auto const user = call.ledger.create_user(asked, call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("user_id", user.number)
        .field("id", base::to_string(user.id))
        .field("phone", user.phone)
        .field("email", user.email)
        .field("token_balance", user.balance)
        .field("created_at", base::iso8601(user.created_at_us))
        .end();
    return created(body, user.replayed);
}

ledger::Grant parse_grant(service::Call const& call)
{
    auto const body = json::parse(call.request.body);
    auto fields = json::Fields(body);
    auto grant = ledger::Grant();
    grant.amount = fields.integer("amount", 1, tokens_max);
    grant.description = fields.text("description", 1, description_chars_max);
    grant.grant_class =
        fields.optional_choice("class", {"promo", "allotment", "paid"}).value_or(grant.grant_class);
    if (auto const priority = fields.optional_integer("priority", 0, priority_max))
        grant.priority = static_cast<std::int32_t>(*priority);
    // Whether it is still to come is asked in the database, after the key: a replay is answered for ever.
    grant.expires_at_us = fields.optional_instant("expires_at");
    grant.key = fields.optional_text("idempotency_key", 1, key_chars_max);
    if (auto const* const metadata = fields.optional_object("metadata")) {
        grant.metadata = json::write(*metadata);
        grant.fingerprint_metadata = json::canonical(*metadata);
    }
    grant.credential = call.credential();
    fields.nothing_else();
    fields.done();
    grant.key = http::idempotency_key(call.request, grant.key);
    auto const user = ledger::parse_user(call.path.param("user_id"));
    if (!user) throw Failure(Error::user_not_found);
    grant.user = *user;
    return grant;
}

http::Response grant(service::Call const& call)
{
    auto const receipt = call.ledger.grant(parse_grant(call), call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("success", true)
        .field("transaction_id", base::to_string(receipt.entry))
        .field("tokens_granted", receipt.amount)
        .field("balance_before", receipt.before)
        .field("balance_after", receipt.after)
        .end();
    return created(body, receipt.replayed);
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
