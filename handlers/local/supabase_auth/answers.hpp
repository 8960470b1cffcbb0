// The endpoints of the stand-in as functions, and what all of them have in common: the gateway's key and the
// words of a refusal.
#pragma once

#include "handlers/local/supabase_auth/refused.hpp"
#include "shared/service/service.hpp"

namespace local_auth {

http::Response sign_up(service::Call const& call);
http::Response token(service::Call const& call);
http::Response verify(service::Call const& call);
http::Response resend(service::Call const& call);
http::Response sign_out(service::Call const& call);
http::Response read_user(service::Call const& call);
http::Response update_user(service::Call const& call);
http::Response settings(service::Call const& call);
http::Response health(service::Call const& call);
http::Response key_set(service::Call const& call);
http::Response admin_list(service::Call const& call);
http::Response admin_create(service::Call const& call);
http::Response admin_read(service::Call const& call);
http::Response admin_update(service::Call const& call);
http::Response admin_delete(service::Call const& call);

using Work = http::Response (*)(service::Call const&);

// Anyone may ask; refusals are told in Supabase Auth's words.
template <Work work>
http::Response anyone(service::Call const& call)
try {
    return work(call);
} catch (Refused const& refused) {
    return response_of(refused, call.request);
} catch (base::Failure const& failure) {
    return response_of(refused_by(failure, call.request), call.request);
}

// Asked with an API key, which the gateway of Supabase wants to see before anything else.
template <Work work>
http::Response keyed(service::Call const& call)
{
    if (!has_api_key(call.request)) return no_api_key();
    return anyone<work>(call);
}

} // namespace local_auth
