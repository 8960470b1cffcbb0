// The result of a call, in binary. Readers check the column's type and the value's length; a mismatch is a
// bug of ours and throws Failure internal, which names the column and never the value.
#pragma once

#include "shared/base/uuid.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pg_result;

namespace db {

class Rows {
  public:
    explicit Rows(std::shared_ptr<pg_result> result);

    int size() const;
    bool null(int row, int column) const;

    // These require a value; use the optional ones where NULL is normal.
    std::int64_t int8(int row, int column) const; // int8 or int4 columns
    bool boolean(int row, int column) const;
    std::string text(int row, int column) const; // text, varchar, json
    base::Uuid uuid(int row, int column) const;
    // timestamptz as microseconds since 1970 UTC; 'infinity' is INT64_MAX, '-infinity' INT64_MIN.
    std::int64_t timestamp_us(int row, int column) const;

    std::optional<std::int64_t> optional_int8(int row, int column) const;
    std::optional<std::string> optional_text(int row, int column) const;
    std::optional<base::Uuid> optional_uuid(int row, int column) const;
    std::optional<std::int64_t> optional_timestamp_us(int row, int column) const;
    std::vector<std::string> text_array(int row, int column) const; // one-dimensional, without nulls

  private:
    std::string_view bytes(int row, int column, std::initializer_list<std::uint32_t> types) const;
    std::string_view fixed(int row, int column, std::uint32_t type, std::size_t length) const;
    std::uint32_t type(int column) const;

    std::shared_ptr<pg_result> result_;
};

} // namespace db
