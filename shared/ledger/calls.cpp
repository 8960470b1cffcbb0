#include "shared/ledger/calls.hpp"

#include "shared/ledger/fingerprint.hpp"

namespace ledger::calls {

namespace {

using db::Connection;
using db::Nullable;
using db::Params;
using db::Rows;

// The function takes a key and its fingerprint together or not at all.
template <class Request>
std::optional<base::Sha256> fingerprint_of(Request const& request)
{
    return request.key ? std::optional(fingerprint(request)) : std::nullopt;
}

// Columns from `first` on, as the moves return them.
MoveRow move_row(Rows const& rows, int row, int first = 0)
{
    return {.status = rows.text(row, first),
            .entry = rows.optional_uuid(row, first + 1),
            .amount = rows.optional_int8(row, first + 2),
            .before = rows.optional_int8(row, first + 3),
            .after = rows.optional_int8(row, first + 4),
            .available = rows.optional_int8(row, first + 5),
            .at_us = rows.optional_timestamp_us(row, first + 6)};
}

// A function that answers another number of rows, or in another order, is not the function we know.
void expect(bool as_agreed, char const* function)
{
    if (!as_agreed)
        throw base::Failure(base::Error::internal,
                            std::string("unexpected rows from farebox_api.") + function);
}

template <class T, class Item, class Member>
Nullable<T> column(std::span<Item const> items, Member const& member)
{
    Nullable<T> values;
    values.reserve(items.size());
    for (auto const& item : items)
        values.push_back(member(item));
    return values;
}

// Booleans travel as the words that PostgreSQL casts to them.
std::string word(bool value)
{
    return value ? "true" : "false";
}

MoveRow spend_one(Connection& connection, Spend const& spend, NotAfter not_after, base::Deadline deadline)
{
    auto const rows =
        connection.call("select status, entry, amount, before, after, available, at "
                        "from farebox_api.spend_one($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)",
                        Params{}
                            .uuid(spend.entry)
                            .uuid(spend.user.id)
                            .int8(spend.user.number)
                            .int8(spend.amount)
                            .text({}) // model
                            .text(spend.key)
                            .bytea(fingerprint_of(spend))
                            .text(spend.description)
                            .json(spend.metadata)
                            .uuid(spend.credential.session)
                            .uuid(spend.credential.user)
                            .bytea(spend.credential.api_key)
                            .timestamptz(not_after.us),
                        deadline);
    expect(rows.size() == 1, "spend_one");
    return move_row(rows, 0);
}

} // namespace

std::vector<MoveRow> spend(Connection& connection, std::span<Spend const* const> spends, NotAfter not_after,
                           bool skip_locked, base::Deadline deadline)
{
    if (spends.size() == 1 && !skip_locked)
        return {spend_one(connection, *spends.front(), not_after, deadline)};
    auto const text = [&](auto member) { return column<std::string>(spends, member); };
    auto const uuid = [&](auto member) { return column<base::Uuid>(spends, member); };
    auto const int8 = [&](auto member) { return column<std::int64_t>(spends, member); };
    auto const bytea = [&](auto member) { return column<base::Sha256>(spends, member); };
    Nullable<std::string> const no_text(spends.size());

    auto const rows =
        connection.call("select n, status, entry, amount, before, after, available, at "
                        "from farebox_api.spend($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)",
                        Params{}
                            .uuid_array(uuid([](auto const* s) { return s->entry; }))
                            .uuid_array(uuid([](auto const* s) { return s->user.id; }))
                            .int8_array(int8([](auto const* s) { return s->user.number; }))
                            .int8_array(int8([](auto const* s) { return s->amount; }))
                            .text_array(no_text) // model
                            .text_array(text([](auto const* s) { return s->key; }))
                            .bytea_array(bytea([](auto const* s) { return fingerprint_of(*s); }))
                            .text_array(text([](auto const* s) { return s->description; }))
                            .json_array(text([](auto const* s) { return s->metadata; }))
                            .uuid_array(uuid([](auto const* s) { return s->credential.session; }))
                            .uuid_array(uuid([](auto const* s) { return s->credential.user; }))
                            .bytea_array(bytea([](auto const* s) { return s->credential.api_key; }))
                            .timestamptz(not_after.us)
                            .boolean(skip_locked),
                        deadline);
    expect(rows.size() == static_cast<int>(spends.size()), "spend");
    std::vector<MoveRow> answers;
    for (int row = 0; row < rows.size(); ++row) {
        expect(rows.int8(row, 0) == row + 1, "spend");
        answers.push_back(move_row(rows, row, 1));
    }
    return answers;
}

std::vector<HoldRow> hold(Connection& connection, std::span<PlaceHold const* const> holds, NotAfter not_after,
                          bool skip_locked, base::Deadline deadline)
{
    auto const text = [&](auto member) { return column<std::string>(holds, member); };
    auto const uuid = [&](auto member) { return column<base::Uuid>(holds, member); };
    auto const int8 = [&](auto member) { return column<std::int64_t>(holds, member); };
    auto const bytea = [&](auto member) { return column<base::Sha256>(holds, member); };

    auto const rows = connection.call(
        "select n, status, hold, amount, available, expires_at, at "
        "from farebox_api.hold($1,$2,$3,$4,$5,$6,$7,$8::boolean[],$9,$10,$11,$12,$13,$14,$15,$16,$17)",
        Params{}
            .uuid_array(uuid([](auto const* h) { return h->hold; }))
            .uuid_array(uuid([](auto const* h) { return h->user.id; }))
            .int8_array(int8([](auto const* h) { return h->user.number; }))
            .int8_array(int8([](auto const* h) { return h->amount; }))
            .int8_array(int8([](auto const* h) { return h->ttl_ms; }))
            .text_array(text([](auto const* h) { return h->on_lapse; }))
            .int8_array(int8([](auto const* h) { return h->lapse_amount; }))
            .text_array(text([](auto const* h) { return word(h->dispatched); }))
            .text_array(text([](auto const* h) { return h->key; }))
            .bytea_array(bytea([](auto const* h) { return fingerprint_of(*h); }))
            .text_array(text([](auto const* h) { return h->description; }))
            .json_array(text([](auto const* h) { return h->metadata; }))
            .uuid_array(uuid([](auto const* h) { return h->credential.session; }))
            .uuid_array(uuid([](auto const* h) { return h->credential.user; }))
            .bytea_array(bytea([](auto const* h) { return h->credential.api_key; }))
            .timestamptz(not_after.us)
            .boolean(skip_locked),
        deadline);
    expect(rows.size() == static_cast<int>(holds.size()), "hold");
    std::vector<HoldRow> answers;
    for (int row = 0; row < rows.size(); ++row) {
        expect(rows.int8(row, 0) == row + 1, "hold");
        answers.push_back({.status = rows.text(row, 1),
                           .hold = rows.optional_uuid(row, 2),
                           .amount = rows.optional_int8(row, 3),
                           .available = rows.optional_int8(row, 4),
                           .expires_at_us = rows.optional_timestamp_us(row, 5),
                           .at_us = rows.optional_timestamp_us(row, 6)});
    }
    return answers;
}

std::vector<SettleRow> settle(Connection& connection, std::span<SettleHold const* const> holds,
                              NotAfter not_after, bool skip_locked, base::Deadline deadline)
{
    auto const text = [&](auto member) { return column<std::string>(holds, member); };
    auto const uuid = [&](auto member) { return column<base::Uuid>(holds, member); };

    auto const rows = connection.call(
        "select n, status, entry, amount, before, after, available, at, released, settled_by "
        "from farebox_api.settle($1,$2,$3,$4::boolean[],$5,$6,$7,$8,$9,$10,$11)",
        Params{}
            .uuid_array(uuid([](auto const* h) { return h->id; }))
            .uuid_array(uuid([](auto const* h) { return h->hold; }))
            .int8_array(column<std::int64_t>(holds, [](auto const* h) { return h->amount; }))
            .text_array(text([](auto const* h) { return word(h->clamp); }))
            .text_array(text([](auto const* h) { return h->description; }))
            .json_array(text([](auto const* h) { return h->metadata; }))
            .uuid_array(uuid([](auto const* h) { return h->credential.session; }))
            .uuid_array(uuid([](auto const* h) { return h->credential.user; }))
            .bytea_array(column<base::Sha256>(holds, [](auto const* h) { return h->credential.api_key; }))
            .timestamptz(not_after.us)
            .boolean(skip_locked),
        deadline);
    expect(rows.size() == static_cast<int>(holds.size()), "settle");
    std::vector<SettleRow> answers;
    for (int row = 0; row < rows.size(); ++row) {
        expect(rows.int8(row, 0) == row + 1, "settle");
        answers.push_back({.status = rows.text(row, 1),
                           .entry = rows.optional_uuid(row, 2),
                           .amount = rows.optional_int8(row, 3),
                           .before = rows.optional_int8(row, 4),
                           .after = rows.optional_int8(row, 5),
                           .available = rows.optional_int8(row, 6),
                           .at_us = rows.optional_timestamp_us(row, 7),
                           .released = rows.optional_int8(row, 8),
                           .settled_by = rows.optional_uuid(row, 9)});
    }
    return answers;
}

HoldRow dispatch(Connection& connection, DispatchHold const& hold, NotAfter not_after,
                 base::Deadline deadline)
{
    auto const rows = connection.call("select status, hold, amount, expires_at, at "
                                      "from farebox_api.dispatch($1,$2,$3,$4,$5,$6)",
                                      Params{}
                                          .uuid(hold.hold)
                                          .int8(hold.lapse_amount)
                                          .uuid(hold.credential.session)
                                          .uuid(hold.credential.user)
                                          .bytea(hold.credential.api_key)
                                          .timestamptz(not_after.us),
                                      deadline);
    expect(rows.size() == 1, "dispatch");
    return {.status = rows.text(0, 0),
            .hold = rows.optional_uuid(0, 1),
            .amount = rows.optional_int8(0, 2),
            .available = {},
            .expires_at_us = rows.optional_timestamp_us(0, 3),
            .at_us = rows.optional_timestamp_us(0, 4)};
}

MoveRow grant(Connection& connection, Grant const& grant, NotAfter not_after, base::Deadline deadline)
{
    auto const rows =
        connection.call("select status, entry, amount, before, after, available, at "
                        "from farebox_api.\"grant\"($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)",
                        Params{}
                            .uuid(grant.entry)
                            .uuid(grant.user.id)
                            .int8(grant.user.number)
                            .int8(grant.amount)
                            .text(grant.grant_class)
                            .int4(grant.priority)
                            .timestamptz(grant.expires_at_us)
                            .text(grant.key)
                            .bytea(fingerprint_of(grant))
                            .text(grant.description)
                            .json(grant.metadata)
                            .bytea(grant.credential.api_key)
                            .timestamptz(not_after.us),
                        deadline);
    expect(rows.size() == 1, "grant");
    return move_row(rows, 0);
}

MoveRow reverse(Connection& connection, Reverse const& entry, NotAfter not_after, base::Deadline deadline)
{
    auto const rows = connection.call("select status, entry, amount, before, after, available, at "
                                      "from farebox_api.reverse($1,$2,$3,$4,$5,$6,$7,$8)",
                                      Params{}
                                          .uuid(entry.entry)
                                          .uuid(entry.of)
                                          .int8(entry.amount)
                                          .text(entry.key)
                                          .bytea(fingerprint_of(entry))
                                          .text(entry.description)
                                          .bytea(entry.credential.api_key)
                                          .timestamptz(not_after.us),
                                      deadline);
    expect(rows.size() == 1, "reverse");
    return move_row(rows, 0);
}

UserRow create_user(Connection& connection, NewUser const& user, NotAfter not_after, base::Deadline deadline)
{
    auto const rows = connection.call("select status, user_id, number, phone, email, balance, created_at "
                                      "from farebox_api.create_user($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)",
                                      Params{}
                                          .uuid(user.id)
                                          .int8(user.number)
                                          .text(user.phone)
                                          .text(user.email)
                                          .int8(user.tokens)
                                          .uuid(user.entry)
                                          .text(user.key)
                                          .bytea(fingerprint_of(user))
                                          .bytea(user.credential.api_key)
                                          .timestamptz(not_after.us),
                                      deadline);
    expect(rows.size() == 1, "create_user");
    UserRow answer{.status = rows.text(0, 0), .user = {}};
    if (took_effect(answer.status))
        answer.user = {.id = rows.uuid(0, 1),
                       .number = rows.int8(0, 2),
                       .phone = rows.optional_text(0, 3),
                       .email = rows.optional_text(0, 4),
                       .balance = rows.int8(0, 5),
                       .created_at_us = rows.timestamp_us(0, 6),
                       .replayed = answer.status == "replayed" && rows.uuid(0, 1) != user.id};
    return answer;
}

namespace {

BalanceRow balance_row(Rows const& rows, int row)
{
    BalanceRow answer{.status = rows.text(row, 1), .balance = {}};
    if (answer.status == "ok")
        answer.balance = {.user = rows.uuid(row, 2),
                          .number = rows.int8(row, 3),
                          .balance = rows.int8(row, 4),
                          .held = rows.int8(row, 5),
                          .debt = rows.int8(row, 6),
                          .subscription_until_us = rows.optional_timestamp_us(row, 7),
                          .subscription_active = rows.boolean(row, 8),
                          .can_spend = rows.boolean(row, 9),
                          .reason = rows.optional_text(row, 10),
                          .low = rows.boolean(row, 11)};
    return answer;
}

} // namespace

std::vector<BalanceRow> balance(Connection& connection, std::span<BalanceOf const> of,
                                base::Deadline deadline)
{
    auto const rows = connection.call(
        "select n, status, user_id, number, balance, held, debt, subscription_until, subscription_active, "
        "can_spend, reason, low_balance from farebox_api.balance($1,$2,$3,$4)",
        Params{}
            .uuid_array(column<base::Uuid>(of, [](auto const& one) { return one.first->id; }))
            .int8_array(column<std::int64_t>(of, [](auto const& one) { return one.first->number; }))
            .text_array(column<std::string>(of, [](auto const& one) { return one.first->phone; }))
            .bytea_array(column<base::Sha256>(of, [](auto const& one) { return one.second->api_key; })),
        deadline);
    expect(rows.size() == static_cast<int>(of.size()), "balance");
    std::vector<BalanceRow> answers;
    for (int row = 0; row < rows.size(); ++row) {
        expect(rows.int8(row, 0) == row + 1, "balance");
        answers.push_back(balance_row(rows, row));
    }
    return answers;
}

std::vector<Entry> statement(Connection& connection, UserRef const& user, int limit,
                             std::optional<std::int64_t> before, Credential const& credential,
                             base::Deadline deadline)
{
    auto const rows = connection.call(
        "select status, entry, kind, amount, seq, balance_after, description, metadata, "
        "key, reverses, created_at from farebox_api.statement($1,$2,$3,$4,$5)",
        Params{}.uuid(user.id).int8(user.number).int4(limit).int8(before).bytea(credential.api_key),
        deadline);
    expect(rows.size() >= 1, "statement");
    if (auto const status = rows.text(0, 0); status != "ok") throw refusal_of(status, Subject::user);
    std::vector<Entry> entries;
    for (int row = 0; row < rows.size() && !rows.null(row, 1); ++row)
        entries.push_back({.id = rows.uuid(row, 1),
                           .kind = rows.text(row, 2),
                           .amount = rows.int8(row, 3),
                           .seq = rows.int8(row, 4),
                           .balance_after = rows.int8(row, 5),
                           .description = rows.optional_text(row, 6),
                           .metadata = rows.optional_text(row, 7),
                           .key = rows.optional_text(row, 8),
                           .reverses = rows.optional_uuid(row, 9),
                           .created_at_us = rows.timestamp_us(row, 10)});
    return entries;
}

std::optional<ApiKey> api_key(Connection& connection, base::Sha256 const& hash, base::Deadline deadline)
{
    auto const rows =
        connection.call("select name, scopes from farebox_api.api_key($1)", Params{}.bytea(hash), deadline);
    if (rows.size() == 0) return {};
    return ApiKey{.name = rows.text(0, 0), .scopes = rows.text_array(0, 1)};
}

void ping(Connection& connection, base::Deadline deadline)
{
    connection.call("select 1", Params{}, deadline);
}

} // namespace ledger::calls
