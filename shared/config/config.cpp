// Reads the environment once and judges all of it before anything starts: a person who sets a service up sees
// every fault in one go, by name. No message holds a value, since a value may be a secret in the wrong place.

#include "shared/config/config.hpp"

#include "shared/base/utf8.hpp"
#include "shared/config/reader.hpp"
#include "shared/config/supabase.hpp"

#include <cstdlib>

namespace config {
namespace {

constexpr std::size_t production_key_chars_min = 32;
constexpr std::size_t service_name_chars_max = 100;

base::Secret service_key(Reader& reader, std::string const& name, bool production)
{
    auto key = reader.header_secret(name);
    if (production && !key.empty() && key.reveal().size() < production_key_chars_min)
        reader.fault(name + " is too short for production: at least " +
                     std::to_string(production_key_chars_min) + " characters");
    return key;
}

} // namespace

Config load(Needs const& needs)
{
    auto reader = Reader(needs);
    auto config = Config();

    config.environment = reader.variable("FAREBOX_ENV").value_or(config.environment);
    if (config.environment != "development" && config.environment != "production")
        reader.fault("FAREBOX_ENV must be development or production");
    auto const production = config.environment == "production";

    config.service_name = reader.variable("SERVICE_NAME").value_or(config.service_name);
    if (!base::is_utf8(config.service_name) ||
        base::count_characters(config.service_name) > service_name_chars_max)
        reader.fault("SERVICE_NAME must be UTF-8 of at most " + std::to_string(service_name_chars_max) +
                     " characters");

    config.database_url = reader.secret("DATABASE_URL");
    if (needs.database && config.database_url.empty()) reader.fault("DATABASE_URL is missing");
    config.api_secret_key = service_key(reader, "API_SECRET_KEY", production);
    config.internal_api_key = service_key(reader, "INTERNAL_API_KEY", production);

    config.workers = reader.integer("FAREBOX_WORKERS", config.workers, 1, 1024);
    config.request_timeout_ms = reader.integer("REQUEST_TIMEOUT_MS", config.request_timeout_ms, 500, 30'000);
    config.io_timeout_ms = reader.integer("IO_TIMEOUT_MS", config.io_timeout_ms, 100, 60'000);
    config.idle_exit_s = reader.integer("IDLE_EXIT_SECONDS", config.idle_exit_s, 0, 86'400);

    config.supabase = read_supabase(reader);

    reader.done();
    return config;
}

bool started_for_one_request()
{
    return std::getenv("GATEWAY_INTERFACE") != nullptr;
}

} // namespace config
