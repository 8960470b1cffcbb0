#include "shared/service/supabase.hpp"

#include "shared/base/failure.hpp"
#include "shared/json/value.hpp"
#include "shared/upstream/http.hpp"

#include <optional>
#include <string>
#include <utility>

namespace service {
namespace {

constexpr int unavailable_retry_s = 5;

base::Failure unavailable(std::string log)
{
    return base::Failure(base::Error::auth_unavailable, "Supabase Auth: " + std::move(log))
        .retry_after(unavailable_retry_s);
}

upstream::HttpResponse send(upstream::HttpRequest const& request, base::Deadline deadline)
{
    try {
        return upstream::Http().send(request, deadline);
    } catch (upstream::HttpFailed const& failed) {
        throw unavailable(failed.log);
    }
}

std::string fetch_jwks(config::Supabase const& supabase, base::Deadline deadline)
{
    auto request = upstream::HttpRequest();
    request.url = supabase.url + "/auth/v1/.well-known/jwks.json";
    request.answer_bytes_max = auth::jwks_bytes_max;
    auto response = send(request, deadline);
    if (response.status != 200)
        throw unavailable("status " + std::to_string(response.status) + " for the keys");
    return std::move(response.body);
}

// The id of the user in the answer; a body that has none is not Supabase Auth's.
base::Uuid user_in(std::string const& body)
{
    auto const id = [&]() -> std::optional<base::Uuid> {
        try {
            auto const user = json::parse(body, json::depth_most); // it holds metadata
            auto const* const member = user.find("id");
            return member == nullptr ? std::nullopt : base::parse_uuid(member->text);
        } catch (base::Failure const&) {
            return std::nullopt;
        }
    }();
    if (!id) throw unavailable("an answer without a user");
    return *id;
}

// 403 is how Supabase Auth refuses a token, whether it is forged, has expired or its session has ended. 401
// is how the gateway before it refuses the project's key: a fault of ours, not the caller's.
std::optional<base::Uuid> ask_whose(config::Supabase const& supabase, std::string_view token,
                                    base::Deadline deadline)
{
    auto request = upstream::HttpRequest();
    request.url = supabase.url + "/auth/v1/user";
    request.headers = {{"Authorization", "Bearer " + std::string(token)},
                       {"X-Supabase-Api-Version", "2024-01-01"}};
    auto const& key = supabase.publishable_key.empty() ? supabase.secret_key : supabase.publishable_key;
    if (!key.empty()) request.headers.emplace_back("apikey", key.reveal());
    auto const response = send(request, deadline);
    if (response.status == 403) return std::nullopt;
    if (response.status != 200)
        throw unavailable("status " + std::to_string(response.status) + " for a token");
    return user_in(response.body);
}

} // namespace

std::unique_ptr<auth::Tokens> tokens_of(config::Supabase const& supabase, std::size_t waiting_max,
                                        auth::Tokens::Stands stands)
{
    if (!supabase.configured()) return nullptr;
    return std::make_unique<auth::Tokens>(
        auth::Tokens::Options{.issuers = supabase.issuers,
                              .secret = supabase.jwt_secret,
                              .jwks_cache = supabase.jwks_cache,
                              .waiting_max = waiting_max},
        [supabase](base::Deadline deadline) { return fetch_jwks(supabase, deadline); }, std::move(stands),
        [supabase](std::string_view token, base::Deadline deadline) {
            return ask_whose(supabase, token, deadline);
        });
}

} // namespace service
