#include "shared/db/params.hpp"

#include "shared/db/wire.hpp"

#include <limits>

namespace db {

namespace {

template <class Bytes>
std::string raw(Bytes const& bytes)
{
    return {bytes.begin(), bytes.end()};
}

std::string encode(base::Uuid const& value)
{
    return raw(value.bytes);
}

std::string encode(base::Sha256 const& value)
{
    return raw(value);
}

std::string encode(std::string_view value)
{
    return std::string(value);
}

template <class Integer>
std::string encode_integer(Integer value)
{
    auto bytes = std::string();
    wire::append(bytes, value);
    return bytes;
}

std::string encode(std::int64_t value)
{
    return encode_integer(value);
}

std::string encode(std::int32_t value)
{
    return encode_integer(value);
}

std::string encode(bool value)
{
    return {value ? '\1' : '\0'};
}

std::int64_t to_postgres_us(std::int64_t unix_us)
{
    using Limits = std::numeric_limits<std::int64_t>;
    if (unix_us == Limits::max()) return unix_us; // infinity is the same number in both counts
    return unix_us < Limits::min() + wire::epoch_us ? Limits::min() : unix_us - wire::epoch_us;
}

// One dimension, lower bound 1; an empty array has no dimension at all.
template <class T>
std::string encode_array(Nullable<T> const& values, wire::Oid element)
{
    auto has_null = false;
    for (auto const& value : values)
        has_null = has_null || !value;

    auto out = std::string();
    wire::append(out, std::int32_t{values.empty() ? 0 : 1});
    wire::append(out, std::int32_t{has_null ? 1 : 0});
    wire::append(out, static_cast<std::uint32_t>(element));
    if (values.empty()) return out;
    wire::append(out, static_cast<std::int32_t>(values.size()));
    wire::append(out, std::int32_t{1});
    for (auto const& value : values) {
        if (!value) {
            wire::append(out, std::int32_t{-1});
            continue;
        }
        auto const bytes = encode(*value);
        wire::append(out, static_cast<std::int32_t>(bytes.size()));
        out += bytes;
    }
    return out;
}

} // namespace

Params& Params::caller(Caller const& value)
{
    return text(value.kind).bytea(value.proof);
}

Params& Params::uuid(std::optional<base::Uuid> const& value)
{
    values_.push_back({wire::oid_uuid, value ? std::optional(encode(*value)) : std::nullopt});
    return *this;
}

Params& Params::int8(std::optional<std::int64_t> value)
{
    values_.push_back({wire::oid_int8, value ? std::optional(encode(*value)) : std::nullopt});
    return *this;
}

Params& Params::int4(std::optional<std::int32_t> value)
{
    values_.push_back({wire::oid_int4, value ? std::optional(encode_integer(*value)) : std::nullopt});
    return *this;
}

Params& Params::boolean(std::optional<bool> value)
{
    values_.push_back(
        {wire::oid_bool, value ? std::optional(std::string(1, *value ? '\1' : '\0')) : std::nullopt});
    return *this;
}

Params& Params::text(std::optional<std::string_view> value)
{
    values_.push_back({wire::oid_text, value ? std::optional(encode(*value)) : std::nullopt});
    return *this;
}

Params& Params::json(std::optional<std::string_view> value)
{
    values_.push_back({wire::oid_json, value ? std::optional(encode(*value)) : std::nullopt});
    return *this;
}

Params& Params::bytea(std::optional<base::Sha256> const& value)
{
    values_.push_back({wire::oid_bytea, value ? std::optional(encode(*value)) : std::nullopt});
    return *this;
}

Params& Params::timestamptz(std::optional<std::int64_t> unix_us)
{
    values_.push_back(
        {wire::oid_timestamptz, unix_us ? std::optional(encode(to_postgres_us(*unix_us))) : std::nullopt});
    return *this;
}

Params& Params::uuid_array(Nullable<base::Uuid> const& values)
{
    values_.push_back({wire::oid_uuid_array, encode_array(values, wire::oid_uuid)});
    return *this;
}

Params& Params::int8_array(Nullable<std::int64_t> const& values)
{
    values_.push_back({wire::oid_int8_array, encode_array(values, wire::oid_int8)});
    return *this;
}

Params& Params::int4_array(std::vector<std::int32_t> const& values)
{
    values_.push_back({wire::oid_int4_array,
                       encode_array(Nullable<std::int32_t>(values.begin(), values.end()), wire::oid_int4)});
    return *this;
}

Params& Params::boolean_array(std::vector<bool> const& values)
{
    values_.push_back(
        {wire::oid_bool_array, encode_array(Nullable<bool>(values.begin(), values.end()), wire::oid_bool)});
    return *this;
}

Params& Params::text_array(Nullable<std::string> const& values)
{
    values_.push_back({wire::oid_text_array, encode_array(values, wire::oid_text)});
    return *this;
}

Params& Params::json_array(Nullable<std::string> const& values)
{
    values_.push_back({wire::oid_json_array, encode_array(values, wire::oid_json)});
    return *this;
}

Params& Params::bytea_array(Nullable<base::Sha256> const& values)
{
    values_.push_back({wire::oid_bytea_array, encode_array(values, wire::oid_bytea)});
    return *this;
}

} // namespace db
