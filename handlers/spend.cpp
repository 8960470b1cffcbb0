// POST /api/v1/users/{user_id}/spend: take tokens from a user's wallet.
//
//   Access    a service with the scope spend, or an admin
//   Request   Idempotency-Key: <1..255 characters>, or idempotency_key in the body
//             {"amount": 1..10000, "description": 1..500 characters, "idempotency_key"?, "metadata"?: object}
//   Reply     200 {"success": true, "transaction_id", "tokens_spent", "balance_before", "balance_after"};
//             a key used before for the same request: the same body and Idempotent-Replayed: true
//   Refuses   invalid_amount, validation_error, user_not_found, wallet_blocked, subscription_expired,
//             insufficient_balance {required, available, held}, idempotency_key_reused, busy, outcome_unknown
//
// POST /api/v1/spend/batch: up to 1000 spends, answered as if sent one by one in this order.
//
//   Access    a service with the scope spend
//   Request   {"items": [{"user_id": number or UUID, "amount", "description", "idempotency_key"?,
//             "metadata"?}]}
//             Keys belong to the items, so an Idempotency-Key header is refused.
//   Reply     200 {"results": [...]} in order, each {"success": true, "transaction_id", "tokens_spent",
//             "balance_before", "balance_after", "replayed"} or {"success": false, "error", "code",
//             "message", "status", "details"}, where status is what the item would have had as a request of
//             its own
//   Refuses   validation_error or invalid_amount when any item is malformed; then nothing was spent
//
// POST /api/v1/entries/{id}/reverse: give back a spend, or take back a grant, whole or in part.
//
//   Access    a service with the scope grant
//   Request   {"amount"?: 1..10^12 (all that is left), "description"?: "reversal", "idempotency_key"?}
//   Reply     200 {"success": true, "transaction_id", "reversed_transaction_id", "tokens_reversed",
//             "balance_before", "balance_after"}; balance_after is what is there when the call returns: of tokens
//             that have expired since they were spent nothing is
//   Refuses   entry_not_found, entry_not_reversible, invalid_amount (also where the balance would be more than
//             2^53-1), validation_error, reverse_exceeds_entry {available},
//             insufficient_balance {required, available, held}, idempotency_key_reused, busy, outcome_unknown
//
// Each spend is one row of one SQL call and so of one transaction: it commits together with its key or leaves
// no trace. A client that saw no answer sends the same request with the same key again.

#include "shared/api/body.hpp"
#include "shared/api/limits.hpp"
#include "shared/api/path.hpp"
#include "shared/api/reply.hpp"
#include "shared/http/idempotency.hpp"
#include "shared/ledger/grants.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace {

using base::Error;
using base::Failure;

constexpr std::int64_t spend_amount_max = 10'000;
constexpr std::size_t user_id_chars_max = 36; // of a UUID
constexpr std::size_t batch_items_max = 1000;

// Shape before existence: a malformed request is 422 whoever it names.
ledger::Spend parse_spend(service::Call const& call)
{
    auto body = api::Body(call);
    auto const amount = body.fields.integer("amount", 1, spend_amount_max);
    auto description = body.description();
    auto metadata = body.metadata();
    auto key = body.idempotency_key();
    body.done(api::Unknown::ignored);
    return {.caller = auth::proven(call.caller()),
            .user = api::user_in_path(call),
            .amount = amount,
            .description = std::move(description),
            .metadata = std::move(metadata),
            .key = std::move(key)};
}

http::Response spend(service::Call const& call)
{
    auto const receipt = call.ledger.spend(parse_spend(call), call.deadline);
    auto body = json::Writer();
    body.begin().field("success", true);
    api::write_move(body, receipt, "tokens_spent");
    return api::reply(200, body.end(), receipt.replayed);
}

// A number, or a UUID as text; text that is neither is malformed, not unknown.
ledger::UserRef parse_item_user(json::Value const& item, json::Fields& fields)
{
    auto const* const member = item.find("user_id");
    if (member != nullptr && member->kind == json::Kind::number)
        return {.number = fields.integer("user_id", 1, std::numeric_limits<std::int64_t>::max())};
    auto const text = fields.text("user_id", 1, user_id_chars_max);
    auto const id = base::parse_uuid(text);
    if (!text.empty() && !id) fields.problem("user_id", "must be a number or a UUID", "user_id");
    return {.id = id};
}

// What is wrong with the item is left in `fields`.
ledger::Spend parse_item(json::Value const& item, json::Fields& fields, db::Caller const& caller)
{
    auto spend = ledger::Spend{.caller = caller, .user = parse_item_user(item, fields)};
    spend.amount = fields.integer("amount", 1, spend_amount_max);
    spend.description = fields.text("description", 1, api::description_chars_max);
    spend.key = fields.optional_text("idempotency_key", 1, api::idempotency_key_chars_max);
    spend.metadata = api::read_metadata(fields);
    fields.nothing_else();
    return spend;
}

std::vector<ledger::Spend> parse_batch(service::Call const& call)
{
    if (http::has_key_header(call.request))
        json::throw_if_any({{.loc = {"header", "idempotency-key"},
                             .msg = "keys belong to the items: send idempotency_key in each",
                             .type = "extra_forbidden"}});
    auto body = api::Body(call);
    auto const* const items = body.fields.array("items", 1, batch_items_max);
    body.done();

    auto const caller = auth::proven(call.caller());
    auto spends = std::vector<ledger::Spend>();
    auto problems = std::vector<base::Problem>();
    spends.reserve(items->items.size());
    for (auto const& item : items->items) {
        auto fields = json::Fields(item, {"body", "items", std::to_string(spends.size())});
        spends.push_back(parse_item(item, fields, caller));
        std::copy(fields.problems().begin(), fields.problems().end(), std::back_inserter(problems));
    }
    json::throw_if_any(std::move(problems));
    // No header came, so this only holds each key to the rule of all keys.
    for (auto& spend : spends)
        spend.key = http::idempotency_key(call.request, spend.key);
    return spends;
}

// The item's refusal is worded by the same table as a request's, read back from it, so the two cannot differ.
void write_refusal(json::Writer& writer, Failure const& refusal, std::string_view request_id)
{
    auto const single = http::error_response(refusal, http::Dialect::token, {.request_id = request_id});
    auto const body = json::parse(single.body);
    writer.begin()
        .field("success", false)
        .field("error", body.find("error")->text)
        .field("code", body.find("code")->text)
        .field("message", body.find("message")->text)
        .field("status", single.status)
        .raw("details", json::write(*body.find("details")))
        .end();
}

void write_receipt(json::Writer& writer, ledger::Receipt const& receipt)
{
    writer.begin().field("success", true);
    api::write_move(writer, receipt, "tokens_spent");
    writer.field("replayed", receipt.replayed).end();
}

// A key that was revoked a moment ago refuses every item alike: that is a refusal of the request.
void throw_if_credential_refused(std::vector<ledger::Receipt> const& receipts)
{
    auto const refused = [](ledger::Receipt const& receipt) {
        return receipt.refusal && receipt.refusal->error() == Error::unauthorized;
    };
    if (std::all_of(receipts.begin(), receipts.end(), refused)) throw *receipts.front().refusal;
}

http::Response spend_batch(service::Call const& call)
{
    auto const receipts = call.ledger.spend_all(parse_batch(call), call.deadline);
    throw_if_credential_refused(receipts);

    auto body = json::Writer();
    body.begin().array("results");
    for (auto const& receipt : receipts) {
        if (receipt.refusal)
            write_refusal(body, *receipt.refusal, call.request.request_id);
        else
            write_receipt(body, receipt);
    }
    return http::json(200, body.end().end().str());
}

ledger::Reverse parse_reverse(service::Call const& call)
{
    auto body = api::Body(call);
    auto const amount = body.fields.optional_integer("amount", 1, api::tokens_max);
    auto description = body.optional_description().value_or("reversal");
    auto key = body.idempotency_key();
    body.done();
    return {.caller = auth::proven(call.caller()),
            .of = api::id_in_path(call, Error::entry_not_found),
            .amount = amount,
            .description = std::move(description),
            .key = std::move(key)};
}

http::Response reverse(service::Call const& call)
{
    auto const asked = parse_reverse(call);
    auto const receipt = ledger::reverse(call.session, asked, call.deadline);
    auto body = json::Writer();
    body.begin()
        .field("success", true)
        .field("transaction_id", base::to_string(receipt.entry))
        .field("reversed_transaction_id", base::to_string(asked.of))
        .field("tokens_reversed", receipt.amount)
        .field("balance_before", receipt.before)
        .field("balance_after", receipt.after)
        .end();
    return api::reply(200, body, receipt.replayed);
}

} // namespace

int main(int count, char** arguments)
{
    using namespace service;
    auto const endpoints = std::vector{
        post("/api/v1/users/{user_id}/spend", Dialect::token, Access::key_or_admin(Scope::spend), spend),
        post("/api/v1/spend/batch", Dialect::token, Access::key(Scope::spend), spend_batch)
            .with_body_max(body_max_batch),
        post("/api/v1/entries/{id}/reverse", Dialect::token, Access::key(Scope::grant), reverse),
    };
    return run(count, arguments, {.name = "spend", .endpoints = endpoints});
}
