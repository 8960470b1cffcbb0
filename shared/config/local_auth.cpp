#include "shared/config/local_auth.hpp"

#include "shared/config/reader.hpp"

namespace config {

LocalAuth load_local_auth()
{
    auto reader = Reader({.local_auth = true});
    auto settings = LocalAuth();

    if (reader.variable("FAREBOX_ENV") == "production" &&
        reader.variable("LOCAL_AUTH_IN_PRODUCTION") != "yes")
        reader.fault("this is a stand-in for Supabase Auth and does not start with FAREBOX_ENV=production "
                     "unless LOCAL_AUTH_IN_PRODUCTION=yes");

    settings.database_url = reader.secret("LOCAL_AUTH_DATABASE_URL");
    if (settings.database_url.empty()) reader.fault("LOCAL_AUTH_DATABASE_URL is missing");
    settings.service_key = reader.header_secret("LOCAL_AUTH_SERVICE_KEY");
    if (settings.service_key.empty()) reader.fault("LOCAL_AUTH_SERVICE_KEY is missing");
    settings.signing_key = reader.secret("LOCAL_AUTH_KEY");
    if (settings.signing_key.empty()) reader.fault("LOCAL_AUTH_KEY is missing");
    settings.issuer = reader.variable("LOCAL_AUTH_ISSUER").value_or("");
    if (settings.issuer.empty()) reader.fault("LOCAL_AUTH_ISSUER is missing");
    settings.must_confirm = reader.integer("LOCAL_AUTH_CONFIRM", 0, 0, 1) == 1;

    reader.done();
    return settings;
}

} // namespace config
