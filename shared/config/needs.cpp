#include "shared/config/needs.hpp"

#include <algorithm>
#include <initializer_list>

namespace config {

std::vector<Variable> variables(Needs const& needs)
{
    auto all = std::vector<Variable>();
    auto const add = [&](bool needed, std::initializer_list<Variable> group) {
        if (!needed) return;
        for (auto const& variable : group) {
            auto const known = std::find_if(all.begin(), all.end(),
                                            [&](Variable const& one) { return one.name == variable.name; });
            if (known == all.end())
                all.push_back(variable);
            else if (variable.unless.empty())
                known->unless.clear();
        }
    };
    auto const always = [](char const* name) { return Variable{.name = name, .unless = {}}; };
    add(true, {always("FAREBOX_ENV"), always("FAREBOX_WORKERS"), always("REQUEST_TIMEOUT_MS"),
               always("IO_TIMEOUT_MS"), always("IDLE_EXIT_SECONDS"), always("CREDENTIALS_DIRECTORY")});
    add(needs.database, {always("DATABASE_URL")});
    // Supabase's gateway wants to see a key where a token is judged there.
    add(needs.callers, {always("API_SECRET_KEY"),
                        always("INTERNAL_API_KEY"),
                        always("SUPABASE_URL"),
                        always("SUPABASE_ISSUERS"),
                        always("SUPABASE_JWT_SECRET"),
                        always("SUPABASE_PUBLISHABLE_KEY"),
                        {.name = "SUPABASE_SECRET_KEY", .unless = "SUPABASE_PUBLISHABLE_KEY"},
                        always("JWKS_CACHE")});
    // Whose tokens an answer holds is read from them, so the issuers are known here too.
    add(needs.supabase_auth, {always("SUPABASE_URL"), always("SUPABASE_ISSUERS"),
                              always("SUPABASE_PUBLISHABLE_KEY"), always("SUPABASE_SECRET_KEY")});
    add(needs.local_auth,
        {always("LOCAL_AUTH_DATABASE_URL"), always("LOCAL_AUTH_SERVICE_KEY"), always("LOCAL_AUTH_KEY"),
         always("LOCAL_AUTH_ISSUER"), always("LOCAL_AUTH_CONFIRM"), always("LOCAL_AUTH_IN_PRODUCTION")});
    add(needs.service_name, {always("SERVICE_NAME")});
    return all;
}

std::string written(Variable const& variable)
{
    return variable.unless.empty() ? variable.name : variable.name + " unless " + variable.unless;
}

} // namespace config
