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

class Row;

class Rows {
  public:
    explicit Rows(std::shared_ptr<pg_result> result);

    int size() const;

    // The row, to be read by the names of its columns.
    Row operator[](int row) const;

    // The column of this name. One that is missing is a function other than the one we know: Failure internal.
    int column(std::string_view name) const;

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
    std::vector<std::string_view> names_; // of the columns; libpq's own
};

// One row of a result, which must outlive it. Columns are read by name; types are checked as in Rows.
class Row {
  public:
    Row(Rows const& rows, int row) : rows_(&rows), row_(row) {}

    bool null(std::string_view name) const { return rows_->null(row_, rows_->column(name)); }
    std::int64_t int8(std::string_view name) const { return rows_->int8(row_, rows_->column(name)); }
    bool boolean(std::string_view name) const { return rows_->boolean(row_, rows_->column(name)); }
    std::string text(std::string_view name) const { return rows_->text(row_, rows_->column(name)); }
    base::Uuid uuid(std::string_view name) const { return rows_->uuid(row_, rows_->column(name)); }
    std::int64_t timestamp_us(std::string_view name) const
    {
        return rows_->timestamp_us(row_, rows_->column(name));
    }
    std::optional<std::int64_t> optional_int8(std::string_view name) const
    {
        return rows_->optional_int8(row_, rows_->column(name));
    }
    std::optional<std::string> optional_text(std::string_view name) const
    {
        return rows_->optional_text(row_, rows_->column(name));
    }
    std::optional<base::Uuid> optional_uuid(std::string_view name) const
    {
        return rows_->optional_uuid(row_, rows_->column(name));
    }
    std::optional<std::int64_t> optional_timestamp_us(std::string_view name) const
    {
        return rows_->optional_timestamp_us(row_, rows_->column(name));
    }
    std::vector<std::string> text_array(std::string_view name) const
    {
        return rows_->text_array(row_, rows_->column(name));
    }

  private:
    Rows const* rows_;
    int row_;
};

inline Row Rows::operator[](int row) const
{
    return {*this, row};
}

} // namespace db
