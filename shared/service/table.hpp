// A handler's table as text, for what stands outside of the process: nginx's locations, the tests of access, README.
#pragma once

#include "shared/service/service.hpp"

#include <string>
#include <vector>

namespace service {

// Who may call, in words: "anyone", "user", "admin", "key:<scope>". Empty: nobody.
std::vector<std::string> words(Access const& access);

// One JSON object: method, pattern, dialect, access (as above), body_max (bytes), timeout_ms (null: REQUEST_TIMEOUT_MS),
// stream, rate ("none", "public", "logins" or "registrations"), model. In this order: scripts/lib/endpoints.sh reads it with awk.
std::string describe(Endpoint const& endpoint);

// Throws std::logic_error for a table that contradicts itself: a pattern without a slash before it, a row that another
// one has already, a {name...} before the end, an endpoint for callers in a program without a database.
void check(Program const& program);

} // namespace service
