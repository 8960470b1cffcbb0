// Reads the members of a request's body and collects every problem, so that a client hears of all of them at
// once.
#pragma once

#include "shared/base/failure.hpp"
#include "shared/json/value.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace json {

// A reader that met a bad member returns a harmless value and remembers the problem; done() throws it.
// Nothing read may be used before done(). Lengths are in characters (code points), numbers must be whole
// tokens of digits: 1.0, 1e3 and "5" are not integers. JSON null counts as absent for the optional readers
// and as missing for the others.
class Fields {
  public:
    // `value` must outlive this. Not an object: one problem at `loc`.
    explicit Fields(Value const& value, std::vector<std::string> loc = {"body"});

    std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
    std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t min, std::int64_t max);
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

    // For endpoints of our own: every member that no reader asked for is a problem, named ("extra").
    void nothing_else();

    void problem(std::string_view name, std::string msg, std::string type);

    // Throws Failure: invalid_amount when a problem's last loc is "amount", else validation_error;
    // details.field names the first member at fault, all problems go along.
    void done() const;

    std::vector<base::Problem> const& problems() const { return problems_; }

  private:
    Value const* take(std::string_view name, bool required);

    Value const& value_;
    std::vector<std::string> loc_;
    std::vector<std::string> asked_;
    std::vector<base::Problem> problems_;
};

// Throws what done() would for these problems; nothing when there are none.
void throw_if_any(std::vector<base::Problem> problems);

} // namespace json
