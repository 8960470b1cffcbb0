// The environment, read once, checked whole: the only getenv. Each variable is a row in README.
//
// DATABASE_URL, API_SECRET_KEY and INTERNAL_API_KEY may be files of those names in CREDENTIALS_DIRECTORY
// instead (systemd credentials), so that no secret need stand in an environment.
#pragma once

#include "shared/base/secret.hpp"

#include <string>

namespace config {

struct Config {
    // DATABASE_URL: libpq keywords or a URI, of the role farebox_app.
    base::Secret database_url;
    // API_SECRET_KEY and INTERNAL_API_KEY: service credentials with all scopes; empty ones match nothing.
    base::Secret api_secret_key;
    base::Secret internal_api_key;
    // FAREBOX_ENV: development or production.
    std::string environment = "development";
    // FAREBOX_WORKERS 1..1024: requests that one process serves at the same time.
    int workers = 128;
    // REQUEST_TIMEOUT_MS 500..30000: the whole of one request.
    int request_timeout_ms = 4000;
    // IO_TIMEOUT_MS 100..60000: the longest silence of the web server in the middle of a request.
    int io_timeout_ms = 5000;
    // IDLE_EXIT_SECONDS 0..86400: leave after so long without a request; 0 stays.
    int idle_exit_s = 300;
};

// Throws std::runtime_error naming every variable that is missing or malformed, never a value. In production
// the two service keys must have at least 32 characters.
Config load();

} // namespace config
