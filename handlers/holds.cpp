// POST /api/v1/users/{user_id}/holds: reserve tokens of a user's wallet until it is known how many are used.
//
//   Access    a service with the scope hold
//   Request   Idempotency-Key: <1..255 characters>, or idempotency_key in the body
//             {"amount": 1..10^9, "ttl_seconds": 1..86400, "description": 1..500 characters,
//             "idempotency_key"?, "metadata"?: object, "on_lapse"?: "release" | "charge", "lapse_amount"?:
//             1..amount, with "charge" and only with it}
//   Reply     201 {"success": true, "hold_id", "amount", "available", "expires_at", "state": "open",
//             "captured": null}; available is what is free after it. A key used before for the same request: the
//             same body with Idempotent-Replayed: true, available null (what was free then says nothing now), and
//             what has become of the hold by now. state: open; captured, released or charged (its estimate, by its
//             lapse), each with the tokens in captured; or lapsed, with captured null: it may still be captured
//             late. Who meets one that is captured has done the work before, and need not do it again.
//             available is null as well when the first answer of this very request was lost on the way and had to
//             be asked for again.
//   Refuses   invalid_amount, validation_error, user_not_found, wallet_blocked, subscription_expired,
//             too_many_holds (10,000 are open), insufficient_balance {required, available, held},
//             idempotency_key_reused, busy, outcome_unknown
//
// Held tokens cannot be spent by anybody. A hold that is neither captured nor released by expires_at lapses
// at the next access to the wallet: "release" gives its tokens back, "charge" takes lapse_amount, so that work
// which was done is paid for when its server is never heard of again.
//
// POST /api/v1/holds/{id}/capture: take what was used out of a hold, and end it.
//
//   Access    a service with the scope hold
//   Request   {"amount": 1..10^9, "description"?: 1..500 characters (the hold's), "metadata"?: object (the
//             hold's)}
//   Reply     200 {"success": true, "hold_id", "transaction_id", "tokens_spent", "balance_before",
//             "balance_after"}; balance_after is what is there when the call returns: what expires with the end of
//             the hold, or pays a debt, is gone from it. Again with the same amount: the same body and
//             Idempotent-Replayed: true
//   Refuses   invalid_amount, validation_error, hold_not_found, hold_already_settled {captured},
//             insufficient_balance {required, available, held}, busy, outcome_unknown; of more than is held also
//             wallet_blocked and subscription_expired
//
// Less than was held: the rest is free at once. What was held is captured from a blocked wallet too. More is a
// plain spend beside it, as is all of a hold that has lapsed: only if the wallet may spend and the rest is free;
// a refused capture leaves the hold open.
//
// POST /api/v1/holds/{id}/release: give back all that was held, and end the hold.
//
//   Access    a service with the scope hold
//   Request   {}
//   Reply     200 {"success": true, "hold_id", "tokens_released"}; again: the same body and
//             Idempotent-Replayed: true
//   Refuses   validation_error, hold_not_found, hold_already_settled {captured}, busy, outcome_unknown
//
// A hold is ended once, so for capture and release the hold itself is the key: an Idempotency-Key header is
// accepted, held to the form of all keys, and changes nothing.

#include "shared/api/body.hpp"
#include "shared/api/path.hpp"
#include "shared/api/reply.hpp"

namespace {

using base::Error;

constexpr std::int64_t amount_max = 1'000'000'000;
constexpr std::int64_t ttl_seconds_max = 86'400;

struct Lapse {
    std::string on_lapse;
    std::optional<std::int64_t> amount;
};

// `hold_amount`: 0 where it is told to be bad already, so that there is no bound to hold the lapse's to.
Lapse parse_lapse(json::Fields& fields, std::int64_t hold_amount)
{
    auto lapse =
        Lapse{.on_lapse = fields.optional_choice("on_lapse", {"release", "charge"}).value_or("release"),
              .amount = {}};
    auto const most = hold_amount > 0 ? hold_amount : amount_max;
    if (lapse.on_lapse == "charge")
        lapse.amount = fields.integer("lapse_amount", 1, most);
    else if (fields.optional_integer("lapse_amount", 1, most))
        fields.problem("lapse_amount", "is for on_lapse \"charge\" only", "extra_forbidden");
    return lapse;
}

// Shape before existence: a malformed request is 422 whoever it names.
ledger::PlaceHold parse_hold(service::Call const& call)
{
    auto body = api::Body(call);
    auto const amount = body.fields.integer("amount", 1, amount_max);
    auto const ttl_seconds = body.fields.integer("ttl_seconds", 1, ttl_seconds_max);
    auto description = body.description();
    auto metadata = body.metadata();
    auto const lapse = parse_lapse(body.fields, amount);
    auto key = body.idempotency_key();
    body.done();
    return {.caller = auth::proven(call.caller()),
            .user = api::user_in_path(call),
            .amount = amount,
            .ttl_ms = ttl_seconds * 1000,
            .on_lapse = lapse.on_lapse,
            .lapse_amount = lapse.amount,
            .started = lapse.on_lapse == "charge", // as soon as the hold stands: nobody tells us later
            .description = std::move(description),
            .metadata = std::move(metadata),
            .key = std::move(key)};
}

http::Response place(service::Call const& call)
{
    auto const receipt = call.ledger.place_hold(parse_hold(call), call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("success", true)
        .field("hold_id", base::to_string(receipt.hold))
        .field("amount", receipt.amount)
        .field("available", receipt.available)
        .field("expires_at", base::iso8601(receipt.expires_at_us))
        .field("state", receipt.state)
        .field("captured", receipt.captured)
        .end();
    return api::reply(201, body, receipt.replayed);
}

ledger::EndHold parse_capture(service::Call const& call)
{
    auto body = api::Body(call);
    auto const amount = body.fields.integer("amount", 1, amount_max);
    auto description = body.optional_description();
    auto metadata = body.metadata();
    body.done();
    body.check_idempotency_header(); // the hold is the key
    return {.caller = auth::proven(call.caller()),
            .hold = api::id_in_path(call, Error::hold_not_found),
            .amount = amount,
            .description = std::move(description),
            .metadata = std::move(metadata)};
}

http::Response capture(service::Call const& call)
{
    auto const asked = parse_capture(call);
    auto const receipt = call.ledger.end_hold(asked, call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("success", true)
        .field("hold_id", base::to_string(asked.hold))
        .field("transaction_id", base::to_string(receipt.entry.value()))
        .field("tokens_spent", receipt.amount)
        .field("balance_before", receipt.before)
        .field("balance_after", receipt.after)
        .end();
    return api::reply(200, body, receipt.replayed);
}

ledger::EndHold parse_release(service::Call const& call)
{
    auto body = api::Body(call);
    body.done();
    body.check_idempotency_header();
    return {.caller = auth::proven(call.caller()), .hold = api::id_in_path(call, Error::hold_not_found)};
}

http::Response release(service::Call const& call)
{
    auto const asked = parse_release(call);
    auto const receipt = call.ledger.end_hold(asked, call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("success", true)
        .field("hold_id", base::to_string(asked.hold))
        .field("tokens_released", receipt.released)
        .end();
    return api::reply(200, body, receipt.replayed);
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
