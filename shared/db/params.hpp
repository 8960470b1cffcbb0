// Parameters of one call, in PostgreSQL's binary format with their type's OID. Arrays are never written as
// text: their quoting would be an injection surface, and one poisoned request must fail alone.
#pragma once

#include "shared/base/secret.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/caller.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace db {

template <class T>
using Nullable = std::vector<std::optional<T>>;

class Params {
  public:
    struct Value {
        std::uint32_t oid = 0;
        std::optional<std::string> bytes; // empty: SQL NULL
    };

    // p_caller and p_proof, with which every function of farebox_api begins that asks who calls.
    Params& caller(Caller const& value);

    Params& uuid(std::optional<base::Uuid> const& value);
    Params& int8(std::optional<std::int64_t> value);
    Params& int4(std::optional<std::int32_t> value);
    Params& boolean(std::optional<bool> value);
    Params& text(std::optional<std::string_view> value);
    Params& json(std::optional<std::string_view> value);
    Params& bytea(std::optional<base::Sha256> const& value);
    // Microseconds since 1970 UTC; INT64_MAX is 'infinity'.
    Params& timestamptz(std::optional<std::int64_t> unix_us);

    Params& uuid_array(Nullable<base::Uuid> const& values);
    Params& int8_array(Nullable<std::int64_t> const& values);
    Params& int4_array(std::vector<std::int32_t> const& values);
    Params& boolean_array(std::vector<bool> const& values);
    Params& text_array(Nullable<std::string> const& values);
    Params& json_array(Nullable<std::string> const& values);
    Params& bytea_array(Nullable<base::Sha256> const& values);

    // In the order they were added: $1 is the first.
    std::vector<Value> const& values() const { return values_; }

  private:
    std::vector<Value> values_;
};

} // namespace db
