#include "shared/ledger/entries.hpp"

#include "shared/db/status.hpp"

namespace ledger {

std::vector<Entry> entries(db::Session& session, ReadEntries const& asked, base::Deadline deadline)
{
    return session.read(deadline, [&](db::Connection& connection, auto until) {
        auto const rows = connection.all("farebox_api.entries",
                                         db::Params{}
                                             .caller(asked.caller)
                                             .uuid(asked.user.id)
                                             .int8(asked.user.number)
                                             .int4(asked.limit)
                                             .int8(asked.before),
                                         until);
        auto entries = std::vector<Entry>();
        for (int i = 0; i < rows.size(); ++i) {
            auto const row = rows[i];
            db::expect_ok(row.text("status"));
            if (row.null("entry")) break; // the one row of a wallet without entries
            entries.push_back({.id = row.uuid("entry"),
                               .kind = row.text("kind"),
                               .amount = row.int8("amount"),
                               .seq = row.int8("seq"),
                               .balance_after = row.int8("balance_after"),
                               .description = row.optional_text("description"),
                               .metadata = row.optional_text("metadata"),
                               .key = row.optional_text("key"),
                               .reverses = row.optional_uuid("reverses"),
                               .created_at_us = row.timestamp_us("created_at")});
        }
        return entries;
    });
}

} // namespace ledger
