// One error, spoken as each of the five API documents prints it, and as Supabase Auth does.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/http/message.hpp"

#include <string_view>

namespace http {

// Ours is TOKEN's shape for endpoints that no document has.
enum class Dialect { token, chat, mgmt, track, forge, supabase };

// The dialect of a path nobody serves: /api/v1 TOKEN, /api MGMT, /auth/v1 SUPABASE, everything else CHAT.
Dialect dialect_of(std::string_view path);

// The whole error response: status and code of the dialect (dialects.def overrides errors.def), the body
// {error, message, code, detail, details, request_id}, WWW-Authenticate on 401, Retry-After where the failure
// or its error has one (busy, outcome_unknown, request_in_progress, rate_limited: 1 second; maintenance,
// auth_unavailable: 5), Allow when details hold "allow".
//   - error: the lower_snake code in TOKEN and CHAT, the sentence in MGMT, TRACK and FORGE
//   - message: the dialect's sentence; TOKEN prints "Not enough tokens. Required: R, available: A"
//   - detail: the sentence; for validation problems in TOKEN and CHAT the list of {loc, msg, type}
//   - details: an object, always; holds Failure::details
//   - validation is 422 in TOKEN and CHAT, 400 in MGMT, TRACK and FORGE
//   - too few tokens: TRACK adds requested and remaining (details required and available), FORGE adds
//     token_limit_reached
//   - for validation FORGE adds a list of messages under the name of each bad field; a field called like one
//     of the six members takes its place
//   - SUPABASE has other members: code and error_code (a word of Supabase Auth's list where it has one),
//     message and msg, request_id; those of both formats in which its clients may ask
Response error_response(base::Failure const& failure, Dialect dialect, std::string_view request_id);

} // namespace http
