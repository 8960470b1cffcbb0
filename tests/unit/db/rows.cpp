#include "shared/db/rows.hpp"

#include "shared/base/failure.hpp"
#include "shared/db/wire.hpp"
#include "tests/support/catch.hpp"

#include <libpq-fe.h>

#include <limits>

namespace {

using db::wire::append;

// A result of one row and one column.
db::Rows holding(std::uint32_t type, std::optional<std::string> bytes)
{
    std::shared_ptr<pg_result> result(PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK), PQclear);
    std::string name = "value";
    PGresAttDesc column{.name = name.data(),
                        .tableid = 0,
                        .columnid = 0,
                        .format = 1,
                        .typid = type,
                        .typlen = -1,
                        .atttypmod = -1};
    REQUIRE(PQsetResultAttrs(result.get(), 1, &column) == 1);
    REQUIRE(PQsetvalue(result.get(), 0, 0, bytes ? bytes->data() : nullptr,
                       bytes ? static_cast<int>(bytes->size()) : -1) == 1);
    return db::Rows(result);
}

template <class Integer>
std::string big_endian(Integer value)
{
    std::string bytes;
    append(bytes, value);
    return bytes;
}

std::string text_array(std::int32_t dimensions, std::vector<std::optional<std::string>> const& items)
{
    auto out = big_endian(dimensions) + big_endian(std::int32_t{0}) + big_endian(std::uint32_t{25});
    for (std::int32_t i = 0; i < dimensions; ++i)
        out += big_endian(static_cast<std::int32_t>(items.size())) + big_endian(std::int32_t{1});
    for (auto const& item : items)
        out +=
            item ? big_endian(static_cast<std::int32_t>(item->size())) + *item : big_endian(std::int32_t{-1});
    return out;
}

// Whether reading is refused as a bug of ours, without the value in the operator's text.
template <class Read>
bool refused(Read read)
{
    try {
        read();
        return false;
    } catch (base::Failure const& failure) {
        return failure.error() == base::Error::internal && failure.log().find("secret") == std::string::npos;
    }
}

} // namespace

TEST_CASE("a value comes back as it was stored", "[rows]")
{
    CHECK(holding(20, big_endian(std::int64_t{-5})).int8(0, 0) == -5);
    CHECK(holding(23, big_endian(std::int32_t{-5})).int8(0, 0) == -5);
    CHECK(holding(16, std::string("\1", 1)).boolean(0, 0));
    CHECK_FALSE(holding(16, std::string("\0", 1)).boolean(0, 0));
    CHECK(holding(25, "text").text(0, 0) == "text");
    CHECK(holding(1043, "varchar").text(0, 0) == "varchar");
    CHECK(holding(114, "{}").text(0, 0) == "{}");
    CHECK(
        base::to_string(
            holding(2950, std::string("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16))
                .uuid(0, 0)) == "00112233-4455-6677-8899-aabbccddeeff");
}

TEST_CASE("a time comes back as microseconds since 1970, and infinity stays the furthest", "[rows]")
{
    using Limits = std::numeric_limits<std::int64_t>;
    auto const time = [](std::int64_t stored) {
        return holding(1184, big_endian(stored)).timestamp_us(0, 0);
    };

    CHECK(time(0) == 946'684'800'000'000);
    CHECK(time(-946'684'800'000'000) == 0);
    CHECK(time(Limits::max()) == Limits::max());
    CHECK(time(Limits::max() - 1) == Limits::max());
    CHECK(time(Limits::min()) == Limits::min());
}

TEST_CASE("NULL is absent for the optional readers and a bug for the others", "[rows]")
{
    CHECK(holding(20, {}).null(0, 0));
    CHECK_FALSE(holding(20, {}).optional_int8(0, 0));
    CHECK_FALSE(holding(25, {}).optional_text(0, 0));
    CHECK_FALSE(holding(2950, {}).optional_uuid(0, 0));
    CHECK_FALSE(holding(1184, {}).optional_timestamp_us(0, 0));
    CHECK(refused([] { holding(20, {}).int8(0, 0); }));
    CHECK(refused([] { holding(25, {}).text(0, 0); }));
    CHECK(refused([] { holding(2950, {}).uuid(0, 0); }));
    CHECK(refused([] { holding(16, {}).boolean(0, 0); }));
}

TEST_CASE("a column of another type or length is never read as something else", "[rows]")
{
    CHECK(refused([] { holding(25, "secret!!").int8(0, 0); }));
    CHECK(refused([] { holding(20, "secret!!").text(0, 0); }));
    CHECK(refused([] { holding(20, "secret").int8(0, 0); }));
    CHECK(refused([] { holding(23, "secret!!").int8(0, 0); }));
    CHECK(refused([] { holding(2950, "secret").uuid(0, 0); }));
    CHECK(refused([] { holding(1184, "secret").timestamp_us(0, 0); }));
    CHECK(refused([] { holding(16, "secret").boolean(0, 0); }));
    CHECK(refused([] { holding(20, "secret!!").int8(1, 0); }));
    CHECK(refused([] { holding(20, "secret!!").int8(0, 1); }));
}

TEST_CASE("an array of text comes back whole, and a broken one is refused", "[rows]")
{
    auto const items = [](std::string bytes) { return holding(1009, std::move(bytes)).text_array(0, 0); };

    CHECK(items(text_array(0, {})).empty());
    CHECK(items(text_array(1, {"read", "", "spend"})) == std::vector<std::string>{"read", "", "spend"});
    CHECK(refused([&] { items(text_array(1, {"a", std::nullopt})); }));
    CHECK(refused([&] { items(text_array(2, {"a"})); }));
    CHECK(refused([&] { items(""); }));
    auto const whole = text_array(1, {"secret", "spend"});
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK(refused([&] { items(whole.substr(0, length)); }));
}
