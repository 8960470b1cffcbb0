// The environment, read once, checked whole: the only getenv. Each variable is a row in README.
//
// DATABASE_URL, API_SECRET_KEY, INTERNAL_API_KEY and the three secrets of Supabase may be files of those
// names in CREDENTIALS_DIRECTORY instead (systemd credentials), so that no secret need stand in an
// environment.
#pragma once

#include "shared/base/secret.hpp"
#include "shared/config/needs.hpp"

#include <string>
#include <vector>

namespace config {

// The Supabase project whose users may call, and how to reach it. Without a url nobody's token is accepted.
struct Supabase {
    // SUPABASE_URL: scheme, host and port alone, no slash at the end; https outside loopback.
    std::string url;
    // SUPABASE_PUBLISHABLE_KEY and SUPABASE_SECRET_KEY: opaque; for the header apikey.
    base::Secret publishable_key;
    base::Secret secret_key;
    // SUPABASE_JWT_SECRET: accepts HS256 tokens signed with it; empty accepts none. At least 32 bytes.
    base::Secret jwt_secret;
    // SUPABASE_ISSUERS: the exact values of `iss` that are accepted; "<url>/auth/v1" when not given.
    std::vector<std::string> issuers;
    // JWKS_CACHE: absolute path of a file in which all processes keep the project's keys; empty: each its
    // own.
    std::string jwks_cache;

    bool configured() const { return !url.empty(); }
};

struct Config {
    // DATABASE_URL: libpq keywords or a URI, of the role farebox_app.
    base::Secret database_url;
    // API_SECRET_KEY and INTERNAL_API_KEY: service credentials with all scopes; empty ones match nothing.
    base::Secret api_secret_key;
    base::Secret internal_api_key;
    // FAREBOX_ENV: development or production.
    std::string environment = "development";
    // SERVICE_NAME: what the service is called to those who ask; UTF-8, at most 100 characters.
    std::string service_name = "farebox";
    // FAREBOX_WORKERS 1..1024: requests that one process serves at the same time.
    int workers = 128;
    // REQUEST_TIMEOUT_MS 500..30000: the whole of one request.
    int request_timeout_ms = 4000;
    // IO_TIMEOUT_MS 100..60000: the longest silence of the web server in the middle of a request.
    int io_timeout_ms = 5000;
    // IDLE_EXIT_SECONDS 0..86400: leave after so long without a request; 0 stays.
    int idle_exit_s = 300;
    Supabase supabase;
};

// Reads what is needed and leaves the rest as it is by default. Throws std::runtime_error naming every variable
// that is missing or malformed, never a value. In production
// the two service keys must have at least 32 characters. A variable of Supabase without SUPABASE_URL is a
// fault.
Config load(Needs const& needs = Needs::of_handlers());

// Whether a web server has started this program for one request (GATEWAY_INTERFACE). Its arguments are then words of the
// request's query (RFC 3875, 4.4): a stranger's, not an operator's.
bool started_for_one_request();

} // namespace config
