// PostgreSQL's binary format, as far as parameters and results share it: type OIDs and big-endian integers
// (PostgreSQL: src/include/catalog/pg_type.dat, the send and recv functions of each type).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace db::wire {

enum Oid : std::uint32_t {
    oid_bool = 16,
    oid_bytea = 17,
    oid_int8 = 20,
    oid_int4 = 23,
    oid_text = 25,
    oid_json = 114,
    oid_json_array = 199,
    oid_bool_array = 1000,
    oid_bytea_array = 1001,
    oid_int4_array = 1007,
    oid_text_array = 1009,
    oid_int8_array = 1016,
    oid_varchar = 1043,
    oid_timestamptz = 1184,
    oid_uuid = 2950,
    oid_uuid_array = 2951,
};

// Timestamps count from 2000-01-01 UTC, ours from 1970-01-01.
inline constexpr std::int64_t epoch_us = 946'684'800'000'000;

template <class Integer>
void append(std::string& out, Integer value)
{
    auto const bits = static_cast<std::make_unsigned_t<Integer>>(value);
    for (std::size_t i = sizeof bits; i-- > 0;)
        out.push_back(static_cast<char>(bits >> (8 * i) & 0xff));
}

// `bytes` must hold at least sizeof(Integer).
template <class Integer>
Integer read(std::string_view bytes)
{
    using Bits = std::make_unsigned_t<Integer>;
    auto bits = Bits{0};
    for (std::size_t i = 0; i < sizeof bits; ++i)
        bits = static_cast<Bits>(bits << 8 | static_cast<unsigned char>(bytes[i]));
    return static_cast<Integer>(bits);
}

} // namespace db::wire
