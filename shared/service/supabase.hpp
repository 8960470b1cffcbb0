// What auth::Tokens asks of a Supabase project, over HTTP.
#pragma once

#include "shared/auth/tokens.hpp"
#include "shared/config/config.hpp"

#include <cstddef>
#include <memory>

namespace service {

// The verification of this project's access tokens; nullptr where none is configured, and then no token is
// anybody's.
//
// `waiting_max`: the requests that may wait for Supabase Auth's word on a token at once.
std::unique_ptr<auth::Tokens> tokens_of(config::Supabase const& supabase, std::size_t waiting_max,
                                        auth::Tokens::Stands stands);

} // namespace service
