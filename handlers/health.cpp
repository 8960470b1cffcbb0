// GET /health: does the service work?
//
//   Access    anyone
//   Reply     200 {"status": "healthy", "service": SERVICE_NAME, "version", "environment": FAREBOX_ENV}
//             503 {"status": "unhealthy", ...} with the same members when the database does not answer
//
// GET /: what is this?
//
//   Access    anyone
//   Reply     200 {"message": SERVICE_NAME, "version", "docs": where the API reference is, or that it is not served}

#include "shared/base/log.hpp"
#include "shared/json/writer.hpp"
#include "shared/service/service.hpp"

#include <algorithm>

namespace {

constexpr auto database_budget = std::chrono::seconds(2);
// What the chat platform API's document prints where no API reference is served; here none is.
constexpr auto no_reference = "Not available in production";

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
        .field("service", call.config.service_name)
        .field("version", FAREBOX_VERSION)
        .field("environment", call.config.environment)
        .end();
    return http::json(healthy ? 200 : 503, body.str());
}

http::Response root(service::Call const& call)
{
    auto body = json::Writer();
    body.begin()
        .field("message", call.config.service_name)
        .field("version", FAREBOX_VERSION)
        .field("docs", no_reference)
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
    return run(count, arguments,
               {.name = "health", .endpoints = endpoints, .needs = {.database = true, .service_name = true}});
}
