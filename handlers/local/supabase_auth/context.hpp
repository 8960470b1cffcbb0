// What the endpoints work with: one of each for the process, made before the first request.
#pragma once

#include "handlers/local/supabase_auth/signing.hpp"
#include "handlers/local/supabase_auth/store.hpp"
#include "shared/config/local_auth.hpp"

namespace local_auth {

struct Context {
    config::LocalAuth settings;
    Signer signer;
    Store store;
};

// Made at the first call, which is main's: throws std::runtime_error then, saying what is wrong with the
// settings or the key.
Context& context();

} // namespace local_auth
