// Reading requests: bodies, addresses, passwords, credentials. What is not fit is thrown as Refused.
#pragma once

#include "handlers/local/supabase_auth/store.hpp"
#include "shared/http/message.hpp"
#include "shared/json/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace local_auth {

// The body, which must be an object: bad_json.
json::Value body_of(http::Request const& request);

// A member; empty when it is absent, null or "". bad_json when it is of another kind.
std::optional<std::string> text_member(json::Value const& body, std::string_view name);
bool flag_member(json::Value const& body, std::string_view name);
// The text of an object; empty when it is absent or null.
std::optional<std::string> object_member(json::Value const& body, std::string_view name);

// email in lower case and phone as digits, where the body has them: validation_failed.
Address address_members(json::Value const& body);
// Exactly one of them: validation_failed with that sentence.
Address one_address(json::Value const& body, std::string const& otherwise);

// A password of at most 72 bytes, which is all that bcrypt looks at: validation_failed.
std::string storable_password(std::string password);
// The same of one that a user wants to have: at least 6 characters, else weak_password.
std::string new_password(std::string password);

// "24h", "1h30m", "90s"; "none" is 0. At most a hundred years: validation_failed.
std::int64_t ban_seconds(std::string_view duration);

Client client_of(http::Request const& request);

// Who holds the access token of the request: no_authorization without one, bad_jwt for one that was not made
// here or has expired.
Holder holder_of(http::Request const& request);

// Whether the request is an operator's: it has the service key, and in Authorization nothing else.
bool has_service_key(http::Request const& request);

// Nothing for the service key; no_authorization, bad_jwt or not_admin for anybody else.
void require_service_key(http::Request const& request);

} // namespace local_auth
