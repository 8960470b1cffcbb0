// Builds a response body. Thin over RapidJSON's writer; invalid UTF-8 is replaced, never written. Calls that
// do not make a document (an end too many, a member outside an object, str() while something is open) throw
// std::logic_error.
#pragma once

#include "shared/json/decimal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace json {

// Writer w; w.begin().field("a", 1).field("b", "x").begin("c").end().array("d").item(1).end().end(); w.str()
class Writer {
  public:
    Writer();
    ~Writer();
    Writer(Writer&&) noexcept;
    Writer& operator=(Writer&&) noexcept;

    Writer& begin();                      // an object: at the top or as an array's item
    Writer& begin(std::string_view name); // an object as a member
    Writer& array();                      // an array: at the top or as an array's item
    Writer& array(std::string_view name); // an array as a member
    Writer& end();                        // closes the innermost object or array

    Writer& field(std::string_view name, std::string_view value);
    Writer& field(std::string_view name, char const* value) { return field(name, std::string_view(value)); }
    Writer& field(std::string_view name, std::int64_t value);
    Writer& field(std::string_view name, int value) { return field(name, static_cast<std::int64_t>(value)); }
    Writer& field(std::string_view name, Decimal value); // a number, as to_text() writes it
    Writer& field(std::string_view name, bool value);
    Writer& field(std::string_view name, std::nullptr_t);
    template <class T>
    Writer& field(std::string_view name, std::optional<T> const& value)
    {
        if (!value) return field(name, nullptr);
        return field(name, *value);
    }
    // Text that is JSON already (metadata as it came out of the database).
    Writer& raw(std::string_view name, std::string_view json);

    Writer& item(std::string_view value);
    Writer& item(std::int64_t value);

    std::string str() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace json
