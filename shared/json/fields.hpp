// Reads the members of a request's body and collects every problem, so that a client hears of all of them at
// once.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/json/decimal.hpp"
#include "shared/json/value.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace json {

// A reader that met a bad member returns a harmless value and remembers the problem; done() throws it.
// Nothing read may be used before done(). Lengths are in characters (code points). An integer is a number that is
// whole, however it is written: 100, 100.0 and 1e2 are one; 1.5, "100" and true are none. JSON null counts as
// absent for the optional readers and as missing for the others.
class Fields {
  public:
    // `value` must outlive this. Not an object: one problem at `loc`.
    explicit Fields(Value const& value, std::vector<std::string> loc = {"body"});
    explicit Fields(Value&& value, std::vector<std::string> loc = {"body"}) = delete;

    std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
    std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t min, std::int64_t max);
    // Money: a number, or a text of one, that is a whole number of units (read_decimal); in units.
    std::int64_t decimal(std::string_view name, DecimalLimits const& limits);
    std::optional<std::int64_t> optional_decimal(std::string_view name, DecimalLimits const& limits);
    std::string text(std::string_view name, std::size_t min_chars, std::size_t max_chars);
    std::optional<std::string> optional_text(std::string_view name, std::size_t min_chars,
                                             std::size_t max_chars);
    // One of `allowed`, or empty when the member is absent.
    std::optional<std::string> optional_choice(std::string_view name,
                                               std::initializer_list<std::string_view> allowed);
    bool optional_boolean(std::string_view name, bool otherwise);
    // An object, or nullptr when absent.
    Value const* optional_object(std::string_view name);
    // An array of min..max items; nullptr after a problem.
    Value const* array(std::string_view name, std::size_t min_items, std::size_t max_items);
    // An ISO 8601 instant with zone ("2027-01-01T00:00:00Z", "+02:00", optional fraction), as microseconds
    // since 1970 UTC.
    std::optional<std::int64_t> optional_instant(std::string_view name);

    // For endpoints of our own: every member that no reader asked for is a problem of its own.
    void nothing_else();

    void problem(std::string_view name, std::string msg, std::string type);
    // In the words of the chat platform API's document.
    void missing(std::string_view name);

    // Throws what throw_if_any() does for the problems so far.
    void done() const;

    std::vector<base::Problem> const& problems() const { return problems_; }

  private:
    Value const* take(std::string_view name);
    Value const* require(std::string_view name);
    std::int64_t read_integer(Value const& member, std::string_view name, std::int64_t min, std::int64_t max);
    std::int64_t read_decimal_member(Value const& member, std::string_view name, DecimalLimits const& limits);
    std::string read_text(Value const& member, std::string_view name, std::size_t min_chars,
                          std::size_t max_chars);

    Value const& value_;
    std::vector<std::string> loc_;
    std::vector<std::string> asked_;
    std::vector<base::Problem> problems_;
};

// What a client knows the place of a problem by: "amount" for {"body", "amount"}, "items.3.amount" for
// {"body", "items", "3", "amount"}, "body" for the body as a whole, "idempotency_key" for {"header",
// "idempotency-key"}.
std::string field_name(base::Problem const& problem);

// validation_error with this one problem; details hold `field` (field_name) and `reason` (msg).
base::Failure validation_failure(base::Problem problem);

// Nothing when there are none. Else throws Failure with the problems, the first hundred of them:
// invalid_amount, with details about the amount, when a problem's last loc is "amount"; else
// validation_error, with details about the first. details hold `field` and `reason`, as for
// validation_failure().
void throw_if_any(std::vector<base::Problem> problems);

} // namespace json
