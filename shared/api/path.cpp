#include "shared/api/path.hpp"

#include "shared/base/failure.hpp"

namespace api {

ledger::UserRef user_in_path(service::Call const& call)
{
    auto const user = ledger::parse_user(call.path.param("user_id"));
    if (!user) throw base::Failure(base::Error::user_not_found);
    return *user;
}

base::Uuid id_in_path(service::Call const& call, base::Error absent)
{
    auto const id = base::parse_uuid(call.path.param("id"));
    if (!id) throw base::Failure(absent);
    return *id;
}

} // namespace api
