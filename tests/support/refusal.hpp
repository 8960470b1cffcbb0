// What every refusal has in common, whoever made it: a handler or the web server.
#pragma once

#include "tests/support/client.hpp"

#include <string_view>

namespace support {

// Checks the status, the error's name, the JSON content type and the six members of the one error body. In
// `error` stands the lower_snake name under /api/v1 and the sentence under /api; `code` is the name in
// UPPER_SNAKE in both.
void check_refusal(Reply const& reply, int status, std::string_view name);

// The same for a 422 (400 under /api) that names a member: details.field, and `loc` ("body.amount") among
// detail[].loc.
void check_invalid(Reply const& reply, std::string_view name, std::string_view field, std::string_view loc);

// A body without what differs from one request to the next.
std::string without_request_id(Reply const& reply);

// The same, without the number of the user whom the path names: "User 17 not found" becomes "User not found".
std::string without_user(Reply const& reply);

} // namespace support
