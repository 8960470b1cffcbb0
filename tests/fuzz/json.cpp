// The input is a request's body. What the reader accepts is a sound document (bounded depth, no member twice,
// whole characters, numbers of JSON's grammar), and comes back equal when written and read again; what it
// refuses, it refuses in one way. Field checks give only what lies within the limits they were asked for.
// Money is read exactly, or refused.
#include "shared/base/clock.hpp"
#include "shared/base/utf8.hpp"
#include "shared/json/decimal.hpp"
#include "shared/json/fields.hpp"
#include "shared/json/value.hpp"
#include "shared/json/writer.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/unicode.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace {

using fuzz::must;
using json::Kind;
using json::Value;

bool equal(Value const& a, Value const& b)
{
    return a.kind == b.kind && a.boolean == b.boolean && a.text == b.text &&
           std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), equal) &&
           std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                      [](json::Member const& x, json::Member const& y) {
                          return x.name == y.name && equal(x.value, y.value);
                      });
}

// Takes leading digits off; how many there were.
std::size_t take_digits(std::string_view& text)
{
    auto const count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
}

bool take_one(std::string_view& text, std::string_view choice)
{
    if (text.empty() || choice.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

// RFC 8259, 6.
bool is_number(std::string_view text)
{
    take_one(text, "-");
    bool const zero = !text.empty() && text.front() == '0';
    auto const whole = take_digits(text);
    if (whole == 0 || (zero && whole > 1)) return false;
    if (take_one(text, ".") && take_digits(text) == 0) return false;
    if (take_one(text, "eE")) {
        take_one(text, "+-");
        if (take_digits(text) == 0) return false;
    }
    return text.empty();
}

bool is_sound_text(std::string_view text)
{
    return fuzz::characters(text).has_value() && text.find('\0') == std::string_view::npos;
}

// How many arrays and objects lie in each other here, this one included.
std::size_t depth_of(Value const& value)
{
    std::size_t inner = 0;
    for (auto const& member : value.members)
        inner = std::max(inner, depth_of(member.value));
    for (auto const& item : value.items)
        inner = std::max(inner, depth_of(item));
    return value.kind == Kind::array || value.kind == Kind::object ? inner + 1 : 0;
}

void check_value(Value const& value)
{
    must(value.kind == Kind::array || value.items.empty(), "only arrays hold items");
    must(value.kind == Kind::object || value.members.empty(), "only objects hold members");
    must(value.kind != Kind::string || is_sound_text(value.text), "a text is Unicode without NUL");
    must(value.kind != Kind::number || is_number(value.text), "a number is one of JSON's grammar");

    std::set<std::string_view> names;
    for (auto const& member : value.members) {
        must(names.insert(member.name).second, "no object holds a member twice");
        must(is_sound_text(member.name), "a name is Unicode without NUL");
        must(value.find(member.name) == &member.value, "a member is found by its name");
        check_value(member.value);
    }
    for (auto const& item : value.items)
        check_value(item);
}

std::optional<Value> read(std::string_view text, std::size_t depth_max = json::depth_most)
{
    try {
        auto value = json::parse(text, depth_max);
        must(depth_of(value) <= depth_max, "no document is nested deeper than the limit");
        return value;
    } catch (base::Failure const& failure) {
        must(failure.error() == base::Error::validation_error ||
                 failure.error() == base::Error::invalid_amount,
             "a body is refused as not valid");
        must(failure.problems().size() == 1, "a body that is no JSON is one problem");
        auto const& problem = failure.problems().front();
        must(!problem.loc.empty() && problem.loc.size() <= 2 && problem.loc.front() == "body",
             "the problem names the body or one of its members");
        must(problem.loc.size() == 1 || is_sound_text(problem.loc.back()),
             "what is named in an answer is Unicode");
        return std::nullopt;
    }
}

void check_written(Value const& value)
{
    auto const text = json::write(value);
    auto const again = read(text);
    must(again && equal(*again, value), "what is written is read again as the same");
    must(json::write(*again) == text, "what is written again is written the same");

    auto const canonical = json::canonical(value);
    auto const sorted = read(canonical);
    must(sorted.has_value(), "the canonical form is JSON");
    must(json::canonical(*sorted) == canonical, "the canonical form is its own");
    must(canonical.size() == text.size(), "the canonical form leaves nothing out");
}

// The members of a spend and of a grant; every other reader of Fields is asked too.
void check_fields(Value const& body)
{
    json::Fields fields(body);
    auto const amount = fields.integer("amount", 1, 10'000);
    auto const description = fields.text("description", 1, 500);
    auto const key = fields.optional_text("idempotency_key", 1, 255);
    auto const price = fields.optional_decimal("price", {.digits = 2, .min = 100, .max = 10'000});
    auto const choice = fields.optional_choice("class", {"promo", "allotment", "paid"});
    auto const priority = fields.optional_integer("priority", -5, 5);
    auto const* const items = body.find("items") != nullptr ? fields.array("items", 1, 3) : nullptr;
    auto const* const metadata = fields.optional_object("metadata");
    auto const expires_at_us = fields.optional_instant("expires_at");
    fields.optional_boolean("partial", false);
    fields.nothing_else();

    // With a problem as well as without: nobody may be given more than what was asked for.
    must(amount >= 1 && amount <= 10'000, "an amount is within its limits");
    must(!priority || (*priority >= -5 && *priority <= 5), "an optional number is within its limits");
    must(!price || (*price >= 100 && *price <= 10'000), "money is within its limits");
    must(fuzz::characters(description)->size() <= 500, "a text is within its limits");
    must(!key || fuzz::characters(*key)->size() <= 255, "an optional text is within its limits");
    must(!choice || *choice == "promo" || *choice == "allotment" || *choice == "paid", "a choice is allowed");
    must(items == nullptr || (!items->items.empty() && items->items.size() <= 3),
         "an array is within its limits");
    must(metadata == nullptr || metadata->kind == Kind::object, "an object is an object");
    must(fields.problems().size() <= 100, "an answer names a hundred problems at most");

    bool refused = false;
    try {
        fields.done();
    } catch (base::Failure const& failure) {
        refused = true;
        must(failure.problems().size() == fields.problems().size(), "every problem is told");
    }
    must(refused != fields.problems().empty(), "a request is refused when it has a problem, and only then");
    if (refused) return;

    auto const* const number = body.find("amount");
    must(number != nullptr && number->text.find_first_not_of("-0123456789") == std::string::npos &&
             amount == std::strtoll(number->text.c_str(), nullptr, 10),
         "an amount is the whole number that was sent");
    must(!description.empty() && description == body.find("description")->text,
         "a text is the one that was sent");
    must(!key || !key->empty(), "an empty key is none");
    auto const* const expires_at = body.find("expires_at");
    must(!expires_at_us || base::parse_iso8601(expires_at->text) == expires_at_us,
         "an instant is the one that was sent");
}

// Whether a number is zero by the digits before its exponent.
bool is_zero(std::string_view number)
{
    return number.substr(0, number.find_first_of("eE")).find_first_of("123456789") == std::string_view::npos;
}

// Any text as money: read by the grammar and within the limits, or refused; what was read is written as text
// that means the same.
void check_decimal(std::string_view text, std::size_t digits)
{
    auto const limits =
        json::DecimalLimits{.digits = digits, .min = -1'000'000, .max = 9'000'000'000'000'000'000};
    auto const read = json::read_decimal(text, limits);
    must((read.fault == json::DecimalFault::not_decimal) == !is_number(text),
         "money is a number of JSON's grammar, in a text too");
    if (read.fault != json::DecimalFault::none) return;
    must(read.units >= limits.min && read.units <= limits.max, "money is within its limits");
    must((read.units == 0) == is_zero(text), "only zero is read as none");
    must(read.units >= 0 || text.front() == '-', "money is negative where its text is");

    auto const decimal = json::Decimal{.units = read.units, .digits = digits};
    auto const written = json::to_text(decimal);
    must(is_number(written), "a decimal is a number of JSON's grammar");
    auto const point = written.find('.');
    must(point != std::string::npos && point + 1 < written.size(), "a decimal has a digit after the point");
    must(written.back() != '0' || point + 2 == written.size(), "a decimal has no further trailing zeros");
    for (auto const& again : {written, json::to_fixed_text(decimal)})
        must(json::read_decimal(again, limits).units == read.units, "a decimal is read as it was written");
    // Where no point has to be moved the digits stand as they came.
    if (text.find_first_of("eE") == std::string_view::npos && read.units != 0)
        must(text.substr(0, text.find('.')) == written.substr(0, point),
             "the digits before the point are those that were sent");
}

void check_decimals(Value const& value)
{
    for (std::size_t digits = 0; digits <= 6; digits += 2)
        if (value.kind == Kind::number || value.kind == Kind::string) check_decimal(value.text, digits);
    for (auto const& member : value.members)
        check_decimals(member.value);
    for (auto const& item : value.items)
        check_decimals(item);
}

// Any bytes as a name and as a text of an answer.
void check_answer(std::string_view bytes)
{
    json::Writer writer;
    writer.begin().field("text", bytes).begin("inner").field(bytes, std::int64_t{-7}).end().array("list");
    writer.item(bytes).end().end();
    auto const text = writer.str();
    must(base::is_utf8(text), "an answer is UTF-8 whatever went into it");
    if (bytes.find('\0') != std::string_view::npos) return; // written as an escape, which no request may hold

    auto const answer = read(text);
    must(answer.has_value(), "an answer is JSON whatever went into it");
    auto const expected = base::repair_utf8(bytes);
    must(answer->find("text")->text == expected, "a text is answered as it was, but for broken characters");
    must(answer->find("inner")->find(expected)->text == "-7", "a number is answered as it was");
    must(answer->find("list")->items.at(0).text == expected, "an item is answered as it was");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    auto const text = std::string_view(reinterpret_cast<char const*>(data), size);
    check_answer(text);
    check_decimal(text, 2);
    auto const value = read(text);
    auto const shallow = read(text, json::depth_usual);
    must(shallow.has_value() == (value && depth_of(*value) <= json::depth_usual),
         "a limit refuses what is nested deeper, and nothing else");
    if (!value) return 0;
    must(!shallow || equal(*shallow, *value), "a limit changes nothing of what it lets pass");
    check_value(*value);
    check_written(*value);
    check_fields(*value);
    check_decimals(*value);
    return 0;
}
