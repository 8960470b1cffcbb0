#include "shared/ledger/catch_up.hpp"

namespace ledger {

bool catch_up(db::Connection& connection, base::Uuid const& wallet, base::Deadline deadline)
{
    auto const rows = connection.one("farebox_api.catch_up", db::Params{}.uuid(wallet), deadline);
    return rows[0].boolean("catch_up");
}

} // namespace ledger
