// An ordinary client: one kept-alive HTTP connection a thread, as an application's server would hold.
#pragma once

#include "tests/support/body.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Reply {
    int status = 0;   // 0: no answer; body then says why
    Headers headers;  // names in lower case
    std::string body; //
    int elapsed_ms = 0;

    // The value of the one header of that (lower case) name; "" when absent, values joined by ", " when
    // doubled.
    std::string header(std::string_view name) const;
    bool replayed() const { return header("idempotent-replayed") == "true"; }
    Json json() const { return Json(body); }
    Json operator[](std::string_view name) const { return json()[name]; }
};

// The target's own service key: every scope.
Headers as_service();
Headers as(std::string_view key);
Headers anonymously();
Headers idempotency_key(std::string_view value);
Headers operator+(Headers left, Headers const& right);

// Content-Type is application/json unless `headers` name another. Waits up to 30 s; never throws for what the
// server does.
Reply send(std::string_view method, std::string_view path, std::string_view body, Headers const& headers);
Reply post(std::string_view path, std::string_view body, Headers const& headers = as_service());
Reply get(std::string_view path, Headers const& headers = as_service());

} // namespace support
