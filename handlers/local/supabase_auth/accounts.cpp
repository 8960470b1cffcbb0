// The holder of an access token: reading and changing the own account.

#include "handlers/local/supabase_auth/answers.hpp"
#include "handlers/local/supabase_auth/context.hpp"
#include "handlers/local/supabase_auth/input.hpp"
#include "handlers/local/supabase_auth/session.hpp"

namespace local_auth {

http::Response read_user(service::Call const& call)
{
    return user_response(context().store.read_user(holder_of(call.request), call.deadline));
}

http::Response update_user(service::Call const& call)
{
    auto const holder = holder_of(call.request);
    auto const body = body_of(call.request);
    if (object_member(body, "app_metadata"))
        throw Refused("not_admin", "Updating app_metadata requires admin privileges");
    auto change = Change{.address = address_members(body),
                         .password = text_member(body, "password"),
                         .user_metadata_json = object_member(body, "data")};
    if (change.password) change.password = new_password(*std::move(change.password));
    return user_response(context().store.update_user(holder, change, call.deadline));
}

} // namespace local_auth
