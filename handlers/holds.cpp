// POST /api/v1/users/{user_id}/holds: reserve tokens of a user's wallet until it is known how many are used.
//
//   Access    a service with the scope hold
//   Request   Idempotency-Key: <1..255 characters>, or idempotency_key in the body
//             {"amount": 1..10^9, "ttl_seconds": 1..86400, "description": 1..500 characters,
//             "idempotency_key"?, "metadata"?: object, "on_lapse"?: "release" | "charge", "lapse_amount"?:
//             1..amount, with "charge" and only with it}
//   Reply     201 {"success": true, "hold_id", "amount", "available", "expires_at"}; available is what is
//             free after it. A key used before for the same request: the same body with available null
//             (what was free then says nothing now) and Idempotent-Replayed: true. It is null as well when
//             the first answer of this very request was lost on the way and had to be asked for again.
//   Refuses   invalid_amount, validation_error, user_not_found, wallet_blocked, subscription_expired,
//             insufficient_balance {required, available}, idempotency_key_reused, busy, outcome_unknown
//
// Held tokens cannot be spent by anybody. A hold that is neither captured nor released by expires_at lapses
// at the next touch of the wallet: "release" gives its tokens back, "charge" takes lapse_amount, so that work
// which was done is paid for when its server is never heard of again.
//
// POST /api/v1/holds/{id}/capture: take what was used out of a hold, and settle it.
//
//   Access    a service with the scope hold
//   Request   {"amount": 1..10^9, "description"?: 1..500 characters (the hold's), "metadata"?: object (the
//             hold's)}
//   Reply     200 {"success": true, "hold_id", "transaction_id", "tokens_spent", "balance_before",
//             "balance_after"}; again with the same amount: the same body and Idempotent-Replayed: true
//   Refuses   invalid_amount, validation_error, hold_not_found, hold_already_settled {captured},
//             insufficient_balance {required, available}, busy, outcome_unknown; of a hold that lapsed, which
//             is captured late as a plain spend, wallet_blocked and subscription_expired, too
//
// Less than was held: the rest is free at once. More: only if the rest is free; a refused capture leaves the
// hold open.
//
// POST /api/v1/holds/{id}/release: give back all that was held, and settle the hold.
//
//   Access    a service with the scope hold
//   Request   {}
//   Reply     200 {"success": true, "hold_id", "tokens_released"}; again: the same body and
//             Idempotent-Replayed: true
//   Refuses   validation_error, hold_not_found, hold_already_settled {captured}, busy, outcome_unknown
//
// A hold is settled once, so for capture and release the hold itself is the key: an Idempotency-Key header is
// accepted, held to the form of all keys, and changes nothing.

#include "shared/http/idempotency.hpp"
#include "shared/json/fields.hpp"
#include "shared/json/value.hpp"
#include "shared/json/writer.hpp"
#include "shared/ledger/ledger.hpp"
#include "shared/service/service.hpp"

namespace {

using base::Error;
using base::Failure;

constexpr std::int64_t amount_max = 1'000'000'000;
constexpr std::int64_t ttl_seconds_max = 86'400;
constexpr std::size_t description_chars_max = 500;
constexpr std::size_t key_chars_max = 255;

// What a lapse does. One that charges has begun as soon as the hold stands: nobody tells us later.
void parse_lapse(json::Fields& fields, ledger::PlaceHold& hold)
{
    hold.on_lapse = fields.optional_choice("on_lapse", {"release", "charge"}).value_or(hold.on_lapse);
    hold.dispatched = hold.on_lapse == "charge";
    // Without a good amount there is no bound to hold it to, and the amount is told to be bad already.
    auto const most = hold.amount > 0 ? hold.amount : amount_max;
    if (hold.dispatched)
        hold.lapse_amount = fields.integer("lapse_amount", 1, most);
    else if (fields.optional_integer("lapse_amount", 1, most))
        fields.problem("lapse_amount", "is for on_lapse \"charge\" only", "extra_forbidden");
}

// Shape before existence: a malformed request is 422 whoever it names.
ledger::PlaceHold parse_hold(service::Call const& call)
{
    auto const body = json::parse(call.request.body);
    auto fields = json::Fields(body);
    auto hold = ledger::PlaceHold();
    hold.amount = fields.integer("amount", 1, amount_max);
    hold.ttl_ms = fields.integer("ttl_seconds", 1, ttl_seconds_max) * 1000;
    hold.description = fields.text("description", 1, description_chars_max);
    hold.key = fields.optional_text("idempotency_key", 1, key_chars_max);
    if (auto const* const metadata = fields.optional_object("metadata")) {
        hold.metadata = json::write(*metadata);
        hold.fingerprint_metadata = json::canonical(*metadata);
    }
    parse_lapse(fields, hold);
    hold.credential = call.credential();
    fields.nothing_else();
    fields.done();
    hold.key = http::idempotency_key(call.request, hold.key);
    auto const user = ledger::parse_user(call.path.param("user_id"));
    if (!user) throw Failure(Error::user_not_found);
    hold.user = *user;
    return hold;
}

http::Response reply(int status, json::Writer& body, bool replayed)
{
    auto response = http::json(status, body.str());
    if (replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
    return response;
}

http::Response place(service::Call const& call)
{
    auto const receipt = call.ledger.hold(parse_hold(call), call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("success", true)
        .field("hold_id", base::to_string(receipt.hold))
        .field("amount", receipt.amount)
        .field("available", receipt.available)
        .field("expires_at", base::iso8601(receipt.expires_at_us))
        .end();
    return reply(201, body, receipt.replayed);
}

base::Uuid parse_hold_id(service::Call const& call)
{
    auto const id = base::parse_uuid(call.path.param("id"));
    if (!id) throw Failure(Error::hold_not_found);
    return *id;
}

ledger::SettleHold parse_capture(service::Call const& call)
{
    auto const body = json::parse(call.request.body);
    auto fields = json::Fields(body);
    auto capture = ledger::SettleHold();
    capture.amount = fields.integer("amount", 1, amount_max);
    capture.description = fields.optional_text("description", 1, description_chars_max);
    if (auto const* const metadata = fields.optional_object("metadata"))
        capture.metadata = json::write(*metadata);
    fields.nothing_else();
    fields.done();
    http::idempotency_key(call.request, {}); // the hold is the key; this holds the header to its form
    capture.hold = parse_hold_id(call);
    capture.credential = call.credential();
    return capture;
}

http::Response capture(service::Call const& call)
{
    auto const asked = parse_capture(call);
    auto const receipt = call.ledger.settle(asked, call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("success", true)
        .field("hold_id", base::to_string(asked.hold))
        .field("transaction_id", base::to_string(receipt.entry.value()))
        .field("tokens_spent", receipt.amount)
        .field("balance_before", receipt.before)
        .field("balance_after", receipt.after)
        .end();
    return reply(200, body, receipt.replayed);
}

ledger::SettleHold parse_release(service::Call const& call)
{
    auto const body = json::parse(call.request.body);
    auto fields = json::Fields(body);
    fields.nothing_else();
    fields.done();
    http::idempotency_key(call.request, {});
    auto release = ledger::SettleHold();
    release.hold = parse_hold_id(call);
    release.credential = call.credential();
    return release;
}

http::Response release(service::Call const& call)
{
    auto const asked = parse_release(call);
    auto const receipt = call.ledger.settle(asked, call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("success", true)
        .field("hold_id", base::to_string(asked.hold))
        .field("tokens_released", receipt.released)
        .end();
    return reply(200, body, receipt.replayed);
}

} // namespace

int main(int count, char** arguments)
{
    using namespace service;
    auto const endpoints = std::vector{
        post("/api/v1/users/{user_id}/holds", Dialect::token, Access::key(Scope::hold), place),
        post("/api/v1/holds/{id}/capture", Dialect::token, Access::key(Scope::hold), capture),
        post("/api/v1/holds/{id}/release", Dialect::token, Access::key(Scope::hold), release),
    };
    return run(count, arguments, {.name = "holds", .endpoints = endpoints});
}
