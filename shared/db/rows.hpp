// The result of a call, in binary. Typed readers check length; a wrong type is a bug of ours and throws
// internal.
#pragma once

#include "shared/base/uuid.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pg_result;

namespace db {

class Rows {
  public:
    explicit Rows(pg_result* result);

    int size() const;
    bool null(int row, int column) const;
    std::int64_t int8(int row, int column) const; // int8 or int4 columns
    bool boolean(int row, int column) const;
    std::string text(int row, int column) const; // text, varchar, json
    base::Uuid uuid(int row, int column) const;
    std::int64_t timestamp_us(
        int row, int column) const; // timestamptz as microseconds since 1970; 'infinity' is INT64_MAX

    std::optional<std::int64_t> optional_int8(int row, int column) const;
    std::optional<std::string> optional_text(int row, int column) const;
    std::optional<base::Uuid> optional_uuid(int row, int column) const;
    std::optional<std::int64_t> optional_timestamp_us(int row, int column) const;
    std::vector<std::string> text_array(int row, int column) const; // one-dimensional, without nulls

  private:
    std::string_view bytes(int row, int column) const;
    std::shared_ptr<pg_result> result_;
};

} // namespace db
