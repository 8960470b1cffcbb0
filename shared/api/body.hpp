// The body of a request, read member by member. What is wrong is collected, and done() throws all of it at once; nothing
// that was read may be used before done().
#pragma once

#include "shared/api/query.hpp"
#include "shared/json/fields.hpp"
#include "shared/json/value.hpp"
#include "shared/ledger/user_ref.hpp"
#include "shared/service/service.hpp"

#include <optional>
#include <string>

namespace api {

class Body {
  public:
    // Failure validation_error where the body is no JSON.
    explicit Body(service::Call const& call)
        : request_(call.request), value_(json::parse(call.request.body)), fields(value_)
    {
    }
    Body(Body const&) = delete;
    Body& operator=(Body const&) = delete;

    // "description": 1 to 500 characters.
    std::string description();
    std::optional<std::string> optional_description();

    // "metadata": an object.
    std::optional<ledger::Metadata> metadata();

    // The Idempotency-Key header or "idempotency_key", which are one key (http::idempotency_key). To be read last.
    std::optional<std::string> idempotency_key();

    // The header alone, held to the form of all keys; for what can happen only once by itself.
    void check_idempotency_header() const;

    // What has a body reads no query, so every parameter is an unknown one.
    void done(Unknown unknown = Unknown::refused);

    // Whether the member stands there at all.
    bool has(std::string_view name) const { return value_.find(name) != nullptr; }

  private:
    http::Request const& request_;
    json::Value value_;

  public:
    json::Fields fields; // of value_, which must be made before it
};

// "metadata" of any object that is being read.
std::optional<ledger::Metadata> read_metadata(json::Fields& fields);

} // namespace api
