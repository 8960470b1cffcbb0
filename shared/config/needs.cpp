#include "shared/config/needs.hpp"

#include <algorithm>
#include <initializer_list>

namespace config {

std::vector<std::string> variables(Needs const& needs)
{
    auto names = std::vector<std::string>();
    auto const add = [&](bool needed, std::initializer_list<char const*> group) {
        if (!needed) return;
        for (auto const* const name : group)
            if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    };
    add(true, {"FAREBOX_ENV", "FAREBOX_WORKERS", "REQUEST_TIMEOUT_MS", "IO_TIMEOUT_MS", "IDLE_EXIT_SECONDS",
               "CREDENTIALS_DIRECTORY"});
    add(needs.database, {"DATABASE_URL"});
    // The publishable key is shown to Supabase's gateway when a token is judged there.
    add(needs.callers, {"API_SECRET_KEY", "INTERNAL_API_KEY", "SUPABASE_URL", "SUPABASE_ISSUERS",
                        "SUPABASE_JWT_SECRET", "SUPABASE_PUBLISHABLE_KEY", "JWKS_CACHE"});
    // Whose tokens an answer holds is read from them, so the issuers are known here too.
    add(needs.supabase_auth,
        {"SUPABASE_URL", "SUPABASE_ISSUERS", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"});
    add(needs.local_auth, {"LOCAL_AUTH_DATABASE_URL", "LOCAL_AUTH_SERVICE_KEY", "LOCAL_AUTH_KEY",
                           "LOCAL_AUTH_ISSUER", "LOCAL_AUTH_CONFIRM", "LOCAL_AUTH_IN_PRODUCTION"});
    return names;
}

} // namespace config
