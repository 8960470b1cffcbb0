// Catching up with a wallet that is behind: farebox_api.catch_up.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/connection.hpp"

namespace ledger {

// One step, the first of what has fallen due: whether more is due. Throws what db::Connection::call throws.
bool catch_up(db::Connection& connection, base::Uuid const& wallet, base::Deadline deadline);

} // namespace ledger
