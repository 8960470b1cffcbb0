// Decimals against a table of what CONTRACT prints, and against a second reading of the rules that works on
// text alone.
#include "shared/json/decimal.hpp"

#include "shared/json/fields.hpp"
#include "shared/json/writer.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/base/failure_of.hpp"
#include "tests/unit/json/exact.hpp"

#include <ctime>
#include <limits>
#include <random>

using json::DecimalFault;
using json::DecimalLimits;
using json::percent_thousandths;
using json::read_decimal;
using json::to_fixed_text;
using json::to_text;

namespace {

constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto highest = std::numeric_limits<std::int64_t>::max();

constexpr DecimalLimits any(std::size_t digits)
{
    return {.digits = digits, .min = lowest, .max = highest};
}

// The units of a text that must be accepted.
std::int64_t units_of(std::string_view text, std::size_t digits)
{
    INFO(text);
    auto const read = read_decimal(text, any(digits));
    CHECK(read.fault == DecimalFault::none);
    return read.units;
}

DecimalFault fault_of(std::string_view text, DecimalLimits const& limits)
{
    INFO(text);
    return read_decimal(text, limits).fault;
}

// Of any size: half of the draws are short numbers, which chance would hardly make.
std::int64_t some_number(std::mt19937_64& random)
{
    auto const bits = random();
    return static_cast<std::int64_t>(random()) >> (bits % 64);
}

// The same number with its point elsewhere, zeros behind it, and the exponent that makes up for both.
std::string written_otherwise(json::Decimal decimal, std::mt19937_64& random)
{
    auto const moved = random() % 41;
    auto const zeros = decimal.units == 0 ? 0 : random() % 5;
    auto exponent = static_cast<std::int64_t>(moved) - static_cast<std::int64_t>(decimal.digits);
    if (moved == 0) exponent -= static_cast<std::int64_t>(zeros);
    auto const text = to_fixed_text({decimal.units, moved}) + std::string(zeros, '0');
    if (exponent == 0) return text;
    auto const sign = exponent > 0 && random() % 2 == 0 ? "+" : "";
    return text + (random() % 2 == 0 ? "e" : "E") + sign + std::to_string(exponent);
}

} // namespace

TEST_CASE("a decimal is written with a digit after the point and no further trailing zeros")
{
    struct Row {
        std::int64_t units;
        std::size_t digits;
        char const* text;
        char const* fixed;
    };
    auto const row = GENERATE(values<Row>({
        {1000, 2, "10.0", "10.00"},
        {525, 2, "5.25", "5.25"},
        {1, 3, "0.001", "0.001"},
        {7045, 3, "7.045", "7.045"},
        {0, 2, "0.0", "0.00"},
        {0, 0, "0.0", "0"},
        {1000, 0, "1000.0", "1000"},
        {-1, 2, "-0.01", "-0.01"},
        {-1050, 2, "-10.5", "-10.50"},
        {10'000'000, 6, "10.0", "10.000000"},
        {1, 6, "0.000001", "0.000001"},
        {100, 3, "0.1", "0.100"},
        {highest, 6, "9223372036854.775807", "9223372036854.775807"},
        {lowest, 6, "-9223372036854.775808", "-9223372036854.775808"},
        {lowest, 0, "-9223372036854775808.0", "-9223372036854775808"},
        {highest, 19, "0.9223372036854775807", "0.9223372036854775807"},
        {7, 25, "0.0000000000000000000000007", "0.0000000000000000000000007"},
    }));
    INFO(row.text);
    CHECK(to_text({row.units, row.digits}) == row.text);
    CHECK(to_fixed_text({row.units, row.digits}) == row.fixed);
}

TEST_CASE("a decimal is a number in a body, and null where there is none")
{
    json::Writer w;
    w.begin()
        .field("spent", json::Decimal{10'500'000, 6})
        .field("used", std::optional(json::Decimal{7045, 3}))
        .field("budget", std::optional<json::Decimal>())
        .field("amount", to_fixed_text({1000, 2}))
        .end();
    CHECK(w.str() == R"({"spent":10.5,"used":7.045,"budget":null,"amount":"10.00"})");
}

TEST_CASE("money is read exactly in its minor unit")
{
    struct Row {
        char const* text;
        std::size_t digits;
        std::int64_t units;
    };
    auto const row = GENERATE(values<Row>({
        {"19.99", 2, 1999},
        {"10.00", 2, 1000},
        {"10", 2, 1000},
        {"10.000000000000000000000000000000", 2, 1000},
        {"1e1", 2, 1000},
        {"1E+1", 2, 1000},
        {"1990e-2", 2, 1990},
        {"0.1999e2", 2, 1999},
        {"0.0000001e7", 2, 100},
        {"100000e-5", 2, 100},
        {"1000", 0, 1000},
        {"1000.0", 0, 1000},
        {"1e3", 0, 1000},
        {"0.5", 6, 500'000},
        {"-0.01", 2, -1},
        {"-0", 2, 0},
        {"0.00", 2, 0},
        {"0e0", 0, 0},
        {"92233720368547758.07", 2, highest},
        {"-92233720368547758.08", 2, lowest},
        {"9223372036854775807", 0, highest},
        {"-9223372036854775808", 0, lowest},
        {"9223372036854775807e-18", 18, highest},
    }));
    CHECK(units_of(row.text, row.digits) == row.units);
}

TEST_CASE("what has more digits than the minor unit is refused, not rounded")
{
    for (auto const* text : {"10.001", "0.001", "1e-3", "19.990000000000001", "1.5e-2", "123456e-9",
                             "100000000000000000000000.001"})
        CHECK(fault_of(text, any(2)) == DecimalFault::too_precise);
    for (auto const* text : {"0.5", "1000.01", "1e-1", "15e-1"})
        CHECK(fault_of(text, any(0)) == DecimalFault::too_precise);
}

TEST_CASE("money is within its limits, which are in minor units, and within int64")
{
    auto const limits = DecimalLimits{.digits = 2, .min = 100, .max = 10'000};
    CHECK(fault_of("0.99", limits) == DecimalFault::out_of_range);
    CHECK(fault_of("1.00", limits) == DecimalFault::none);
    CHECK(fault_of("100.00", limits) == DecimalFault::none);
    CHECK(fault_of("100.01", limits) == DecimalFault::out_of_range);
    CHECK(fault_of("-1", limits) == DecimalFault::out_of_range);
    CHECK(fault_of("0", limits) == DecimalFault::out_of_range);
    for (auto const* text : {"92233720368547758.08", "-92233720368547758.09", "1e18", "1e17",
                             "184467440737095516.16", "184467440737095516.17", "1e308", "1e400"})
        CHECK(fault_of(text, any(2)) == DecimalFault::out_of_range);
}

TEST_CASE("what is not a number of JSON's grammar is no money, in a text either")
{
    for (auto const* text :
         {"",    " ",    "-",   "+1",       ".5",        "5.",    "1.e1",  "1e",  "1e+",     "e1",
          "01",  "00",   "-01", "1 ",       " 1",        "1,00",  "1_000", "$1",  "1.0.0",   "1e1.0",
          "--1", "0x10", "NaN", "Infinity", "-Infinity", "1e1e1", "ten",   "1\n", "\xD9\xA1"})
        CHECK(fault_of(text, any(2)) == DecimalFault::not_decimal);
    CHECK(fault_of(std::string_view("1\0", 2), any(2)) == DecimalFault::not_decimal);
}

TEST_CASE("each cent from 1.00 to 100.00 is that many cents, as a number and as a text")
{
    auto const limits = DecimalLimits{.digits = 2, .min = 100, .max = 10'000};
    for (std::int64_t cents = 100; cents <= 10'000; ++cents) {
        auto const text = to_fixed_text({cents, 2});
        auto const body = test::parse_exact("{\"n\":" + to_text({cents, 2}) + ",\"t\":\"" + text + "\"}");
        json::Fields fields(body);
        if (fields.decimal("n", limits) != cents || fields.optional_decimal("t", limits) != cents ||
            !fields.problems().empty())
            FAIL(text);
    }
    SUCCEED();
}

TEST_CASE("a huge exponent or a long text costs no more than its reading")
{
    auto const begin = std::clock();
    auto const zeros = std::string(1'000'000, '0');
    CHECK(fault_of("1e999999999999999999999999", any(2)) == DecimalFault::out_of_range);
    CHECK(fault_of("1e-999999999999999999999999", any(2)) == DecimalFault::too_precise);
    CHECK(fault_of("1e9223372036854775807", any(2)) == DecimalFault::out_of_range);
    CHECK(fault_of("1e-9223372036854775808", any(2)) == DecimalFault::too_precise);
    CHECK(units_of("0e999999999999999999999999", 2) == 0);
    CHECK(units_of("0.000e-999999999999999999999999", 2) == 0);
    CHECK(units_of("1" + zeros + "e-1000000", 2) == 100);
    CHECK(units_of("0." + zeros + "1e1000001", 2) == 100);
    CHECK(units_of("1." + zeros, 2) == 100);
    CHECK(units_of("1e" + zeros + "1", 2) == 1000);
    CHECK(fault_of("1" + zeros, any(2)) == DecimalFault::out_of_range);
    CHECK(fault_of("0." + zeros + "1", any(2)) == DecimalFault::too_precise);
    CHECK(fault_of("1e" + std::string(1'000'000, '9'), any(2)) == DecimalFault::out_of_range);
    CHECK((std::clock() - begin) / CLOCKS_PER_SEC < 2);
}

TEST_CASE("any number is read as it was written, whatever its exponent")
{
    auto random = std::mt19937_64(20261128); // the same numbers in every run
    for (auto i = 0; i < 50'000; ++i) {
        auto const decimal = json::Decimal{some_number(random), random() % 20};
        auto const otherwise = written_otherwise(decimal, random);
        for (auto const& text : {to_text(decimal), to_fixed_text(decimal), otherwise}) {
            auto const read = read_decimal(text, any(decimal.digits));
            if (read.fault != DecimalFault::none || read.units != decimal.units) FAIL(text);
        }
        if (decimal.digits == 0) continue;
        // With a digit less it is exact only when the last one was a zero.
        bool const exact = decimal.units % 10 == 0;
        auto const coarser = read_decimal(otherwise, any(decimal.digits - 1));
        if (coarser.fault != (exact ? DecimalFault::none : DecimalFault::too_precise)) FAIL(otherwise);
        if (exact && coarser.units != decimal.units / 10) FAIL(otherwise);
    }
    SUCCEED();
}

TEST_CASE("money of a request is refused by name, with what it must be")
{
    auto const limits = DecimalLimits{.digits = 2, .min = 100, .max = 10'000};
    auto const problem_of = [&](std::string const& text) {
        auto const body = test::parse_exact("{\"amount\":" + text + "}");
        json::Fields fields(body);
        CHECK(fields.decimal("amount", limits) == 100);
        REQUIRE(fields.problems().size() == 1);
        auto const failure = test::failure_of([&] { fields.done(); });
        CHECK(failure.error() == base::Error::invalid_amount);
        CHECK(fields.problems()[0].loc == std::vector<std::string>{"body", "amount"});
        return fields.problems()[0];
    };
    for (auto const* text : {"true", "[]", "{}", "[10]", "\"\"", "\"ten\"", "\"10,00\"", "\" 10\""})
        CHECK(problem_of(text).type == "decimal_type");
    for (auto const* text : {"10.001", "\"10.001\"", "1e-3"})
        CHECK(problem_of(text).type == "decimal_places");
    for (auto const* text : {"0.99", "100.01", "-10", "\"1e400\"", "1e300"})
        CHECK(problem_of(text).type == "decimal_range");
    CHECK(problem_of("null").type == "value_error.missing");
    CHECK(problem_of("10.001").msg ==
          "must be a decimal number from 1.00 to 100.00 with at most 2 digits after the point");
}

TEST_CASE("optional money may be absent or null, and a currency may have no minor unit")
{
    auto const body = test::parse_exact(R"({"a":null,"b":500,"c":500.5})");
    json::Fields fields(body);
    auto const yen = DecimalLimits{.digits = 0, .min = 100, .max = 10'000};
    CHECK(fields.optional_decimal("a", yen) == std::nullopt);
    CHECK(fields.optional_decimal("absent", yen) == std::nullopt);
    CHECK(fields.optional_decimal("b", yen) == 500);
    CHECK(fields.problems().empty());
    CHECK(fields.optional_decimal("c", yen) == 100);
    REQUIRE(fields.problems().size() == 1);
    CHECK(fields.problems()[0].type == "decimal_places");
    CHECK(fields.problems()[0].msg == "must be a whole number from 100 to 10000");
}

TEST_CASE("a percentage has three digits, rounded half up")
{
    CHECK(percent_thousandths(1409, 20'000) == 7045);
    CHECK(percent_thousandths(0, 20'000) == 0);
    CHECK(percent_thousandths(20'000, 20'000) == 100'000);
    CHECK(percent_thousandths(30'000, 20'000) == 150'000);
    CHECK(percent_thousandths(1, 3) == 33'333);
    CHECK(percent_thousandths(2, 3) == 66'667);
    CHECK(percent_thousandths(1, 200'000) == 1); // half of a thousandth
    CHECK(percent_thousandths(1, 200'001) == 0);
    CHECK(percent_thousandths(3, 200'000) == 2);
    CHECK(percent_thousandths(0, 0) == 0);
    CHECK(percent_thousandths(5, 0) == 0);
    CHECK(percent_thousandths(-5, 10) == 0);
    CHECK(percent_thousandths(5, -10) == 0);
    CHECK(percent_thousandths(highest, highest) == 100'000);
    CHECK(percent_thousandths(highest - 1, highest) == 100'000);
    CHECK(percent_thousandths(1, highest) == 0);
    CHECK(percent_thousandths(highest, 1) == highest);
    CHECK(percent_thousandths(highest, 100'000) == highest);
    CHECK(percent_thousandths(highest, 100'001) == 9'223'279'804'056'735'240);
}

TEST_CASE("any percentage is what long division gives")
{
    auto random = std::mt19937_64(20261128);
    for (auto i = 0; i < 50'000; ++i) {
        auto const whole =
            1 + static_cast<std::int64_t>(random() >> (5 + random() % 58)); // ten times it fits
        auto const part = static_cast<std::int64_t>(random() >> (1 + random() % 62)) % whole;
        auto digits = std::int64_t{0};
        auto rest = part;
        for (auto digit = 0; digit < 6; ++digit) {
            digits = digits * 10 + rest * 10 / whole;
            rest = rest * 10 % whole;
        }
        auto const expected = digits / 10 + (digits % 10 >= 5 ? 1 : 0);
        if (percent_thousandths(part, whole) != expected) FAIL(part << " of " << whole);
    }
    SUCCEED();
}
