#include "shared/db/status.hpp"

#include <string>

namespace db {

bool took_effect(std::string_view status)
{
    return status == "ok" || status == "replayed" || status == "short";
}

std::optional<base::Uuid> row_behind(std::string_view status, std::optional<base::Uuid> const& id)
{
    return status == "behind" ? id : std::nullopt;
}

base::Failure refusal_of(std::string_view status)
{
    auto const not_done = status == "late" || status == "behind";
    auto const error = not_done ? base::Error::busy : base::parse_error(status);
    if (!error) return base::Failure(base::Error::internal, "unknown status " + std::string(status));
    auto failure = base::Failure(*error, std::string(status));
    return *error == base::Error::busy ? std::move(failure).retry_after(1) : std::move(failure);
}

void expect_ok(std::string_view status)
{
    if (status != "ok") throw refusal_of(status);
}

} // namespace db
