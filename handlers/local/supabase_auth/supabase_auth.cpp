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
#include "handlers/local/supabase_auth/context.hpp"
#include "shared/service/service.hpp"

namespace {

// What is wrong with the settings or the key is said before the first request.
void set_up()
{
    local_auth::context();
}

} // namespace

int main(int count, char** arguments)
{
    using namespace local_auth;
    using namespace service;
    constexpr auto dialect = Dialect::supabase;
    // Who may do what is asked inside, where it can be refused in Supabase Auth's words.
    constexpr auto access = Access::anyone();
    auto const endpoints = std::vector{
        post("/auth/v1/signup", dialect, access, keyed<sign_up>),
        post("/auth/v1/token", dialect, access, keyed<token>),
        post("/auth/v1/verify", dialect, access, anyone<verify>),
        post("/auth/v1/resend", dialect, access, keyed<resend>),
        post("/auth/v1/logout", dialect, access, keyed<sign_out>),
        get("/auth/v1/user", dialect, access, keyed<read_user>),
        put("/auth/v1/user", dialect, access, keyed<update_user>),
        get("/auth/v1/settings", dialect, access, keyed<settings>),
        get("/auth/v1/health", dialect, access, keyed<health>),
        get("/auth/v1/.well-known/jwks.json", dialect, access, anyone<key_set>),
        get("/auth/v1/admin/users", dialect, access, keyed<admin_list>),
        post("/auth/v1/admin/users", dialect, access, keyed<admin_create>),
        get("/auth/v1/admin/users/{id}", dialect, access, keyed<admin_read>),
        put("/auth/v1/admin/users/{id}", dialect, access, keyed<admin_update>),
        remove("/auth/v1/admin/users/{id}", dialect, access, keyed<admin_delete>),
    };
    return run(
        count, arguments,
        {.name = "supabase_auth", .endpoints = endpoints, .needs = {.local_auth = true}, .prepare = set_up});
}
