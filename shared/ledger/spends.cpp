#include "shared/ledger/spends.hpp"

#include "shared/base/fingerprint.hpp"
#include "shared/db/batch_call.hpp"
#include "shared/ledger/optional_parts.hpp"

namespace ledger {

namespace {

MoveRow spend_one(db::Connection& connection, Spend const& spend, db::NotAfter not_after,
                  base::Deadline deadline)
{
    auto const rows = connection.one("farebox_api.spend_one",
                                     db::Params{}
                                         .caller(spend.caller)
                                         .uuid(spend.entry)
                                         .uuid(spend.user.id)
                                         .int8(spend.user.number)
                                         .int8(spend.amount)
                                         .text({}) // model
                                         .text(spend.key)
                                         .bytea(fingerprint_of_keyed(spend))
                                         .text(spend.description)
                                         .json(text_of(spend.metadata))
                                         .timestamptz(not_after.us),
                                     deadline);
    return move_row(rows[0]);
}

} // namespace

base::Sha256 fingerprint(Spend const& spend)
{
    // Named one by one, so that a new member is thought of here.
    auto const& [caller, user, entry, amount, description, metadata, key] = spend;
    return base::Fingerprint("spend/1").part(amount).part(description).part(canonical_of(metadata)).digest();
}

std::vector<MoveRow> spend(db::Connection& connection, db::MoveCall<Spend> const& call,
                           db::NotAfter not_after)
{
    if (call.requests.size() == 1 && !call.skip_locked)
        return {spend_one(connection, *call.requests.front(), not_after, call.deadline)};
    auto batch = db::BatchParams<Spend>(call.requests);
    batch.uuid([](Spend const& s) { return s.entry; })
        .uuid([](Spend const& s) { return s.user.id; })
        .int8([](Spend const& s) { return s.user.number; })
        .int8([](Spend const& s) { return s.amount; })
        .text([](Spend const&) { return std::optional<std::string>(); }) // model
        .text([](Spend const& s) { return s.key; })
        .bytea([](Spend const& s) { return fingerprint_of_keyed(s); })
        .text([](Spend const& s) { return s.description; })
        .json([](Spend const& s) { return text_of(s.metadata); })
        .params()
        .timestamptz(not_after.us)
        .boolean(call.skip_locked);
    auto const rows = connection.all("farebox_api.spend", batch.params(), call.deadline);
    return db::in_order<MoveRow>(rows, call.requests.size(), move_row);
}

} // namespace ledger
