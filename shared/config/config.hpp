// The environment, read once, checked whole: the only getenv. Each variable is a row in README.
#pragma once

#include "shared/base/secret.hpp"

#include <string>

namespace config {

struct Config {
    base::Secret database_url; // DATABASE_URL: libpq conninfo or URI of the role farebox_app
    base::Secret
        api_secret_key; // API_SECRET_KEY: a service credential with all scopes; empty matches nothing
    base::Secret internal_api_key;           // INTERNAL_API_KEY: the same
    std::string environment = "development"; // FAREBOX_ENV: development or production
    int workers = 128;             // FAREBOX_WORKERS 1..1024: requests one process serves at the same time
    int request_timeout_ms = 4000; // REQUEST_TIMEOUT_MS 500..30000: the whole of one request
    int io_timeout_ms = 5000;      // IO_TIMEOUT_MS: the longest silence of the web server in mid-request
    int idle_exit_s = 300;         // IDLE_EXIT_SECONDS: leave after so long without a request; 0 stays
};

// Throws std::runtime_error naming every variable that is missing or malformed, never a value.
Config load();

} // namespace config
