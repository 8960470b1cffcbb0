#include "shared/ledger/grants.hpp"

#include "shared/base/fingerprint.hpp"
#include "shared/ledger/optional_parts.hpp"

#include <utility>

namespace ledger {

namespace {

// What only the database can judge of a request's shape: its clock decides what has passed.
Receipt with_field(Receipt receipt)
{
    if (receipt.refusal && receipt.refusal->error() == base::Error::validation_error)
        receipt.refusal =
            base::Failure(base::Error::validation_error)
                .with("field", "expires_at")
                .with(base::Problem{{"body", "expires_at"}, "must be in the future", "datetime"});
    return receipt;
}

} // namespace

base::Sha256 fingerprint(Grant const& grant)
{
    // Named one by one, so that a new member is thought of here.
    auto const& [caller, user, entry, amount, grant_class, priority, expires_at_us, description, metadata,
                 key] = grant;
    return base::Fingerprint("grant/1")
        .part(amount)
        .part(grant_class)
        .part(priority)
        .part(expires_at_us)
        .part(description)
        .part(canonical_of(metadata))
        .digest();
}

Receipt grant(db::Session& session, Grant const& grant, base::Deadline deadline)
{
    auto const row =
        session.move(deadline, [&](db::Connection& connection, db::NotAfter not_after, auto until) {
            auto const rows = connection.one("farebox_api.\"grant\"",
                                             db::Params{}
                                                 .caller(grant.caller)
                                                 .uuid(grant.entry)
                                                 .uuid(grant.user.id)
                                                 .int8(grant.user.number)
                                                 .int8(grant.amount)
                                                 .text(grant.grant_class)
                                                 .int4(grant.priority)
                                                 .timestamptz(grant.expires_at_us)
                                                 .text(grant.key)
                                                 .bytea(fingerprint_of_keyed(grant))
                                                 .text(grant.description)
                                                 .json(text_of(grant.metadata))
                                                 .timestamptz(not_after.us),
                                             until);
            return move_row(rows[0]);
        });
    return or_throw(with_field(receipt_of(row, grant.entry)));
}

base::Sha256 fingerprint(Reverse const& reverse)
{
    auto const& [caller, of, entry, amount, description, key] = reverse;
    return base::Fingerprint("reverse/1").part(base::to_string(of)).part(amount).part(description).digest();
}

Receipt reverse(db::Session& session, Reverse const& reverse, base::Deadline deadline)
{
    auto const row =
        session.move(deadline, [&](db::Connection& connection, db::NotAfter not_after, auto until) {
            auto const rows = connection.one("farebox_api.reverse",
                                             db::Params{}
                                                 .caller(reverse.caller)
                                                 .uuid(reverse.entry)
                                                 .uuid(reverse.of)
                                                 .int8(reverse.amount)
                                                 .text(reverse.key)
                                                 .bytea(fingerprint_of_keyed(reverse))
                                                 .text(reverse.description)
                                                 .timestamptz(not_after.us),
                                             until);
            return move_row(rows[0]);
        });
    return or_throw(receipt_of(row, reverse.entry));
}

} // namespace ledger
