#include "shared/api/body.hpp"

#include "shared/api/limits.hpp"
#include "shared/http/idempotency.hpp"

namespace api {

std::string Body::description()
{
    return fields.text("description", 1, description_chars_max);
}

std::optional<std::string> Body::optional_description()
{
    return fields.optional_text("description", 1, description_chars_max);
}

std::optional<ledger::Metadata> Body::metadata()
{
    return read_metadata(fields);
}

std::optional<std::string> Body::idempotency_key()
{
    auto member = fields.optional_text("idempotency_key", 1, idempotency_key_chars_max);
    // What is wrong with the body is told first.
    if (!fields.problems().empty()) return member;
    return http::idempotency_key(request_, member);
}

void Body::check_idempotency_header() const
{
    http::idempotency_key(request_, {});
}

void Body::done(Unknown unknown)
{
    if (unknown == Unknown::ignored) {
        fields.done();
        return;
    }
    fields.nothing_else();
    auto problems = fields.problems();
    for (auto& problem : unknown_parameters(request_, {}))
        problems.push_back(std::move(problem));
    json::throw_if_any(std::move(problems));
}

std::optional<ledger::Metadata> read_metadata(json::Fields& fields)
{
    auto const* const metadata = fields.optional_object("metadata");
    if (metadata == nullptr) return std::nullopt;
    return ledger::Metadata{.text = json::write(*metadata), .canonical = json::canonical(*metadata)};
}

} // namespace api
