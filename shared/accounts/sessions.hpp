// Sessions of Supabase Auth: farebox_api.session_stands.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/secret.hpp"
#include "shared/db/session.hpp"

namespace accounts {

// Whether the session of these ids (db::both_ids) stands: not logged out, expired, banned, deleted. Throws busy while the
// database does not answer.
bool session_stands(db::Session& session, base::Sha256 const& proof, base::Deadline deadline);

} // namespace accounts
