#include "handlers/local/supabase_auth/refused.hpp"

#include "shared/base/log.hpp"
#include "shared/json/writer.hpp"

#include <algorithm>
#include <array>

namespace local_auth {
namespace {

constexpr std::string_view dated_format = "2024-01-01";

struct Row {
    std::string_view code;
    int status;
    std::string_view sentence;
};

// Clients branch on the code; the sentences are what people see of them.
constexpr auto refusal_rows = std::array{
    Row{"anonymous_provider_disabled", 422, "Anonymous sign-ins are disabled"},
    Row{"bad_json", 400, "Could not read request body: it must be a JSON object"},
    Row{"bad_jwt", 403, "invalid JWT: unable to parse or verify signature, or token is expired"},
    Row{"email_exists", 422, "A user with this email address has already been registered"},
    Row{"email_not_confirmed", 400, "Email not confirmed"},
    Row{"invalid_credentials", 400, "Invalid login credentials"},
    Row{"no_authorization", 401, "This endpoint requires a valid Bearer token"},
    Row{"not_admin", 403, "User not allowed"},
    Row{"otp_expired", 403, "Token has expired or is invalid"},
    Row{"over_email_send_rate_limit", 429, "For security purposes, you can only request this later"},
    Row{"over_sms_send_rate_limit", 429, "For security purposes, you can only request this later"},
    Row{"phone_exists", 422, "A user with this phone number has already been registered"},
    Row{"phone_not_confirmed", 400, "Phone not confirmed"},
    Row{"refresh_token_already_used", 400, "Invalid Refresh Token: Already Used"},
    Row{"refresh_token_not_found", 400, "Invalid Refresh Token: Refresh Token Not Found"},
    Row{"request_timeout", 504, "Processing this request timed out, please retry after a moment."},
    Row{"same_password", 422, "New password should be different from the old password."},
    Row{"session_expired", 400, "Invalid Refresh Token: Session Expired"},
    Row{"session_not_found", 403, "Session from session_id claim in JWT does not exist"},
    Row{"unexpected_failure", 500, "Unexpected failure, please check server logs for more information"},
    Row{"user_already_exists", 422, "User already registered"},
    Row{"user_banned", 403, "User is banned"},
    Row{"user_not_found", 403, "User from sub claim in JWT does not exist"},
    Row{"validation_failed", 400, "The request is not valid"},
    Row{"weak_password", 422, "Password should be at least 6 characters."},
};

Row const& row_of(std::string_view code)
{
    auto const matches = [&](std::string_view wanted) {
        return std::find_if(refusal_rows.begin(), refusal_rows.end(),
                            [&](Row const& row) { return row.code == wanted; });
    };
    auto const found = matches(code);
    return found != refusal_rows.end() ? *found : *matches("unexpected_failure");
}

bool wants_dated_format(http::Request const& request)
{
    // Dates of one form: the order of the texts is the order of the days.
    auto const version = request.header("x-supabase-api-version").value_or("");
    return version.size() == dated_format.size() && version >= dated_format;
}

std::string dated_body(Refused const& refused)
{
    auto body = json::Writer();
    body.begin().field("code", refused.code()).field("message", refused.sentence());
    if (refused.code() == "weak_password")
        body.begin("weak_password").array("reasons").item("length").end().end();
    return body.end().str();
}

std::string legacy_body(Refused const& refused, std::string_view request_id)
{
    auto body = json::Writer();
    body.begin()
        .field("code", refused.status())
        .field("error_code", refused.code())
        .field("msg", refused.sentence());
    if (refused.status() >= 500) body.field("error_id", request_id);
    if (refused.code() == "weak_password")
        body.begin("weak_password").array("reasons").item("length").end().end();
    return body.end().str();
}

} // namespace

Refused::Refused(std::string_view code)
    : code_(row_of(code).code), status_(row_of(code).status), sentence_(row_of(code).sentence)
{
}

Refused::Refused(std::string_view code, std::string sentence) : Refused(code)
{
    sentence_ = std::move(sentence);
}

Refused::Refused(std::string_view code, int status) : Refused(code)
{
    status_ = status;
}

Refused::Refused(std::string_view code, int status, std::string sentence)
    : code_(code), status_(status), sentence_(std::move(sentence))
{
}

http::Response response_of(Refused const& refused, http::Request const& request)
{
    auto const dated = wants_dated_format(request);
    auto response =
        http::json(refused.status(), dated ? dated_body(refused) : legacy_body(refused, request.request_id));
    // What a hook says has no code, and Supabase Auth fills in this word in the body alone.
    if (refused.code() != "unknown") response.headers.emplace_back("X-Sb-Error-Code", refused.code());
    if (dated) response.headers.emplace_back("X-Supabase-Api-Version", dated_format);
    return response;
}

Refused refused_by(base::Failure const& failure, http::Request const& request)
{
    using base::Error;
    if (failure.error() == Error::validation_error || failure.error() == Error::invalid_amount)
        return Refused("bad_json");
    if (failure.error() == Error::unauthorized) return Refused("no_authorization");
    base::log::event(base::log::Level::error, "refused",
                     {{"error", std::string(base::info(failure.error()).name)},
                      {"endpoint", request.path},
                      {"reason", failure.log()},
                      {"request_id", request.request_id}});
    auto const may_pass = base::info(failure.error()).retry != base::Retry::never;
    return Refused(may_pass ? "request_timeout" : "unexpected_failure");
}

bool has_api_key(http::Request const& request)
try {
    auto key = request.header("apikey");
    if (!key) key = request.query_value("apikey");
    return key && !key->empty();
} catch (base::Failure const&) {
    return false; // sent twice, or not to be decoded
}

http::Response no_api_key()
{
    auto body = json::Writer();
    body.begin()
        .field("message", "No API key found in request")
        .field("hint", "No `apikey` request header or url param was found.")
        .end();
    return http::json(401, body.str());
}

} // namespace local_auth
