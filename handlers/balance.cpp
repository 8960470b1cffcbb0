// GET /api/v1/users/{user_id}/balance: what a user has.
//
//   Access    that user, an admin, or a service with the scope read
//   Reply     200 {"user_id": number, "token_balance", "subscription_active", "subscription_end": ISO 8601 or
//             null, "can_spend", "reason": null or a code, "held", "available", "debt"}
//   Refuses   user_not_found, busy
//
// GET /api/v1/users/{user_id}/entries?limit=1..200&before=<seq>: what happened to a wallet, newest first.
//
//   Access    that user, an admin, or a service with the scope read
//   Reply     200 {"entries": [{"id", "kind", "amount" (signed), "seq", "balance_after", "description",
//             "metadata", "idempotency_key", "reverses", "created_at"}], "next_before": a seq or null}; the
//             next page is asked for with before=next_before
//   Refuses   validation_error (limit, before), user_not_found, busy
//
// GET /api/user/tokens/{phone}: the same user, known by phone.
//
//   Access    that user, an admin, or a service with the scope read
//   Reply     200 {"tokens", "low_balance"}
//   Refuses   user_not_found (no digits, or nobody's), busy
//
// To a user who is no admin every wallet but their own is user_not_found, whether it exists or not, and is
// never touched: they are read by the id of their token, and only what the path names is compared.

#include "shared/api/contact.hpp"
#include "shared/json/fields.hpp"
#include "shared/json/writer.hpp"
#include "shared/ledger/ledger.hpp"
#include "shared/service/service.hpp"

#include <charconv>
#include <limits>

namespace {

using base::Error;
using base::Failure;

constexpr std::int64_t limit_default = 50;
constexpr std::int64_t limit_max = 200;

ledger::UserRef by_id(base::Uuid const& id)
{
    return {.id = id, .number = {}, .phone = {}};
}

ledger::UserRef named_in(service::Call const& call)
{
    auto const user = ledger::parse_user(call.path.param("user_id"));
    if (!user) throw Failure(Error::user_not_found);
    return *user;
}

// The wallet that the path names, as far as it is the caller's to see.
ledger::Balance wallet_named_in(service::Call const& call)
{
    auto const named = named_in(call);
    auto const& person = call.caller.user;
    if (!person) return call.ledger.balance(named, call.credential(), call.deadline);

    if (!named.id || *named.id == person->user) {
        auto own = call.ledger.balance(by_id(person->user), call.credential(), call.deadline);
        if (!named.number || *named.number == own.number) return own;
    }
    if (!service::is_admin(call)) throw Failure(Error::user_not_found);
    return call.ledger.balance(named, call.credential(), call.deadline);
}

// Of a user it is settled first that the entries are their own.
ledger::UserRef whose_entries(service::Call const& call)
{
    return call.caller.user ? by_id(wallet_named_in(call).user) : named_in(call);
}

http::Response balance(service::Call const& call)
{
    auto const wallet = wallet_named_in(call);
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

// A whole number of the query string; empty when absent. A bad one is added to `problems`.
std::optional<std::int64_t> query_integer(http::Request const& request, std::string const& name,
                                          std::int64_t max, std::vector<base::Problem>& problems)
{
    auto const text = request.query_value(name);
    if (!text) return std::nullopt;
    auto value = std::int64_t{0};
    auto const* const end = text->data() + text->size();
    auto const [stop, error] = std::from_chars(text->data(), end, value);
    if (error == std::errc{} && stop == end && value >= 1 && value <= max) return value;
    problems.push_back({.loc = {"query", name},
                        .msg = "must be a whole number from 1 to " + std::to_string(max),
                        .type = "int_range"});
    return std::nullopt;
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
    auto problems = std::vector<base::Problem>();
    auto const limit = query_integer(call.request, "limit", limit_max, problems).value_or(limit_default);
    auto const before =
        query_integer(call.request, "before", std::numeric_limits<std::int64_t>::max(), problems);
    json::throw_if_any(std::move(problems));
    auto const page = call.ledger.statement(whose_entries(call), static_cast<int>(limit), before,
                                            call.credential(), call.deadline);

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

http::Response tokens_by_phone(service::Call const& call)
{
    auto digits = api::digits_of(call.path.param("phone"));
    if (digits.empty()) throw Failure(Error::user_not_found);

    auto user = ledger::UserRef{.id = {}, .number = {}, .phone = std::move(digits)};
    if (auto const& person = call.caller.user) {
        if (*user.phone == person->phone)
            user = by_id(person->user);
        else if (!service::is_admin(call))
            throw Failure(Error::user_not_found);
    }
    auto const wallet = call.ledger.balance(user, call.credential(), call.deadline);
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
