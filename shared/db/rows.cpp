#include "shared/db/rows.hpp"

#include "shared/base/failure.hpp"
#include "shared/db/wire.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace db {

namespace {

[[noreturn]] void wrong(int column, char const* what)
{
    throw base::Failure(base::Error::internal,
                        "result column " + std::to_string(column) + ": " + std::string(what));
}

// Takes `count` bytes off the front.
std::string_view take(std::string_view& rest, std::size_t count, int column)
{
    if (rest.size() < count) wrong(column, "the array ends early");
    auto const front = rest.substr(0, count);
    rest.remove_prefix(count);
    return front;
}

std::int32_t take_int4(std::string_view& rest, int column)
{
    return wire::read<std::int32_t>(take(rest, sizeof(std::int32_t), column));
}

} // namespace

Rows::Rows(std::shared_ptr<pg_result> result) : result_(std::move(result))
{
    auto const columns = PQnfields(result_.get());
    names_.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column)
        names_.emplace_back(PQfname(result_.get(), column));
}

int Rows::column(std::string_view name) const
{
    auto const found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end())
        throw base::Failure(base::Error::internal, "the result has no column " + std::string(name));
    return static_cast<int>(found - names_.begin());
}

int Rows::size() const
{
    return PQntuples(result_.get());
}

std::uint32_t Rows::type(int column) const
{
    return PQftype(result_.get(), column);
}

bool Rows::null(int row, int column) const
{
    if (row < 0 || row >= size() || column < 0 || column >= PQnfields(result_.get()))
        wrong(column, "there is no such row or column");
    return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Rows::bytes(int row, int column, std::initializer_list<std::uint32_t> types) const
{
    if (null(row, column)) wrong(column, "unexpected NULL");
    if (std::find(types.begin(), types.end(), type(column)) == types.end()) wrong(column, "unexpected type");
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::string_view Rows::fixed(int row, int column, std::uint32_t type, std::size_t length) const
{
    auto const value = bytes(row, column, {type});
    if (value.size() != length) wrong(column, "unexpected length");
    return value;
}

std::int64_t Rows::int8(int row, int column) const
{
    if (!null(row, column) && type(column) == wire::oid_int4)
        return wire::read<std::int32_t>(fixed(row, column, wire::oid_int4, 4));
    return wire::read<std::int64_t>(fixed(row, column, wire::oid_int8, 8));
}

bool Rows::boolean(int row, int column) const
{
    return fixed(row, column, wire::oid_bool, 1)[0] != 0;
}

std::string Rows::text(int row, int column) const
{
    return std::string(bytes(row, column, {wire::oid_text, wire::oid_varchar, wire::oid_json}));
}

base::Uuid Rows::uuid(int row, int column) const
{
    auto const value = fixed(row, column, wire::oid_uuid, 16);
    auto id = base::Uuid();
    std::transform(value.begin(), value.end(), id.bytes.begin(),
                   [](char byte) { return static_cast<std::uint8_t>(byte); });
    return id;
}

std::int64_t Rows::timestamp_us(int row, int column) const
{
    using Limits = std::numeric_limits<std::int64_t>;
    auto const value = wire::read<std::int64_t>(fixed(row, column, wire::oid_timestamptz, 8));
    // 'infinity', and what lies past our count: both are further away than anything we compare with.
    if (value > Limits::max() - wire::epoch_us) return Limits::max();
    return value == Limits::min() ? value : value + wire::epoch_us;
}

std::optional<std::int64_t> Rows::optional_int8(int row, int column) const
{
    return null(row, column) ? std::nullopt : std::optional(int8(row, column));
}

std::optional<std::string> Rows::optional_text(int row, int column) const
{
    return null(row, column) ? std::nullopt : std::optional(text(row, column));
}

std::optional<base::Uuid> Rows::optional_uuid(int row, int column) const
{
    return null(row, column) ? std::nullopt : std::optional(uuid(row, column));
}

std::optional<std::int64_t> Rows::optional_timestamp_us(int row, int column) const
{
    return null(row, column) ? std::nullopt : std::optional(timestamp_us(row, column));
}

std::vector<std::string> Rows::text_array(int row, int column) const
{
    auto rest = bytes(row, column, {wire::oid_text_array});
    auto const dimensions = take_int4(rest, column);
    take_int4(rest, column); // whether there are nulls: each element says so itself
    if (take_int4(rest, column) != static_cast<std::int32_t>(wire::oid_text))
        wrong(column, "unexpected type of element");
    auto items = std::vector<std::string>();
    if (dimensions == 0) return items;
    if (dimensions != 1) wrong(column, "the array has more than one dimension");

    auto const count = take_int4(rest, column);
    take_int4(rest, column); // the lower bound
    for (std::int32_t i = 0; i < count; ++i) {
        auto const length = take_int4(rest, column);
        if (length < 0) wrong(column, "unexpected NULL in an array");
        items.emplace_back(take(rest, static_cast<std::size_t>(length), column));
    }
    return items;
}

} // namespace db
