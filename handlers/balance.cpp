// GET /api/v1/users/{user_id}/balance: what a user has.
//
//   Access    that user, a user who is an admin, or a service with the scope read
//   Reply     200 {"user_id": number, "token_balance", "subscription_active", "subscription_end": ISO 8601 or
//             null, "can_spend", "reason": null or a code, "held", "available", "debt"}
//   Refuses   user_not_found, busy
//
// GET /api/v1/users/{user_id}/entries?limit=1..200&before=<seq>: what happened to a wallet, newest first.
//
//   Access    that user, a user who is an admin, or a service with the scope read
//   Reply     200 {"entries": [{"id", "kind", "amount" (signed), "seq", "balance_after", "description",
//             "metadata", "idempotency_key", "reverses", "created_at"}], "next_before": a seq or null}; the
//             next page is asked for with before=next_before
//   Refuses   validation_error (limit, before), user_not_found, busy
//
// GET /api/user/tokens/{phone}: the same user, known by phone.
//
//   Access    that user, a user who is an admin, or a service with the scope read
//   Reply     200 {"tokens", "low_balance"}
//   Refuses   user_not_found (no digits, or nobody's), busy
//
// To a user who is no admin every wallet but their own is user_not_found, whether it exists or not: the database decides
// before it looks at the wallet (farebox.caller_refusal).

#include "shared/api/contact.hpp"
#include "shared/api/path.hpp"
#include "shared/api/query.hpp"
#include "shared/json/writer.hpp"
#include "shared/ledger/entries.hpp"

#include <limits>

namespace {

using base::Error;
using base::Failure;

constexpr std::int64_t limit_default = 50;
constexpr std::int64_t limit_max = 200;

// What `read` answers to the caller; refused with `but_for`, the other one.
template <class Read, class Otherwise>
auto unless(Error but_for, Read const& read, Otherwise const& otherwise)
{
    try {
        return read();
    } catch (Failure const& failure) {
        if (failure.error() != but_for) throw;
        return otherwise(failure);
    }
}

// `read` as whoever calls may: a service anybody's, a user their own, and one who is an operator anybody's as well. Who is
// no operator hears nothing else than of a wallet that does not exist.
template <class Answer, class Read>
Answer read_as(auth::Caller const& caller, Read const& read)
{
    return auth::by_kind<Answer>(
        caller, [&](auth::ApiKey const& key) { return read(auth::proven(key)); },
        [&](auth::Operator const& someone) { return read(someone.proof); },
        [&](auth::User const& user) {
            auto const own = [&] { return read(auth::proven(user)); };
            return unless(Error::user_not_found, own, [&](Failure const& absent) {
                auto const as_operator = [&] { return read(auth::as_operator(user).proof); };
                return unless(Error::forbidden, as_operator, [&](Failure const&) -> Answer { throw absent; });
            });
        },
        auth::Refuses<auth::Device, auth::BillingKey, auth::Provider, auth::Ticket>());
}

ledger::Balance balance_of(service::Call const& call, ledger::UserRef const& user)
{
    return read_as<ledger::Balance>(call.caller(), [&](db::Caller const& caller) {
        return call.ledger.balance({.caller = caller, .user = user}, call.deadline);
    });
}

http::Response balance(service::Call const& call)
{
    auto const wallet = balance_of(call, api::user_in_path(call));
    auto subscription_end = std::optional<std::string>();
    if (wallet.subscription_until_us) subscription_end = base::iso8601(*wallet.subscription_until_us);
    auto body = json::Writer();
    body.begin()
        .field("user_id", wallet.number)
        .field("token_balance", wallet.balance)
        .field("subscription_active", wallet.subscription_active)
        .field("subscription_end", subscription_end)
        .field("can_spend", wallet.can_spend)
        .field("reason", wallet.reason)
        .field("held", wallet.held)
        .field("available", wallet.balance - wallet.held)
        .field("debt", wallet.debt)
        .end();
    return http::json(200, body.str());
}

void write_entry(json::Writer& writer, ledger::Entry const& entry)
{
    auto reverses = std::optional<std::string>();
    if (entry.reverses) reverses = base::to_string(*entry.reverses);
    writer.begin()
        .field("id", base::to_string(entry.id))
        .field("kind", entry.kind)
        .field("amount", entry.amount)
        .field("seq", entry.seq)
        .field("balance_after", entry.balance_after)
        .field("description", entry.description)
        .raw("metadata", entry.metadata.value_or("null"))
        .field("idempotency_key", entry.key)
        .field("reverses", reverses)
        .field("created_at", base::iso8601(entry.created_at_us))
        .end();
}

http::Response entries(service::Call const& call)
{
    auto query = api::Query(call);
    auto const limit = query.integer("limit", limit_max).value_or(limit_default);
    auto const before = query.integer("before", std::numeric_limits<std::int64_t>::max());
    query.done();
    auto const user = api::user_in_path(call);
    auto const page = read_as<std::vector<ledger::Entry>>(call.caller(), [&](db::Caller const& caller) {
        return ledger::entries(
            call.session,
            {.caller = caller, .user = user, .limit = static_cast<int>(limit), .before = before},
            call.deadline);
    });

    auto body = json::Writer();
    body.begin().array("entries");
    for (auto const& entry : page)
        write_entry(body, entry);
    body.end();
    // A wallet's seq begins at 1 and has no gaps, so the last entry of a page says whether there are more.
    auto next_before = std::optional<std::int64_t>();
    if (!page.empty() && page.back().seq > 1) next_before = page.back().seq;
    return http::json(200, body.field("next_before", next_before).end().str());
}

// A user's own phone stands in their token: that way one who is not known here yet is found, too.
ledger::UserRef user_by_phone(service::Call const& call)
{
    auto digits = api::digits_of(call.path.param("phone"));
    if (digits.empty()) throw Failure(Error::user_not_found);
    auto const* const user = std::get_if<auth::User>(&call.caller());
    if (user != nullptr && user->token.phone == digits) return {.id = user->token.user};
    return {.phone = std::move(digits)};
}

http::Response tokens_by_phone(service::Call const& call)
{
    auto const wallet = balance_of(call, user_by_phone(call));
    auto body = json::Writer();
    body.begin().field("tokens", wallet.balance).field("low_balance", wallet.low).end();
    return http::json(200, body.str());
}

} // namespace

int main(int count, char** arguments)
{
    using namespace service;
    auto const endpoints = std::vector{
        get("/api/v1/users/{user_id}/balance", Dialect::token, Access::user_or_key(Scope::read), balance),
        get("/api/v1/users/{user_id}/entries", Dialect::token, Access::user_or_key(Scope::read), entries),
        get("/api/user/tokens/{phone}", Dialect::mgmt, Access::user_or_key(Scope::read), tokens_by_phone),
    };
    return run(count, arguments, {.name = "balance", .endpoints = endpoints});
}
