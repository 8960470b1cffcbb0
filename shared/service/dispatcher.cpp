// From a request to its answer. The order of the checks is part of the contract: address (404), method (405),
// credential (401), kind and scope (403), size (413), encoding (415), and only then the handler's own (422,
// 404 of a user, the ledger's refusals). A stranger thus learns nothing but which addresses exist.

#include "shared/auth/keys.hpp"
#include "shared/base/log.hpp"
#include "shared/service/service.hpp"
#include "shared/service/supabase.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace service {
namespace {

using base::Error;
using base::Failure;

// A request while it is being answered; what is known so far is what a refusal can be logged with.
struct Running {
    Endpoint const* endpoint = nullptr; // nullptr: none was found, or not yet
    http::Match path;
    auth::Caller caller;
};

constexpr std::chrono::seconds remember_keys{60};

std::string_view effective_method(http::Request const& request)
{
    return request.method == "HEAD" ? "GET" : std::string_view(request.method);
}

// The path decides first and then the method: where "/a/b" and "/a/{x}" are served, /a/b is never the second, so the
// order of rows in a table means nothing. Sorted once, so that the first row that is found says which pattern is meant.
std::vector<Endpoint> most_literal_first(std::vector<Endpoint> endpoints)
{
    std::stable_sort(endpoints.begin(), endpoints.end(), [](Endpoint const& left, Endpoint const& right) {
        return http::more_literal(left.pattern, right.pattern);
    });
    return endpoints;
}

// Calls visit(endpoint, match) for each row of the pattern that this path is, one a method, until it returns true.
template <class Visit>
void at(std::vector<Endpoint> const& endpoints, std::string_view path, Visit&& visit)
{
    Endpoint const* first = nullptr;
    for (auto const& endpoint : endpoints) {
        auto match = http::Match();
        if (first != nullptr && http::more_literal(first->pattern, endpoint.pattern)) return;
        if (!http::match(endpoint.pattern, path, match)) continue;
        if (first == nullptr) first = &endpoint;
        if (visit(endpoint, match)) return;
    }
}

// Of the endpoints at this path. Empty: there are none.
std::string allowed_methods(std::vector<Endpoint> const& endpoints, std::string_view path)
{
    auto allowed = std::string();
    at(endpoints, path, [&](Endpoint const& endpoint, http::Match const&) {
        allowed += endpoint.method;
        allowed += endpoint.method == "GET" ? ", HEAD, " : ", ";
        return false;
    });
    return allowed.empty() ? allowed : allowed + "OPTIONS";
}

Endpoint const* find(std::vector<Endpoint> const& endpoints, http::Request const& request, http::Match& path)
{
    Endpoint const* found = nullptr;
    at(endpoints, request.path, [&](Endpoint const& endpoint, http::Match& match) {
        if (endpoint.method != effective_method(request)) return false;
        path = std::move(match);
        found = &endpoint;
        return true;
    });
    return found;
}

// In which dialect to refuse: the endpoint's; without one that of the path's first endpoint, whatever its
// method; and where nobody serves the path, that of its prefix.
http::Dialect dialect_of(Running const& running, std::vector<Endpoint> const& endpoints,
                         std::string_view path)
{
    if (running.endpoint != nullptr) return running.endpoint->dialect;
    auto dialect = http::dialect_of(path);
    at(endpoints, path, [&](Endpoint const& endpoint, http::Match const&) {
        dialect = endpoint.dialect;
        return true;
    });
    return dialect;
}

void require_plain_body(http::Request const& request)
{
    auto const encoding = request.header("content-encoding");
    if (encoding && !encoding->empty() && *encoding != "identity")
        throw Failure(Error::unsupported_media_type);
}

std::vector<auth::EnvironmentKey> environment_keys(config::Config const& config)
{
    return {{"API_SECRET_KEY", config.api_secret_key}, {"INTERNAL_API_KEY", config.internal_api_key}};
}

bool is_admin(ledger::Ledger& ledger, auth::UserToken const& user, base::Deadline deadline)
{
    return ledger.account({.user = user.user, .session = user.session}, deadline).is_admin;
}

// The web server logs every request; here stand only the refusals that an operator should see: faults, bad
// credentials, and whatever comes with a text for the operator.
void log_refusal(Failure const& failure, int status, Running const& running, http::Request const& request)
{
    auto const fault = status >= 500;
    auto const credential = status == 401 || status == 403;
    if (!fault && !credential && failure.log().empty()) return;
    base::log::event(fault ? base::log::Level::error : base::log::Level::info, "refused",
                     {{"error", std::string(base::info(failure.error()).name)},
                      {"endpoint", std::string(running.endpoint ? running.endpoint->pattern : "")},
                      {"reason", failure.log()},
                      {"caller", running.caller.name},
                      {"request_id", request.request_id}});
}

} // namespace

struct Dispatcher::State {
    State(std::vector<Endpoint> all, config::Config settings)
        : endpoints(most_literal_first(std::move(all))), config(std::move(settings)),
          ledger(db::Options{.conninfo = config.database_url}), tokens(tokens_of(config.supabase)),
          keys(
              environment_keys(config),
              [this](auto const& hash, auto deadline) { return look_up(hash, deadline); }, remember_keys,
              verification())
    {
    }

    // Nothing where no project is configured.
    auth::Keys::Verify verification()
    {
        if (!tokens) return {};
        return [this](auto token, auto deadline) { return tokens->verify(token, deadline); };
    }

    std::optional<auth::KeyRow> look_up(base::Sha256 const& hash, base::Deadline deadline)
    {
        auto const key = ledger.api_key(hash, deadline);
        if (!key) return std::nullopt;
        auto row = auth::KeyRow{.name = key->name, .scopes = {}};
        for (auto const& name : key->scopes)
            if (auto const scope = auth::parse_scope(name)) row.scopes.add(*scope);
        return row;
    }

    // The answer, or the Failure that says why not.
    http::Response serve(http::Request const& request, bool body_too_large, Running& running)
    {
        running.endpoint = find(endpoints, request, running.path);
        if (running.endpoint == nullptr) return tell_methods(request);
        auto const timeout_ms = running.endpoint->timeout_ms.value_or(config.request_timeout_ms);
        auto const deadline = base::deadline_in(std::chrono::milliseconds(timeout_ms));

        admit(request, running, deadline);
        if (body_too_large) throw Failure(Error::payload_too_large);
        require_plain_body(request);
        return running.endpoint->handle({.request = request,
                                         .path = running.path,
                                         .caller = running.caller,
                                         .ledger = ledger,
                                         .config = config,
                                         .deadline = deadline});
    }

    // For a method that the path does not answer: OPTIONS asks which ones it does, any other is refused.
    http::Response tell_methods(http::Request const& request) const
    {
        auto const allowed = allowed_methods(endpoints, request.path);
        if (allowed.empty()) throw Failure(Error::not_found);
        if (request.method != "OPTIONS") throw Failure(Error::method_not_allowed).with("allow", allowed);
        return {.status = 204, .headers = {{"Allow", allowed}}, .body = {}};
    }

    void admit(http::Request const& request, Running& running, base::Deadline deadline)
    {
        auto const& access = running.endpoint->access;
        if (access.open) return;
        running.caller = keys.authenticate(request, deadline);
        if (running.caller.user) {
            if (access.person || (access.admin && is_admin(ledger, *running.caller.user, deadline))) return;
            throw Failure(Error::forbidden, "the endpoint admits no user");
        }
        // An endpoint that names nobody lets nobody in.
        if (!access.service) throw Failure(Error::forbidden, "the endpoint admits no service");
        if (!running.caller.scopes.has(*access.service))
            throw Failure(Error::forbidden).with("scope", std::string(auth::name(*access.service)));
    }

    http::Response refuse(Failure const& failure, Running const& running, http::Request const& request)
    {
        // The database refused a key that is remembered here: it was revoked a moment ago.
        if (failure.error() == Error::unauthorized && running.caller.api_key)
            keys.forget(*running.caller.api_key);
        auto response =
            http::error_response(failure, dialect_of(running, endpoints, request.path), request.request_id);
        log_refusal(failure, response.status, running, request);
        return response;
    }

    std::vector<Endpoint> endpoints;
    config::Config config;
    ledger::Ledger ledger;
    std::unique_ptr<auth::Tokens> tokens; // nullptr: no user can call
    auth::Keys keys;
};

bool is_admin(Call const& call)
{
    return call.caller.user && is_admin(call.ledger, *call.caller.user, call.deadline);
}

Dispatcher::Dispatcher(std::vector<Endpoint> endpoints, config::Config config)
    : state_(std::make_unique<State>(std::move(endpoints), std::move(config)))
{
}

Dispatcher::~Dispatcher() = default;

std::size_t Dispatcher::body_max(http::Request const& head) const
{
    auto ignored = http::Match();
    auto const* const endpoint = find(state_->endpoints, head, ignored);
    return endpoint == nullptr ? 0 : endpoint->body_max;
}

void Dispatcher::log_lanes()
{
    state_->ledger.log_lanes();
}

http::Response Dispatcher::answer(http::Request const& request, bool body_too_large)
{
    auto running = Running();
    auto response = http::Response();
    try {
        response = state_->serve(request, body_too_large, running);
    } catch (Failure const& failure) {
        response = state_->refuse(failure, running, request);
    } catch (std::exception const& unexpected) {
        response = state_->refuse(Failure(Error::internal, unexpected.what()), running, request);
    }
    response.headers.emplace_back("X-Request-Id", request.request_id);
    response.headers.emplace_back("Cache-Control", "no-store");
    if (request.method == "HEAD") response.body.clear();
    return response;
}

} // namespace service
