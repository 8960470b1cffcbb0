#include "shared/accounts/sessions.hpp"

namespace accounts {

bool session_stands(db::Session& session, base::Sha256 const& proof, base::Deadline deadline)
{
    return session.read(deadline, [&](db::Connection& connection, auto until) {
        return connection.one("farebox_api.session_stands", db::Params{}.bytea(proof), until)[0].boolean(
            "session_stands");
    });
}

} // namespace accounts
