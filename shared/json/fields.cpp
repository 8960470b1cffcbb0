// The readers of members. Every message says what is expected, so that a client can correct it at once.
#include "shared/json/fields.hpp"

#include "shared/base/clock.hpp"
#include "shared/base/utf8.hpp"

#include <algorithm>

namespace json {
namespace {

// More problems than this help nobody, and naming each member of a large body would multiply it in the
// answer.
constexpr std::size_t problems_max = 100;

std::string range_of(std::int64_t min, std::int64_t max)
{
    return "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
}

std::string range_of(DecimalLimits const& limits)
{
    if (limits.digits == 0) return range_of(limits.min, limits.max);
    return "a decimal number from " + to_fixed_text({.units = limits.min, .digits = limits.digits}) + " to " +
           to_fixed_text({.units = limits.max, .digits = limits.digits}) + " with at most " +
           std::to_string(limits.digits) + " digits after the point";
}

std::string_view type_of(DecimalFault fault)
{
    switch (fault) {
    case DecimalFault::too_precise:
        return "decimal_places";
    case DecimalFault::out_of_range:
        return "decimal_range";
    default:
        return "decimal_type";
    }
}

std::string size_of(std::size_t min, std::size_t max, std::string_view unit)
{
    return std::to_string(min) + " to " + std::to_string(max) + " " + std::string(unit);
}

bool is_amount(base::Problem const& problem)
{
    return problem.loc.back() == "amount";
}

base::Failure failure_about(base::Error error, base::Problem const& problem)
{
    auto const field = field_name(problem);
    return base::Failure(error, problem.type + " in " + field)
        .with("field", field)
        .with("reason", problem.msg);
}

} // namespace

Fields::Fields(Value const& value, std::vector<std::string> loc) : value_(value), loc_(std::move(loc))
{
    if (value_.kind != Kind::object)
        problems_.push_back({.loc = loc_, .msg = "must be an object", .type = "object_type"});
}

// The member, or nullptr when it is absent or null.
Value const* Fields::take(std::string_view name)
{
    asked_.emplace_back(name);
    auto const* const member = value_.find(name);
    return member != nullptr && member->kind != Kind::null ? member : nullptr;
}

// The member, or nullptr after the problem that it is missing. What is missing in something that is no object
// has been said by the constructor.
Value const* Fields::require(std::string_view name)
{
    auto const* const member = take(name);
    if (member == nullptr && value_.kind == Kind::object) missing(name);
    return member;
}

std::int64_t Fields::read_integer(Value const& member, std::string_view name, std::int64_t min,
                                  std::int64_t max)
{
    auto read = DecimalRead{.fault = DecimalFault::not_decimal};
    if (member.kind == Kind::number) read = read_decimal(member.text, {.digits = 0, .min = min, .max = max});
    if (read.fault == DecimalFault::none) return read.units;
    auto const out_of_range = read.fault == DecimalFault::out_of_range;
    problem(name, "must be " + range_of(min, max), out_of_range ? "int_range" : "int_type");
    return min;
}

std::int64_t Fields::read_decimal_member(Value const& member, std::string_view name,
                                         DecimalLimits const& limits)
{
    auto read = DecimalRead{.fault = DecimalFault::not_decimal};
    if (member.kind == Kind::number || member.kind == Kind::string) read = read_decimal(member.text, limits);
    if (read.fault == DecimalFault::none) return read.units;
    problem(name, "must be " + range_of(limits), std::string(type_of(read.fault)));
    return limits.min;
}

std::string Fields::read_text(Value const& member, std::string_view name, std::size_t min_chars,
                              std::size_t max_chars)
{
    auto const expected = "must be a text of " + size_of(min_chars, max_chars, "characters");
    if (member.kind != Kind::string) {
        problem(name, expected, "string_type");
        return {};
    }
    auto const chars = base::count_characters(member.text);
    if (chars >= min_chars && chars <= max_chars) return member.text;
    problem(name, expected, chars < min_chars ? "string_too_short" : "string_too_long");
    return {};
}

std::int64_t Fields::integer(std::string_view name, std::int64_t min, std::int64_t max)
{
    auto const* const member = require(name);
    return member != nullptr ? read_integer(*member, name, min, max) : min;
}

std::optional<std::int64_t> Fields::optional_integer(std::string_view name, std::int64_t min,
                                                     std::int64_t max)
{
    auto const* const member = take(name);
    if (member == nullptr) return std::nullopt;
    return read_integer(*member, name, min, max);
}

std::int64_t Fields::decimal(std::string_view name, DecimalLimits const& limits)
{
    auto const* const member = require(name);
    return member != nullptr ? read_decimal_member(*member, name, limits) : limits.min;
}

std::optional<std::int64_t> Fields::optional_decimal(std::string_view name, DecimalLimits const& limits)
{
    auto const* const member = take(name);
    if (member == nullptr) return std::nullopt;
    return read_decimal_member(*member, name, limits);
}

std::string Fields::text(std::string_view name, std::size_t min_chars, std::size_t max_chars)
{
    auto const* const member = require(name);
    return member != nullptr ? read_text(*member, name, min_chars, max_chars) : std::string();
}

std::optional<std::string> Fields::optional_text(std::string_view name, std::size_t min_chars,
                                                 std::size_t max_chars)
{
    auto const* const member = take(name);
    if (member == nullptr) return std::nullopt;
    return read_text(*member, name, min_chars, max_chars);
}

std::optional<std::string> Fields::optional_choice(std::string_view name,
                                                   std::initializer_list<std::string_view> allowed)
{
    auto const* const member = take(name);
    if (member == nullptr) return std::nullopt;
    if (member->kind == Kind::string &&
        std::find(allowed.begin(), allowed.end(), member->text) != allowed.end())
        return member->text;
    auto choices = std::string();
    for (auto const choice : allowed)
        choices.append(choices.empty() ? "" : ", ").append(choice);
    problem(name, "must be one of " + choices, "enum");
    return std::nullopt;
}

bool Fields::optional_boolean(std::string_view name, bool otherwise)
{
    auto const* const member = take(name);
    if (member == nullptr) return otherwise;
    if (member->kind == Kind::boolean) return member->boolean;
    problem(name, "must be true or false", "bool_type");
    return otherwise;
}

Value const* Fields::optional_object(std::string_view name)
{
    auto const* const member = take(name);
    if (member == nullptr || member->kind == Kind::object) return member;
    problem(name, "must be an object", "object_type");
    return nullptr;
}

Value const* Fields::array(std::string_view name, std::size_t min_items, std::size_t max_items)
{
    auto const expected = "an array of " + size_of(min_items, max_items, "items");
    auto const* const member = require(name);
    if (member == nullptr) return nullptr;
    if (member->kind != Kind::array) {
        problem(name, "must be " + expected, "array_type");
        return nullptr;
    }
    auto const count = member->items.size();
    if (count >= min_items && count <= max_items) return member;
    problem(name, "must be " + expected, count < min_items ? "array_too_short" : "array_too_long");
    return nullptr;
}

std::optional<std::int64_t> Fields::optional_instant(std::string_view name)
{
    auto const* const member = take(name);
    if (member == nullptr) return std::nullopt;
    auto const instant = member->kind == Kind::string ? base::parse_iso8601(member->text) : std::nullopt;
    if (!instant) problem(name, "must be a time with its zone, such as 2027-01-01T00:00:00Z", "datetime");
    return instant;
}

void Fields::nothing_else()
{
    for (auto const& member : value_.members)
        if (std::find(asked_.begin(), asked_.end(), member.name) == asked_.end())
            problem(member.name, "is not a member of this request", "extra_forbidden");
}

void Fields::missing(std::string_view name)
{
    problem(name, "field required", "value_error.missing");
}

void Fields::problem(std::string_view name, std::string msg, std::string type)
{
    if (problems_.size() == problems_max) return;
    auto loc = loc_;
    loc.emplace_back(name);
    problems_.push_back({.loc = std::move(loc), .msg = std::move(msg), .type = std::move(type)});
}

void Fields::done() const
{
    throw_if_any(problems_);
}

std::string field_name(base::Problem const& problem)
{
    auto const& loc = problem.loc;
    if (loc.size() == 1) return loc.front();
    auto name = std::string();
    for (std::size_t i = 1; i < loc.size(); ++i)
        name.append(i == 1 ? "" : ".").append(loc[i]);
    // A header is called what the member of the body is that it stands for.
    if (loc.front() == "header") std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

base::Failure validation_failure(base::Problem problem)
{
    auto failure = failure_about(base::Error::validation_error, problem);
    failure.add(std::move(problem));
    return failure;
}

void throw_if_any(std::vector<base::Problem> problems)
{
    if (problems.empty()) return;
    // The code says when an amount is at fault, and details must name the member that the code is about.
    auto const amount = std::find_if(problems.begin(), problems.end(), is_amount);
    auto failure = amount != problems.end() ? failure_about(base::Error::invalid_amount, *amount)
                                            : failure_about(base::Error::validation_error, problems.front());
    problems.resize(std::min(problems.size(), problems_max));
    for (auto& problem : problems)
        failure.add(std::move(problem));
    throw failure;
}

} // namespace json
