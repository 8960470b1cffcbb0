// From a request to its answer. The order of the checks is part of the contract: address (404), method (405),
// credential (401), kind and scope (403), size (413), encoding (415), a query parameter given twice (422), and only then
// the handler's own (422, 404 of a user, the ledger's refusals). A stranger thus learns nothing but which addresses exist.

#include "shared/accounts/accounts.hpp"
#include "shared/accounts/credentials.hpp"
#include "shared/accounts/sessions.hpp"
#include "shared/auth/authenticator.hpp"
#include "shared/base/log.hpp"
#include "shared/ledger/catch_up.hpp"
#include "shared/service/service.hpp"
#include "shared/service/supabase.hpp"

#include <algorithm>
#include <charconv>
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
    std::optional<auth::Caller> caller; // empty: nobody was asked for, or nobody recognised yet
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

// The whole number by which the path names a user, whether or not a user could have it: a refusal names the number that was
// read, never the text.
std::optional<std::int64_t> user_number(http::Match const& path)
{
    auto const named = std::find_if(path.params.begin(), path.params.end(),
                                    [](auto const& param) { return param.first == "user_id"; });
    if (named == path.params.end()) return std::nullopt;
    auto const& text = named->second;
    auto number = std::int64_t{0};
    auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return number;
}

bool has_credential(http::Request const& request)
{
    return std::any_of(request.headers.begin(), request.headers.end(), [](http::Header const& header) {
        return header.first == "authorization" && !header.second.empty();
    });
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
                      {"caller", running.caller ? auth::name_of(*running.caller) : ""},
                      {"request_id", request.request_id}});
}

} // namespace

struct Dispatcher::State {
    State(std::vector<Endpoint> all, config::Config settings, auth::Authenticator::Lookup lookup)
        : endpoints(most_literal_first(std::move(all))), config(std::move(settings)),
          session(db::Options{.conninfo = config.database_url}, ledger::catch_up), ledger(session),
          // Half of the workers go on serving, whatever Supabase Auth does.
          tokens(tokens_of(config.supabase, static_cast<std::size_t>(std::max(config.workers / 2, 1)),
                           standing())),
          authenticator(environment_keys(config), lookup ? std::move(lookup) : of_database(), remember_keys,
                        verification())
    {
    }

    // Nothing where no project is configured.
    auth::Authenticator::Verify verification()
    {
        if (!tokens) return {};
        return [this](auto token, auto client, auto deadline) {
            return tokens->verify(token, client, deadline);
        };
    }

    auth::Tokens::Stands standing()
    {
        return [this](auto const& token, auto deadline) {
            return accounts::session_stands(session, auth::proven(auth::User{.token = token}).proof,
                                            deadline);
        };
    }

    auth::Authenticator::Lookup of_database()
    {
        return [this](auto const& hash, auto deadline) { return look_up(hash, deadline); };
    }

    std::optional<auth::KnownCredential> look_up(base::Sha256 const& hash, base::Deadline deadline)
    {
        auto const found = accounts::find_credential(session, hash, deadline);
        if (!found) return std::nullopt;
        auto known = auth::KnownCredential{
            .kind = found->kind, .owner = found->owner, .name = found->name.value_or(""), .scopes = {}};
        for (auto const& name : found->scopes)
            if (auto const scope = auth::parse_scope(name)) known.scopes.add(*scope);
        return known;
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
        request.parameters(); // refuses one that is given twice, whether or not the endpoint knows it
        return running.endpoint->handle({.request = request,
                                         .path = running.path,
                                         .recognised = running.caller,
                                         .session = session,
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
        try {
            running.caller = authenticator.authenticate(request, deadline);
        } catch (Failure const& failure) {
            if (!access.unproved || failure.error() != Error::unauthorized) throw;
            return;
        }
        running.caller = admitted(*running.caller, access, deadline);
    }

    // The caller, in the capacity in which the endpoint lets it in. An endpoint that names nobody lets nobody in. This decides
    // early and in good words; the database decides again, in the transaction that acts.
    auth::Caller admitted(auth::Caller const& caller, Access const& access, base::Deadline deadline)
    {
        return auth::by_kind<auth::Caller>(
            caller,
            [&](auth::ApiKey const& key) {
                if (!access.service) throw Failure(Error::forbidden, "the endpoint admits no service");
                if (!key.scopes.has(*access.service))
                    throw Failure(Error::forbidden).with("scope", std::string(auth::name(*access.service)));
                return key;
            },
            [&](auth::User const& user) -> auth::Caller {
                if (access.person) return user;
                if (access.admin && is_admin(user, deadline)) return auth::as_operator(user);
                throw Failure(Error::forbidden, "the endpoint admits no user");
            },
            [&](auth::Operator const& someone) {
                if (!access.admin) throw Failure(Error::forbidden, "the endpoint admits no admin session");
                return someone;
            },
            auth::Refuses<auth::Device, auth::BillingKey, auth::Provider, auth::Ticket>());
    }

    // Whether the user is an operator at this moment: a question to the database, no claim of a token.
    bool is_admin(auth::User const& user, base::Deadline deadline)
    {
        return accounts::read(session, {.caller = auth::proven(user), .user = user.token.user}, deadline)
            .is_admin;
    }

    http::Response refuse(Failure const& failure, Running const& running, http::Request const& request)
    {
        // The database refused a key that is remembered here: it was revoked a moment ago.
        if (failure.error() == Error::unauthorized && running.caller) authenticator.forget(*running.caller);
        auto response = http::error_response(failure, dialect_of(running, endpoints, request.path),
                                             {.request_id = request.request_id,
                                              .has_credential = has_credential(request),
                                              .user = user_number(running.path)});
        log_refusal(failure, response.status, running, request);
        return response;
    }

    std::vector<Endpoint> endpoints;
    config::Config config;
    db::Session session;
    ledger::Ledger ledger;
    std::unique_ptr<auth::Tokens> tokens; // nullptr: no user can call
    auth::Authenticator authenticator;
};

auth::Caller const& Call::caller() const
{
    if (!recognised) throw Failure(Error::internal, "an endpoint for anyone asked who calls");
    return *recognised;
}

Dispatcher::Dispatcher(std::vector<Endpoint> endpoints, config::Config config,
                       auth::Authenticator::Lookup lookup)
    : state_(std::make_unique<State>(std::move(endpoints), std::move(config), std::move(lookup)))
{
}

Dispatcher::~Dispatcher() = default;

std::size_t Dispatcher::body_max(http::Request const& head) const
{
    auto ignored = http::Match();
    auto const* const endpoint = find(state_->endpoints, head, ignored);
    return endpoint == nullptr ? 0 : endpoint->body_max;
}

void Dispatcher::log_batches()
{
    state_->ledger.log_batches();
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
