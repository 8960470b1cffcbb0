// The variables of Supabase. The address and the issuers are judged here, once, so that no request ever is
// sent in the clear over a network and no token is compared with an issuer that cannot match.
#pragma once

#include "shared/config/config.hpp"
#include "shared/config/reader.hpp"

namespace config {

// Adds its faults to `reader`; throws nothing.
Supabase read_supabase(Reader& reader);

} // namespace config
