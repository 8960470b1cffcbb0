// The settings of handlers/local/supabase_auth, the stand-in for Supabase Auth. No other handler reads them, and
// scripts/stack sets all but the two switches.
#pragma once

#include "shared/base/secret.hpp"

#include <string>

namespace config {

struct LocalAuth {
    // LOCAL_AUTH_DATABASE_URL: of the role farebox_local_auth, on a private cluster.
    base::Secret database_url;
    // LOCAL_AUTH_SERVICE_KEY: what opens the endpoints under /auth/v1/admin.
    base::Secret service_key;
    // LOCAL_AUTH_KEY: the P-256 private key (PEM) that signs access tokens.
    base::Secret signing_key;
    // LOCAL_AUTH_ISSUER: the claim iss, "<public url>/auth/v1".
    std::string issuer;
    // LOCAL_AUTH_CONFIRM=1: new addresses must be confirmed before their users may sign in.
    bool must_confirm = false;
};

// Throws std::runtime_error naming every variable that is missing or malformed, never a value; and in
// production, unless LOCAL_AUTH_IN_PRODUCTION is "yes": anybody can confirm any address here.
LocalAuth load_local_auth();

} // namespace config
