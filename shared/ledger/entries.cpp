#include "shared/ledger/entries.hpp"

#include "shared/db/status.hpp"

#include <utility>

namespace ledger {

namespace {

struct EntriesRow {
    std::string status;
    std::optional<base::Uuid> wallet = {}; // with status behind
    std::vector<Entry> entries = {};       // with status ok

    std::optional<base::Uuid> behind() const { return db::row_behind(status, wallet); }
};

} // namespace

std::vector<Entry> entries(db::Session& session, ReadEntries const& asked, base::Deadline deadline)
{
    auto read = session.read_up_to_date(deadline, [&](db::Connection& connection, auto until) {
        auto const rows = connection.all("farebox_api.entries",
                                         db::Params{}
                                             .caller(asked.caller)
                                             .uuid(asked.user.id)
                                             .int8(asked.user.number)
                                             .int4(asked.limit)
                                             .int8(asked.before),
                                         until);
        // The status is the same in every row, and there is one at least.
        auto answer = EntriesRow{.status = rows[0].text("status")};
        if (answer.status == "behind") answer.wallet = rows[0].uuid("entry");
        if (answer.status != "ok") return answer;
        for (int i = 0; i < rows.size(); ++i) {
            auto const row = rows[i];
            if (row.null("entry")) break; // the one row of a wallet without entries
            answer.entries.push_back({.id = row.uuid("entry"),
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
        return answer;
    });
    db::expect_ok(read.status);
    return std::move(read.entries);
}

} // namespace ledger
