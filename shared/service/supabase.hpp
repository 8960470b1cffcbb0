// What auth::Tokens asks of a Supabase project, over HTTP.
#pragma once

#include "shared/auth/tokens.hpp"
#include "shared/config/config.hpp"

#include <memory>

namespace service {

// The verification of this project's access tokens; nullptr where none is configured, and then no token is
// anybody's.
std::unique_ptr<auth::Tokens> tokens_of(config::Supabase const& supabase);

} // namespace service
