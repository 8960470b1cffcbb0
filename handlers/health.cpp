// GET /health: does the service work?
//
//   Access    anyone
//   Reply     200 {"status": "healthy", "service", "version", "environment"}
//             503 {"status": "unhealthy", ...} with the same members when the database does not answer
//
// GET /: what is this?
//
//   Access    anyone
//   Reply     200 {"message", "version", "docs"}

#include "shared/base/log.hpp"
#include "shared/json/writer.hpp"
#include "shared/service/service.hpp"

#include <algorithm>

namespace {

constexpr auto database_budget = std::chrono::seconds(2);

// Here a database that does not answer is the answer, and not a refusal.
bool database_answers(service::Call const& call)
{
    try {
        call.session.ping(std::min(call.deadline, base::deadline_in(database_budget)));
        return true;
    } catch (base::Failure const& failure) {
        base::log::event(base::log::Level::error, "unhealthy",
                         {{"reason", failure.log()}, {"request_id", call.request.request_id}});
        return false;
    }
}

http::Response health(service::Call const& call)
{
    auto const healthy = database_answers(call);
    auto body = json::Writer();
    body.begin()
        .field("status", healthy ? "healthy" : "unhealthy")
        .field("service", "farebox")
        .field("version", FAREBOX_VERSION)
        .field("environment", call.config.environment)
        .end();
    return http::json(healthy ? 200 : 503, body.str());
}

http::Response root(service::Call const&)
{
    auto body = json::Writer();
    body.begin()
        .field("message", "farebox")
        .field("version", FAREBOX_VERSION)
        .field("docs", "README.md of this version lists the endpoints")
        .end();
    return http::json(200, body.str());
}

} // namespace

int main(int count, char** arguments)
{
    using namespace service;
    auto const endpoints = std::vector{
        get("/health", Dialect::chat, Access::anyone(), health),
        get("/", Dialect::chat, Access::anyone(), root),
    };
    return run(count, arguments, {.name = "health", .endpoints = endpoints});
}
