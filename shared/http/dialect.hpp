// One error in the words of each API (README, "Endpoints"): of five published ones, and of Supabase Auth's.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/http/message.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace http {

// An endpoint that no published API has answers as the API beside whose paths it stands.
enum class Dialect {
    token,    // the server API
    chat,     // the chat platform API
    mgmt,     // the phone app API
    track,    // the device API
    forge,    // the conversation app API
    supabase, // Supabase Auth's API
};

// The dialect of a path nobody serves: /api mgmt, /auth/v1 supabase, everything else chat. /api/v1 is the server API's too, but
// only the chat platform API's document prints this refusal.
Dialect dialect_of(std::string_view path);

// What of a request its refusal may speak of.
struct Refused {
    std::string_view request_id;
    bool has_credential = true;            // an Authorization header came with it
    std::optional<std::int64_t> user = {}; // the whole number by which its path names a user
};

// The whole error response: status and code of the dialect (dialects.def overrides errors.def), the body
// {error, message, code, detail, details, request_id}, WWW-Authenticate on 401, Retry-After where the failure
// or its error has one (busy, outcome_unknown, request_in_progress, rate_limited: 1 second; maintenance,
// auth_unavailable: 5), Allow when details hold "allow".
//   - error: the lower_snake code in token and chat, the sentence in mgmt, track and forge
//   - message: the dialect's sentence; token prints "Not enough tokens. Required: R, available: A"
//   - detail: the sentence; for validation problems in token and chat the list of {loc, msg, type}. In token it is what that
//     document's server sends: an object {error, message, details?} for 403, 404 and 409, a list for every 422
//   - details: an object, always; holds Failure::details
//   - validation is 422 in token and chat, 400 in mgmt, track and forge
//   - too few tokens: track adds requested and remaining (details required and available), forge adds
//     token_limit_reached
//   - for validation forge adds a list of messages under the name of each bad field; a field called like one
//     of the six members takes its place
//   - supabase has other members: code and error_code (a word of Supabase Auth's list where it has one),
//     message and msg, request_id; those of both formats in which its clients may ask
Response error_response(base::Failure const& failure, Dialect dialect, Refused const& request);

} // namespace http
