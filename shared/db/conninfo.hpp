// A connection string with our defaults under it.
#pragma once

#include "shared/base/secret.hpp"

#include <string>
#include <vector>

struct pg_conn;

namespace db {

// Starts a non-blocking connect (PQconnectStartParams). What the string says wins over our defaults: no GSS
// negotiation, UTF-8, keepalives that notice a dead peer within 25 s. Null when the string cannot be read;
// why is not told, because the reason would quote it.
pg_conn* start_connect(base::Secret const& conninfo, std::string const& application_name);

// The SQLSTATE in libpq's text about a failed connect, "" when there is none. The connection's verbosity must
// be PQERRORS_SQLSTATE.
std::string connect_sqlstate(std::string const& message);

// The part of that text which names no host, user, database or file: fit for a log.
std::string connect_reason(std::string const& message);

} // namespace db
