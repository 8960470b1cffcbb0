// Failures as responses. What differs between dialects by a value is a row of dialects.def; what differs by a
// member is said here.
#include "shared/http/dialect.hpp"

#include "shared/json/fields.hpp"
#include "shared/json/writer.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace http {
namespace {

using base::Error;
using base::Failure;

struct Row {
    Error error;
    Dialect dialect;
    int status;
    std::string_view code;
    std::string_view sentence;
};

constexpr Row rows[] = {
#define ROW(error, dialect, status, code, sentence)                                                          \
    Row{Error::error, Dialect::dialect, status, #code, sentence},
#include "shared/http/dialects.def"
};

struct Sentence {
    Dialect dialect;
    std::string_view text;
};

constexpr Sentence without_credential[] = {
#define NO_CREDENTIAL(dialect, sentence) Sentence{Dialect::dialect, sentence},
#include "shared/http/dialects.def"
};

// One failure as one dialect says it.
struct Spoken {
    int status;
    std::string_view code; // lower_snake
    std::string sentence;
};

// The messages for one field, in the conversation app API's bodies.
using FieldMessages = std::pair<std::string, std::vector<std::string_view>>;

bool is_validation(Error error)
{
    return error == Error::validation_error || error == Error::invalid_amount;
}

// These documents put the code into `error`; the others a sentence for people.
bool names_codes(Dialect dialect)
{
    return dialect == Dialect::token || dialect == Dialect::chat;
}

std::optional<std::string> detail_text(Failure const& failure, std::string_view name)
{
    for (auto const& [candidate, value] : failure.details()) {
        if (candidate != name) continue;
        auto const* const number = std::get_if<std::int64_t>(&value);
        return number != nullptr ? std::to_string(*number) : std::get<std::string>(value);
    }
    return std::nullopt;
}

std::optional<std::int64_t> detail_number(Failure const& failure, std::string_view name)
{
    for (auto const& [candidate, value] : failure.details())
        if (auto const* const number = std::get_if<std::int64_t>(&value);
            number != nullptr && candidate == name)
            return *number;
    return std::nullopt;
}

// What stands for {name} in a sentence.
std::optional<std::string> word(std::string_view name, Failure const& failure, Refused const& request)
{
    if (name != "user") return detail_text(failure, name);
    return request.user ? std::optional(std::to_string(*request.user)) : std::nullopt;
}

// The sentence with its {names} filled in; empty when there is nothing for one of them.
std::optional<std::string> fill(std::string_view sentence, Failure const& failure, Refused const& request)
{
    auto filled = std::string();
    for (auto open = sentence.find('{'); open != std::string_view::npos; open = sentence.find('{')) {
        auto const close = sentence.find('}', open);
        auto const value = word(sentence.substr(open + 1, close - open - 1), failure, request);
        if (!value) return std::nullopt;
        filled.append(sentence.substr(0, open)).append(*value);
        sentence.remove_prefix(close + 1);
    }
    return filled.append(sentence);
}

// The dialect's sentence for a request without a credential; empty where it has none of its own, or another error.
std::string_view no_credential(Failure const& failure, Dialect dialect, Refused const& request)
{
    if (failure.error() != Error::unauthorized || request.has_credential) return {};
    auto const* const found =
        std::find_if(std::begin(without_credential), std::end(without_credential),
                     [&](Sentence const& sentence) { return sentence.dialect == dialect; });
    return found == std::end(without_credential) ? std::string_view() : found->text;
}

Spoken speak(Failure const& failure, Dialect dialect, Refused const& request)
{
    auto const& info = base::info(failure.error());
    auto const row = std::find_if(std::begin(rows), std::end(rows), [&](Row const& candidate) {
        return candidate.error == failure.error() && candidate.dialect == dialect;
    });
    if (row == std::end(rows)) return {info.status, info.name, std::string(info.message)};
    if (auto const missing = no_credential(failure, dialect, request); !missing.empty())
        return {row->status, row->code, std::string(missing)};
    auto const sentence = row->sentence.empty() ? std::nullopt : fill(row->sentence, failure, request);
    return {row->status, row->code, sentence.value_or(std::string(info.message))};
}

int retry_after_s(Failure const& failure)
{
    if (failure.retry_after_s() > 0) return failure.retry_after_s();
    switch (failure.error()) {
    case Error::busy:
    case Error::outcome_unknown:
    case Error::request_in_progress:
    case Error::rate_limited:
        return 1;
    case Error::maintenance:
    case Error::auth_unavailable:
    case Error::model_unavailable:
        // A database that has become read-only, or a service of others, is not back within a second.
        return 5;
    default:
        return 0;
    }
}

std::vector<FieldMessages> messages_by_field(Failure const& failure)
{
    auto fields = std::vector<FieldMessages>();
    for (auto const& problem : failure.problems()) {
        auto name = json::field_name(problem);
        auto const field = std::find_if(fields.begin(), fields.end(),
                                        [&](auto const& known) { return known.first == name; });
        if (field == fields.end())
            fields.emplace_back(std::move(name), std::vector<std::string_view>{problem.msg});
        else
            field->second.push_back(problem.msg);
    }
    return fields;
}

void write_problems(json::Writer& body, std::vector<base::Problem> const& problems)
{
    body.array("detail");
    for (auto const& problem : problems) {
        body.begin().array("loc");
        for (auto const& step : problem.loc)
            body.item(step);
        body.end().field("msg", problem.msg).field("type", problem.type).end();
    }
    body.end();
}

void write_details(json::Writer& body, Failure const& failure)
{
    body.begin("details");
    for (auto const& detail : failure.details())
        std::visit([&](auto const& value) { body.field(detail.first, value); }, detail.second);
    body.end();
}

// What only the device API and only the conversation app API print about a lack of tokens.
void write_shortage(json::Writer& body, Failure const& failure, Dialect dialect)
{
    if (failure.error() != Error::insufficient_balance) return;
    if (dialect == Dialect::forge) body.field("token_limit_reached", true);
    if (dialect != Dialect::track) return;
    if (auto const required = detail_number(failure, "required")) body.field("requested", *required);
    if (auto const available = detail_number(failure, "available")) body.field("remaining", *available);
}

// What the server API's own server has in `detail`: an object where it raises one, and a list for a 422, whatever the reason.
void write_token_detail(json::Writer& body, Failure const& failure, Spoken const& spoken)
{
    switch (spoken.status) {
    case 403:
    case 404:
    case 409:
        body.begin("detail").field("error", spoken.code).field("message", spoken.sentence);
        if (!failure.details().empty()) write_details(body, failure);
        body.end();
        return;
    case 422:
        write_problems(body, {{.loc = {"body"}, .msg = spoken.sentence, .type = std::string(spoken.code)}});
        return;
    default:
        body.field("detail", spoken.sentence);
    }
}

void write_member(json::Writer& body, std::string_view name, Failure const& failure, Dialect dialect,
                  Spoken const& spoken, std::string_view request_id)
{
    if (name == "error" && names_codes(dialect))
        body.field(name, spoken.code);
    else if (name == "code")
        body.field(name, base::upper_snake(spoken.code));
    else if (name == "detail" && names_codes(dialect) && !failure.problems().empty())
        write_problems(body, failure.problems());
    else if (name == "detail" && dialect == Dialect::token)
        write_token_detail(body, failure, spoken);
    else if (name == "details")
        write_details(body, failure);
    else if (name == "request_id")
        body.field(name, request_id);
    else
        body.field(name, spoken.sentence);
}

std::string supabase_body(Spoken const& spoken, std::string_view request_id)
{
    return json::Writer()
        .begin()
        .field("code", spoken.code)
        .field("error_code", spoken.code)
        .field("message", spoken.sentence)
        .field("msg", spoken.sentence)
        .field("request_id", request_id)
        .end()
        .str();
}

std::string error_body(Failure const& failure, Dialect dialect, Spoken const& spoken,
                       std::string_view request_id)
{
    if (dialect == Dialect::supabase) return supabase_body(spoken, request_id);
    auto const fields = dialect == Dialect::forge && is_validation(failure.error())
                            ? messages_by_field(failure)
                            : std::vector<FieldMessages>();
    auto const is_field = [&](std::string_view name) {
        return std::any_of(fields.begin(), fields.end(),
                           [&](FieldMessages const& field) { return field.first == name; });
    };

    auto body = json::Writer();
    body.begin();
    // A field that is called like a member of the error takes its place: that is what the conversation app API's client reads.
    for (std::string_view const name : {"error", "message", "code", "detail", "details", "request_id"})
        if (!is_field(name)) write_member(body, name, failure, dialect, spoken, request_id);
    write_shortage(body, failure, dialect);
    for (auto const& [name, messages] : fields) {
        body.array(name);
        for (auto const message : messages)
            body.item(message);
        body.end();
    }
    return body.end().str();
}

bool has_prefix(std::string_view path, std::string_view prefix)
{
    if (path.substr(0, prefix.size()) != prefix) return false;
    return path.size() == prefix.size() || path[prefix.size()] == '/';
}

} // namespace

Dialect dialect_of(std::string_view path)
{
    if (has_prefix(path, "/api/v1")) return Dialect::chat;
    if (has_prefix(path, "/api")) return Dialect::mgmt;
    if (has_prefix(path, "/auth/v1")) return Dialect::supabase;
    return Dialect::chat;
}

Response error_response(base::Failure const& failure, Dialect dialect, Refused const& request)
{
    auto const spoken = speak(failure, dialect, request);
    auto response = json(spoken.status, error_body(failure, dialect, spoken, request.request_id));
    if (spoken.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (int const seconds = retry_after_s(failure); seconds > 0)
        response.headers.emplace_back("Retry-After", std::to_string(seconds));
    if (auto allow = detail_text(failure, "allow")) response.headers.emplace_back("Allow", *std::move(allow));
    return response;
}

} // namespace http
