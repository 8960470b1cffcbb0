// A session as the API answers it: access token, refresh token, user.
#pragma once

#include "handlers/local/supabase_auth/store.hpp"
#include "shared/http/message.hpp"

namespace local_auth {

// For an account whose session was opened or goes on.
http::Response session_response(Account const& account);

// The user alone.
http::Response user_response(Account const& account);

} // namespace local_auth
