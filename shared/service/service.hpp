// What turns a table of endpoints into a process: the accept loop in front of libfcgi or one plain CGI
// request, the access check, and the only catch. A handler's main() is its table and one call of run().
#pragma once

#include "shared/auth/authenticator.hpp"
#include "shared/auth/caller.hpp"
#include "shared/base/clock.hpp"
#include "shared/config/config.hpp"
#include "shared/config/needs.hpp"
#include "shared/db/session.hpp"
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

// The words of a table.
using auth::Scope;
using http::Dialect;

// Who may call. Data, so that a forgotten check is visible.
struct Access {
    bool open = false;   // anyone
    bool person = false; // a user with an access token; the handler says whose things it shows
    bool unproved =
        false; // and whoever shows a credential that is none any more: the handler asks for another proof
    bool admin = false; // an operator, whosever things it is about; the caller is then auth::Operator
    std::optional<auth::Scope> service; // an API key with this scope

    static constexpr Access anyone() { return {.open = true, .service = {}}; }
    static constexpr Access key(auth::Scope scope) { return {.service = scope}; }
    static constexpr Access key_or_admin(auth::Scope scope) { return {.admin = true, .service = scope}; }
    static constexpr Access user() { return {.person = true, .service = {}}; }
    static constexpr Access leaving_user() { return {.person = true, .unproved = true, .service = {}}; }
    static constexpr Access user_or_key(auth::Scope scope) { return {.person = true, .service = scope}; }
};

// One request, as a handler gets it: recognised, allowed, its body read to the end.
struct Call {
    http::Request const& request;
    http::Match const& path;
    std::optional<auth::Caller> const&
        recognised; // empty where anyone may call, or who shows no good credential
    db::Session& session;
    ledger::Ledger& ledger;
    config::Config const& config;
    base::Deadline deadline;

    // Who calls. Where anyone may there is nobody to be asked for: Failure internal.
    auth::Caller const& caller() const;
};

using Handle = http::Response (*)(Call const&);

inline constexpr std::size_t body_max_default = 64UL * 1024;
inline constexpr std::size_t body_max_batch = 1024UL * 1024;

// How often one address may ask: nginx/rates. Whoever shows a credential is not limited by address, since one server calls for
// all of its users.
enum class Rate { none, open, logins, registrations };

// A row of a handler's table. What nginx, the tests and README know of an endpoint they read from here (table.hpp).
struct Endpoint {
    std::string_view method;
    std::string_view pattern; // "/api/v1/users/{user_id}/spend"
    http::Dialect dialect;
    Access access;
    Handle handle;
    std::size_t body_max = body_max_default; // bytes
    std::optional<int> timeout_ms = {};      // of the whole request; empty: REQUEST_TIMEOUT_MS
    Rate rate = Rate::none;
    bool streams = false;     // the answer may be a stream
    bool calls_model = false; // somebody has to be paid for it

    constexpr Endpoint with_body_max(std::size_t bytes) const { return with(&Endpoint::body_max, bytes); }
    constexpr Endpoint with_timeout_ms(int most) const
    {
        return with(&Endpoint::timeout_ms, std::optional(most));
    }
    constexpr Endpoint with_rate(Rate most) const { return with(&Endpoint::rate, most); }

  private:
    template <class T>
    constexpr Endpoint with(T Endpoint::*member, T value) const
    {
        auto changed = *this;
        changed.*member = value;
        return changed;
    }
};

// One line a row: post("/api/v1/users/{user_id}/spend", Dialect::token, Access::key(Scope::spend), spend). What is open
// to anyone is limited by address.
constexpr Endpoint row(std::string_view method, std::string_view pattern, http::Dialect dialect,
                       Access access, Handle handle)
{
    return {.method = method,
            .pattern = pattern,
            .dialect = dialect,
            .access = access,
            .handle = handle,
            .rate = access.open ? Rate::open : Rate::none};
}
constexpr Endpoint get(std::string_view pattern, http::Dialect dialect, Access access, Handle handle)
{
    return row("GET", pattern, dialect, access, handle);
}
constexpr Endpoint post(std::string_view pattern, http::Dialect dialect, Access access, Handle handle)
{
    return row("POST", pattern, dialect, access, handle);
}
constexpr Endpoint put(std::string_view pattern, http::Dialect dialect, Access access, Handle handle)
{
    return row("PUT", pattern, dialect, access, handle);
}
constexpr Endpoint remove(std::string_view pattern, http::Dialect dialect, Access access, Handle handle)
{
    return row("DELETE", pattern, dialect, access, handle);
}

// A handler: its table and what it needs of the environment.
struct Program {
    std::string_view name; // of its file, its binary and its socket
    std::vector<Endpoint> endpoints;
    config::Needs needs = {.database =
                               true}; // what recognises callers is added where there is a closed endpoint
    void (*prepare)() = nullptr;      // before the first request; throws what is wrong
};

// main() of a handler. Without arguments it serves the endpoints until SIGTERM (running requests are finished first), or
// until idle_exit_s have passed without one, or answers one CGI request where the process was started so.
//
//   --endpoints   prints the table, a JSON object a line (table.hpp)
//   --needs       prints the names of the environment variables that it reads, one a line; "NAME unless OTHER" is read only where
//                 OTHER is not set
//
// Both need no environment, and a web server that starts it as CGI gets neither: arguments are then words of a query. Returns the exit code: 0, or 1 with a clear sentence on standard error when the
// configuration is wrong, 2 when the arguments are not understood.
int run(int count, char** arguments, Program program);

// The whole of one request, without a server: routes, access, body limits, the catch. run() and the tests
// stand on it.
class Dispatcher {
  public:
    // `lookup` is what knows credentials; the database where it is empty.
    Dispatcher(std::vector<Endpoint> endpoints, config::Config config,
               auth::Authenticator::Lookup lookup = {});
    ~Dispatcher();

    // How much body the endpoint of this request takes, before the body is read.
    std::size_t body_max(http::Request const& head) const;

    // Never throws. `body_too_large`: the body was not read; the answer is 413 (after 401 for an unknown
    // caller).
    http::Response answer(http::Request const& request, bool body_too_large);

    // What the ledger's batchers did since the last time, to the log.
    void log_batches();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace service
