// Decimal numbers without doubles: an integer that counts the smallest unit (cents, micro-units, thousandths)
// and how many digits after the point that unit stands for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace json {

// units / 10^digits: {1999, 2} is 19.99, {7045, 3} is 7.045. A currency's digits are its minor unit's: 2 for
// USD and RUB, 0 for JPY.
struct Decimal {
    std::int64_t units = 0;
    std::size_t digits = 0;
};

// At least one digit after the point and no further trailing zeros: 10.0, 5.25, 0.001, 7.045.
std::string to_text(Decimal decimal);

// All digits that the unit stands for, and no point where it stands for none: 10.00, 5.25, 1000.
std::string to_fixed_text(Decimal decimal);

enum class DecimalFault {
    none,
    not_decimal,  // not a number of JSON's grammar (RFC 8259, 6)
    too_precise,  // more digits after the point than the unit has, other than zeros
    out_of_range, // past the limits
};

struct DecimalLimits {
    std::size_t digits = 0;
    std::int64_t min = 0; // both in units; min <= max
    std::int64_t max = 0;
};

struct DecimalRead {
    std::int64_t units = 0; // meaningful only without a fault
    DecimalFault fault = DecimalFault::none;
};

// Reads the whole of `text`: digits with fraction and exponent. Exact or refused, never rounded: with two
// digits 19.99, 10.00, 1e1 and 1990e-2 pass, 10.001 does not. Time grows with the size of the text, whatever
// the exponent says; nothing is allocated.
DecimalRead read_decimal(std::string_view text, DecimalLimits const& limits);

// How much of `whole` the part is, in thousandths of a percent, rounded half up: 1409 of 20000 is 7045, which
// {7045, 3} writes as 7.045. More than the whole is more than 100000, at most what an int64 holds. Of nothing
// it is 0, and a negative part counts as none.
std::int64_t percent_thousandths(std::int64_t part, std::int64_t whole);

} // namespace json
