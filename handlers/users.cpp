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

#include "shared/http/idempotency.hpp"
#include "shared/json/fields.hpp"
#include "shared/json/value.hpp"
#include "shared/json/writer.hpp"
#include "shared/ledger/ledger.hpp"
#include "shared/service/service.hpp"

#include <algorithm>
#include <iterator>

namespace {

using base::Error;
using base::Failure;

constexpr std::int64_t user_number_max = 9'007'199'254'740'991; // the largest whole number of a double
constexpr std::int64_t tokens_max = 1'000'000'000'000;
constexpr std::int64_t priority_max = 1000;
constexpr std::size_t description_chars_max = 500;
constexpr std::size_t key_chars_max = 255;
constexpr std::size_t phone_chars_max = 64;
constexpr std::size_t phone_digits_min = 5;
constexpr std::size_t phone_digits_max = 15; // ITU-T E.164
constexpr std::size_t email_chars_min = 3;
constexpr std::size_t email_chars_max = 255;

// The digits, as Supabase stores a phone; "+7 (900) 123-45-67" and "79001234567" are one user.
std::optional<std::string> parse_phone(json::Fields& fields)
{
    auto const text = fields.optional_text("phone", 1, phone_chars_max);
    if (!text) return std::nullopt;
    auto digits = std::string();
    std::copy_if(text->begin(), text->end(), std::back_inserter(digits),
                 [](char c) { return c >= '0' && c <= '9'; });
    // A text that was refused already reads as empty.
    if (!text->empty() && (digits.size() < phone_digits_min || digits.size() > phone_digits_max))
        fields.problem("phone", "must hold 5 to 15 digits", "phone");
    return digits;
}

bool looks_like_email(std::string_view text)
{
    auto const at = text.find('@');
    auto const is_blank = [](char c) { return (c >= '\0' && c <= ' ') || c == '\x7f'; };
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find('@', at + 1) == std::string_view::npos &&
           std::none_of(text.begin(), text.end(), is_blank);
}

std::optional<std::string> parse_email(json::Fields& fields)
{
    auto const problems_before = fields.problems().size();
    auto email = fields.optional_text("email", email_chars_min, email_chars_max);
    if (!email || fields.problems().size() > problems_before) return std::nullopt;
    if (!looks_like_email(*email)) fields.problem("email", "must be an email address", "email");
    std::transform(email->begin(), email->end(), email->begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return email;
}

ledger::NewUser parse_user(service::Call const& call)
{
    auto const body = json::parse(call.request.body);
    auto fields = json::Fields(body);
    auto user = ledger::NewUser();
    user.number = fields.optional_integer("user_id", 1, user_number_max);
    user.phone = parse_phone(fields);
    user.email = parse_email(fields);
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

int main()
{
    return service::run("users", {
                                     {.method = "POST",
                                      .pattern = "/api/v1/users",
                                      .dialect = http::Dialect::token,
                                      .access = service::Access::key(auth::Scope::users),
                                      .handle = create_user},
                                     {.method = "POST",
                                      .pattern = "/api/v1/users/{user_id}/grants",
                                      .dialect = http::Dialect::token,
                                      .access = service::Access::key(auth::Scope::grant),
                                      .handle = grant},
                                 });
}
