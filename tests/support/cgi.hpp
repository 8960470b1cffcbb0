// A handler that answers one request as a CGI program: the way to give one an environment of its own while
// the farebox under test has another.
#pragma once

#include "tests/support/client.hpp"
#include "tests/support/process.hpp"

#include <string>
#include <string_view>

namespace support {

// Runs the handler against the target's database. `environment` is added to this process's, whose SUPABASE_*
// variables are not passed on. A header becomes its HTTP_ variable.
Reply cgi(std::string const& handler, std::string_view method, std::string const& path, std::string_view body,
          Headers const& headers, Variables environment);

} // namespace support
