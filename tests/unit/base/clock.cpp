#include "shared/base/clock.hpp"

#include "tests/support/catch.hpp"

#include <limits>

using base::iso8601;
using base::parse_iso8601;
using namespace std::chrono_literals;

TEST_CASE("a deadline is as far away as its budget and never less than nothing")
{
    CHECK(base::left_ms(base::deadline_in(-5s)) == 0);
    CHECK(base::left_ms(base::Deadline::min()) == 0);

    auto const left = base::left_ms(base::deadline_in(1h));
    CHECK(left <= 3'600'000);
    CHECK(left > 3'500'000);
}

TEST_CASE("a part of a millisecond that is left counts as a whole one")
{
    using std::chrono::ceil;
    using std::chrono::milliseconds;
    using std::chrono::steady_clock;

    auto const deadline = steady_clock::now() + 1h;
    auto const before = steady_clock::now();
    auto const left = base::left_ms(deadline);
    auto const after = steady_clock::now();

    CHECK(left <= ceil<milliseconds>(deadline - before).count());
    CHECK(left >= ceil<milliseconds>(deadline - after).count());
}

TEST_CASE("more time than an int of milliseconds holds is the largest int")
{
    CHECK(base::left_ms(base::deadline_in(std::chrono::hours(24 * 365))) == std::numeric_limits<int>::max());
}

TEST_CASE("the wall clock counts microseconds since 1970")
{
    auto const now_s = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    CHECK(base::now_us() / 1'000'000 - now_s <= 5);
    CHECK(base::now_us() / 1'000'000 - now_s >= 0);
}

TEST_CASE("times are shown in UTC with six digits of the second")
{
    CHECK(iso8601(0) == "1970-01-01T00:00:00.000000Z");
    CHECK(iso8601(1) == "1970-01-01T00:00:00.000001Z");
    CHECK(iso8601(-1) == "1969-12-31T23:59:59.999999Z");
    CHECK(iso8601(1'795'429'860'123'456) == "2026-11-23T10:31:00.123456Z");
    CHECK(iso8601(951'827'696'000'000) == "2000-02-29T12:34:56.000000Z");
}

TEST_CASE("times past the years of four digits are shown as the nearest that has them")
{
    CHECK(iso8601(std::numeric_limits<std::int64_t>::max()) == "9999-12-31T23:59:59.999999Z");
    CHECK(iso8601(std::numeric_limits<std::int64_t>::min()) == "0000-01-01T00:00:00.000000Z");
    CHECK(iso8601(253'402'300'799'999'999) == "9999-12-31T23:59:59.999999Z");
}

TEST_CASE("what is shown reads back as the same time")
{
    for (std::int64_t const us :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'795'429'860'123'456},
          std::int64_t{253'402'300'799'999'999}, std::int64_t{-62'167'219'200'000'000}})
        CHECK(parse_iso8601(iso8601(us)) == us);
}

TEST_CASE("a time is read with its zone and any number of digits behind the point")
{
    CHECK(parse_iso8601("2027-01-01T00:00:00Z") == 1'798'761'600'000'000);
    CHECK(parse_iso8601("2027-01-01t00:00:00z") == 1'798'761'600'000'000);
    CHECK(parse_iso8601("2027-01-01T02:00:00+02:00") == 1'798'761'600'000'000);
    CHECK(parse_iso8601("2026-12-31T18:30:00-05:30") == 1'798'761'600'000'000);
    CHECK(parse_iso8601("2027-01-01T00:00:00.5Z") == 1'798'761'600'500'000);
    CHECK(parse_iso8601("2027-01-01T00:00:00.000001Z") == 1'798'761'600'000'001);
    CHECK(parse_iso8601("2027-01-01T00:00:00.0000019999999999999999999Z") == 1'798'761'600'000'001);
    CHECK(parse_iso8601("2028-02-29T23:59:59+00:00").has_value());
}

TEST_CASE("what is not a time with its zone is refused")
{
    for (char const* text : {"",
                             "2027",
                             "2027-01-01",
                             "2027-01-01T00:00:00",
                             "2027-01-01 00:00:00Z",
                             "2027-01-01T00:00Z",
                             "2027-13-01T00:00:00Z",
                             "2027-00-01T00:00:00Z",
                             "2027-02-29T00:00:00Z",
                             "2027-01-32T00:00:00Z",
                             "2027-01-01T24:00:00Z",
                             "2027-01-01T00:60:00Z",
                             "2027-01-01T00:00:60Z",
                             "2027-01-01T00:00:00.Z",
                             "2027-01-01T00:00:00+02",
                             "2027-01-01T00:00:00+0200",
                             "2027-01-01T00:00:00+24:00",
                             "2027-01-01T00:00:00+00:60",
                             "2027-01-01T00:00:00ZZ",
                             "2027-01-01T00:00:00Z ",
                             " 2027-01-01T00:00:00Z",
                             "+2027-01-01T00:00:00Z",
                             "2027-1-1T0:0:0Z",
                             "20270101T000000Z",
                             "2027-01-01T00:00:-1Z",
                             "now",
                             "1798761600"}) {
        INFO(text);
        CHECK_FALSE(parse_iso8601(text).has_value());
    }
}

TEST_CASE("every truncation of a time is refused")
{
    std::string const whole = "2027-01-01T00:00:00.25+02:00";
    REQUIRE(parse_iso8601(whole).has_value());
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_FALSE(parse_iso8601(std::string_view(whole).substr(0, size)).has_value());
}
