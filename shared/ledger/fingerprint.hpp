// What a client asked for, as 32 bytes: the same idempotency key with another fingerprint is another request.
//
// Only what the client said goes in: never a price, a balance or an id of ours, or a repeat would differ from
// itself (ledger rule 15, ARCHITECTURE). The name of each encoding carries a version, because fingerprints
// are stored for ever: a changed encoding under an old name would refuse honest repeats.
#pragma once

#include "shared/base/secret.hpp"
#include "shared/ledger/types.hpp"

namespace ledger {

base::Sha256 fingerprint(Spend const& spend);    // spend/1
base::Sha256 fingerprint(Grant const& grant);    // grant/1
base::Sha256 fingerprint(Reverse const& entry);  // reverse/1
base::Sha256 fingerprint(NewUser const& user);   // create_user/1
base::Sha256 fingerprint(PlaceHold const& hold); // hold/1

} // namespace ledger
