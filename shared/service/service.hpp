// What turns a table of endpoints into a process: the accept loop in front of libfcgi or one plain CGI
// request, the access check, and the only catch. A handler's main() is one call of run().
#pragma once

#include "shared/auth/caller.hpp"
#include "shared/base/clock.hpp"
#include "shared/config/config.hpp"
#include "shared/http/dialect.hpp"
#include "shared/http/message.hpp"
#include "shared/http/route.hpp"
#include "shared/ledger/ledger.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace service {

// Who may call. Data, so that a forgotten check is visible.
struct Access {
    bool open = false;   // anyone
    bool person = false; // a user with an access token; the handler says whose things it shows
    bool admin = false;  // a user who is an operator (farebox.admins), whosever things it is about
    std::optional<auth::Scope> service; // an API key with this scope, or a key of the environment

    static constexpr Access anyone() { return {.open = true, .service = {}}; }
    static constexpr Access key(auth::Scope scope) { return {.service = scope}; }
    static constexpr Access key_or_admin(auth::Scope scope) { return {.admin = true, .service = scope}; }
    static constexpr Access user() { return {.person = true, .service = {}}; }
    static constexpr Access user_or_key(auth::Scope scope) { return {.person = true, .service = scope}; }
};

// One request, as a handler gets it: recognised, allowed, its body read to the end.
struct Call {
    http::Request const& request;
    http::Match const& path;
    auth::Caller const& caller;
    ledger::Ledger& ledger;
    config::Config const& config;
    base::Deadline deadline;

    // Of a user: with the session, which every move of money has to find alive.
    ledger::Credential credential() const
    {
        auto credential = ledger::Credential{.api_key = caller.api_key};
        if (!caller.user) return credential;
        credential.session = caller.user->session;
        credential.user = caller.user->user;
        return credential;
    }
};

// Whether the caller is a user who is an operator at this moment: a question to the database, no claim of a token. Throws
// Failure unauthorized when the session has ended.
bool is_admin(Call const& call);

using Handle = http::Response (*)(Call const&);

inline constexpr std::size_t body_max_default = 64UL * 1024;
inline constexpr std::size_t body_max_batch = 1024UL * 1024;

struct Endpoint {
    std::string_view method;
    std::string_view pattern; // "/api/v1/users/{user_id}/spend"
    http::Dialect dialect;
    Access access;
    Handle handle;
    std::size_t body_max = body_max_default;
};

// Serves the endpoints until SIGTERM (running requests are finished first), or until idle_exit_s have passed
// without one, or answers one CGI request where the process was started so. Returns the exit code: 0, or 1
// with a clear sentence on standard error when the configuration is wrong.
int run(std::string_view handler, std::vector<Endpoint> endpoints);

// The whole of one request, without a server: routes, access, body limits, the catch. run() and the tests
// stand on it.
class Dispatcher {
  public:
    Dispatcher(std::vector<Endpoint> endpoints, config::Config config);
    ~Dispatcher();

    // How much body the endpoint of this request takes, before the body is read.
    std::size_t body_max(http::Request const& head) const;

    // Never throws. `body_too_large`: the body was not read; the answer is 413 (after 401 for an unknown
    // caller).
    http::Response answer(http::Request const& request, bool body_too_large);

    // What the ledger's lanes did since the last time, to the log.
    void log_lanes();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace service
