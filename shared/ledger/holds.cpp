#include "shared/ledger/holds.hpp"

#include "shared/base/fingerprint.hpp"
#include "shared/db/batch_call.hpp"
#include "shared/ledger/optional_parts.hpp"
#include "shared/ledger/receipt.hpp"

namespace ledger {

namespace {

HoldRow hold_row(db::Row const& row)
{
    return {.status = row.text("status"),
            .hold = row.optional_uuid("hold"),
            .amount = row.optional_int8("amount"),
            .available = row.optional_int8("available"),
            .expires_at_us = row.optional_timestamp_us("expires_at"),
            .at_us = row.optional_timestamp_us("at"),
            .state = row.optional_text("state"),
            .captured = row.optional_int8("captured"),
            .held = row.optional_int8("held")};
}

EndRow end_row(db::Row const& row)
{
    return {.status = row.text("status"),
            .entry = row.optional_uuid("entry"),
            .amount = row.optional_int8("amount"),
            .before = row.optional_int8("before"),
            .after = row.optional_int8("after"),
            .available = row.optional_int8("available"),
            .at_us = row.optional_timestamp_us("at"),
            .released = row.optional_int8("released"),
            .settled_by = row.optional_uuid("settled_by"),
            .held = row.optional_int8("held")};
}

} // namespace

base::Sha256 fingerprint(PlaceHold const& hold)
{
    // Named one by one, so that a new member is thought of here.
    auto const& [caller, user, id, amount, ttl_ms, on_lapse, lapse_amount, started, description, metadata,
                 key] = hold;
    return base::Fingerprint("hold/1")
        .part(amount)
        .part(ttl_ms)
        .part(description)
        .part(canonical_of(metadata))
        .part(on_lapse)
        .part(lapse_amount)
        .digest();
}

HoldReceipt hold_receipt_of(HoldRow const& row, base::Uuid const& own)
{
    if (!db::took_effect(row.status))
        return {.refusal = refusal_with(row.status, row.amount, row.available, row.held)};
    return {.hold = row.hold.value_or(own),
            .amount = row.amount.value_or(0),
            .available = row.available,
            .expires_at_us = row.expires_at_us.value_or(0),
            .at_us = row.at_us.value_or(0),
            .state = row.state.value_or("open"), // a mark is made of an open hold only
            .captured = row.captured,
            .replayed = row.status == "replayed" && row.hold != own};
}

EndReceipt end_receipt_of(EndRow const& row, base::Uuid const& own)
{
    if (!db::took_effect(row.status))
        return {.refusal = refusal_with(row.status, row.amount, row.available, row.held)};
    return {.entry = row.entry,
            .amount = row.amount.value_or(0),
            .released = row.released.value_or(0),
            .before = row.before.value_or(0),
            .after = row.after.value_or(0),
            .at_us = row.at_us.value_or(0),
            .replayed = row.status == "replayed" && row.settled_by != own};
}

std::vector<HoldRow> place_holds(db::Connection& connection, db::MoveCall<PlaceHold> const& call,
                                 db::NotAfter not_after)
{
    auto batch = db::BatchParams<PlaceHold>(call.requests);
    batch.uuid([](PlaceHold const& h) { return h.hold; })
        .uuid([](PlaceHold const& h) { return h.user.id; })
        .int8([](PlaceHold const& h) { return h.user.number; })
        .int8([](PlaceHold const& h) { return h.amount; })
        .int8([](PlaceHold const& h) { return h.ttl_ms; })
        .text([](PlaceHold const& h) { return h.on_lapse; })
        .int8([](PlaceHold const& h) { return h.lapse_amount; })
        .boolean([](PlaceHold const& h) { return h.started; })
        .text([](PlaceHold const& h) { return h.key; })
        .bytea([](PlaceHold const& h) { return fingerprint_of_keyed(h); })
        .text([](PlaceHold const& h) { return h.description; })
        .json([](PlaceHold const& h) { return text_of(h.metadata); })
        .params()
        .timestamptz(not_after.us)
        .boolean(call.skip_locked);
    auto const rows = connection.all("farebox_api.place_holds", batch.params(), call.deadline);
    return db::in_order<HoldRow>(rows, call.requests.size(), hold_row);
}

std::vector<EndRow> end_holds(db::Connection& connection, db::MoveCall<EndHold> const& call,
                              db::NotAfter not_after)
{
    auto batch = db::BatchParams<EndHold>(call.requests);
    batch.uuid([](EndHold const& h) { return h.id; })
        .uuid([](EndHold const& h) { return h.hold; })
        .int8([](EndHold const& h) { return h.amount; })
        .boolean([](EndHold const& h) { return h.clamp; })
        .text([](EndHold const& h) { return h.description; })
        .json([](EndHold const& h) { return text_of(h.metadata); })
        .params()
        .timestamptz(not_after.us)
        .boolean(call.skip_locked);
    auto const rows = connection.all("farebox_api.end_holds", batch.params(), call.deadline);
    return db::in_order<EndRow>(rows, call.requests.size(), end_row);
}

HoldReceipt mark_started(db::Session& session, MarkStarted const& hold, base::Deadline deadline)
{
    auto const row =
        session.move(deadline, [&](db::Connection& connection, db::NotAfter not_after, auto until) {
            auto const rows = connection.one("farebox_api.mark_started",
                                             db::Params{}
                                                 .caller(hold.caller)
                                                 .uuid(hold.hold)
                                                 .int8(hold.lapse_amount)
                                                 .timestamptz(not_after.us),
                                             until);
            auto const answer = rows[0];
            return HoldRow{.status = answer.text("status"),
                           .hold = answer.optional_uuid("hold"),
                           .amount = answer.optional_int8("amount"),
                           .available = {},
                           .expires_at_us = answer.optional_timestamp_us("expires_at"),
                           .at_us = answer.optional_timestamp_us("at")};
        });
    return or_throw(hold_receipt_of(row, hold.hold));
}

} // namespace ledger
