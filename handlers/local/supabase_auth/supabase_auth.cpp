// /auth/v1: the part of Supabase Auth that farebox's handlers and @supabase/supabase-js use, for machines
// without Supabase. It stands on the same tables, auth.users and its like, in the private cluster of
// scripts/stack.
//
//   POST /auth/v1/signup                      a user by email or phone: a session, or a bare user who must
//                                             confirm (LOCAL_AUTH_CONFIRM=1)
//   POST /auth/v1/token?grant_type=password | refresh_token
//   POST /auth/v1/verify, /auth/v1/resend     confirming an address; the code is always 123456
//   POST /auth/v1/logout?scope=global | local | others
//   GET, PUT /auth/v1/user                    the holder of an access token
//   GET, POST /auth/v1/admin/users            with the service key
//   GET, PUT, DELETE /auth/v1/admin/users/{id}
//   GET /auth/v1/settings, /auth/v1/health, /auth/v1/.well-known/jwks.json
//
//   Access    the header apikey (or the query's) with any value, as Supabase's gateway wants one; verify and
//             the key set do without. Access tokens are those made here.
//   Refuses   in Supabase Auth's two formats of an error, by X-Supabase-Api-Version
//
// Whatever changes something is one SQL function and so one transaction. Refuses to start in production
// unless told so by LOCAL_AUTH_IN_PRODUCTION=yes.

#include "handlers/local/supabase_auth/answers.hpp"
#include "handlers/local/supabase_auth/desk.hpp"
#include "shared/service/service.hpp"

#include <iostream>

namespace {

using namespace local_auth;

service::Endpoint endpoint(std::string_view method, std::string_view pattern, service::Handle handle)
{
    // Who may do what is asked inside, where it can be refused in Supabase Auth's words.
    return {.method = method,
            .pattern = pattern,
            .dialect = http::Dialect::supabase,
            .access = service::Access::anyone(),
            .handle = handle};
}

} // namespace

int main()
try {
    desk();
    return service::run("supabase_auth",
                        {
                            endpoint("POST", "/auth/v1/signup", keyed<sign_up>),
                            endpoint("POST", "/auth/v1/token", keyed<token>),
                            endpoint("POST", "/auth/v1/verify", anyone<verify>),
                            endpoint("POST", "/auth/v1/resend", keyed<resend>),
                            endpoint("POST", "/auth/v1/logout", keyed<sign_out>),
                            endpoint("GET", "/auth/v1/user", keyed<read_user>),
                            endpoint("PUT", "/auth/v1/user", keyed<update_user>),
                            endpoint("GET", "/auth/v1/settings", keyed<settings>),
                            endpoint("GET", "/auth/v1/health", keyed<health>),
                            endpoint("GET", "/auth/v1/.well-known/jwks.json", anyone<key_set>),
                            endpoint("GET", "/auth/v1/admin/users", keyed<admin_list>),
                            endpoint("POST", "/auth/v1/admin/users", keyed<admin_create>),
                            endpoint("GET", "/auth/v1/admin/users/{id}", keyed<admin_read>),
                            endpoint("PUT", "/auth/v1/admin/users/{id}", keyed<admin_update>),
                            endpoint("DELETE", "/auth/v1/admin/users/{id}", keyed<admin_delete>),
                        });
} catch (std::exception const& failure) {
    std::cerr << "supabase_auth: " << failure.what() << '\n';
    return 1;
}
