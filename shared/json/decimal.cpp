// The only arithmetic on digits. Magnitudes are unsigned, so that the lowest int64 is a number like any
// other.
#include "shared/json/decimal.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace json {
namespace {

constexpr std::string_view decimal_digits = "0123456789";
constexpr auto units_max = std::numeric_limits<std::int64_t>::max();

// An exponent past this decides the same as any larger one, because no text is that long.
constexpr std::int64_t exponent_max = 1'000'000'000'000'000;

// Holds any int64 a hundred thousand times; ISO C++ has no such type, GCC and clang do.
__extension__ typedef unsigned __int128 Wide;

// A number as it is written: its digits stand in two runs, before and after the point.
struct Written {
    bool negative = false;
    std::string_view whole;
    std::string_view fraction;
    std::int64_t exponent = 0;
};

std::string_view take_digits(std::string_view& text)
{
    auto const digits = text.substr(0, text.find_first_not_of(decimal_digits));
    text.remove_prefix(digits.size());
    return digits;
}

bool take(std::string_view& text, std::string_view choice)
{
    if (text.empty() || choice.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

std::int64_t exponent_of(std::string_view digits, bool negative)
{
    auto exponent = std::int64_t{0};
    for (auto const digit : digits)
        exponent = std::min(exponent * 10 + (digit - '0'), exponent_max);
    return negative ? -exponent : exponent;
}

// RFC 8259, 6: [-] int [. digits] [e [+-] digits], no leading zero. False when the text is anything else.
bool split(std::string_view text, Written& written)
{
    written.negative = take(text, "-");
    written.whole = take_digits(text);
    if (written.whole.empty() || (written.whole.size() > 1 && written.whole.front() == '0')) return false;
    if (take(text, ".")) {
        written.fraction = take_digits(text);
        if (written.fraction.empty()) return false;
    }
    if (take(text, "eE")) {
        auto const negative = !text.empty() && text.front() == '-';
        take(text, "+-");
        auto const digits = take_digits(text);
        if (digits.empty()) return false;
        written.exponent = exponent_of(digits, negative);
    }
    return text.empty();
}

std::uint64_t magnitude_of(std::int64_t number)
{
    auto const bits = static_cast<std::uint64_t>(number);
    return number < 0 ? 0 - bits : bits;
}

// Appends a digit; false when the magnitude has no room for it.
bool append(std::uint64_t& magnitude, char digit)
{
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    auto const value = static_cast<std::uint64_t>(digit - '0');
    if (magnitude > (most - value) / 10) return false;
    magnitude = magnitude * 10 + value;
    return true;
}

// The digits of both runs up to the last that is not zero, then `zeros` zeros. Leading zeros cost nothing but
// their reading, and a zero times any power of ten stays one.
bool gather(Written const& written, std::size_t significant, std::int64_t zeros, std::uint64_t& magnitude)
{
    for (std::size_t i = 0; i < significant; ++i) {
        auto const digit =
            i < written.whole.size() ? written.whole[i] : written.fraction[i - written.whole.size()];
        if (!append(magnitude, digit)) return false;
    }
    for (; zeros > 0; --zeros)
        if (!append(magnitude, '0')) return false; // after twenty at the latest: the magnitude is not zero
    return true;
}

// How many digits of both runs remain without the zeros at their end; 0 when the number is zero.
std::size_t significant_digits(Written const& written)
{
    constexpr auto none = std::string_view::npos;
    auto const in_fraction = written.fraction.find_last_not_of('0');
    if (in_fraction != none) return written.whole.size() + in_fraction + 1;
    auto const in_whole = written.whole.find_last_not_of('0');
    return in_whole == none ? 0 : in_whole + 1;
}

// All digits of the magnitude, at least one more than stand behind the point.
std::string digits_of(Decimal decimal)
{
    auto text = std::to_string(magnitude_of(decimal.units));
    if (text.size() <= decimal.digits) text.insert(0, decimal.digits + 1 - text.size(), '0');
    return text;
}

std::string with_sign(Decimal decimal, std::string text)
{
    return decimal.units < 0 ? text.insert(0, "-") : text;
}

} // namespace

std::string to_text(Decimal decimal)
{
    auto text = digits_of(decimal);
    auto const point = text.size() - decimal.digits;
    text.insert(point, ".");
    auto const last = text.find_last_not_of('0');
    text.resize(std::max(last, point + 1) + 1, '0');
    return with_sign(decimal, std::move(text));
}

std::string to_fixed_text(Decimal decimal)
{
    auto text = digits_of(decimal);
    if (decimal.digits > 0) text.insert(text.size() - decimal.digits, ".");
    return with_sign(decimal, std::move(text));
}

DecimalRead read_decimal(std::string_view text, DecimalLimits const& limits)
{
    auto written = Written();
    if (!split(text, written)) return {.fault = DecimalFault::not_decimal};

    auto magnitude = std::uint64_t{0};
    if (auto const significant = significant_digits(written); significant > 0) {
        // The last digit that counts stands for 10^zeros units.
        auto const behind =
            static_cast<std::int64_t>(written.whole.size()) - static_cast<std::int64_t>(significant);
        auto const zeros = behind + written.exponent + static_cast<std::int64_t>(limits.digits);
        if (zeros < 0) return {.fault = DecimalFault::too_precise};
        if (!gather(written, significant, zeros, magnitude)) return {.fault = DecimalFault::out_of_range};
    }
    auto const most = static_cast<std::uint64_t>(units_max) + (written.negative ? 1 : 0);
    if (magnitude > most) return {.fault = DecimalFault::out_of_range};
    auto const units = static_cast<std::int64_t>(written.negative ? 0 - magnitude : magnitude);
    if (units < limits.min || units > limits.max) return {.fault = DecimalFault::out_of_range};
    return {.units = units};
}

std::int64_t percent_thousandths(std::int64_t part, std::int64_t whole)
{
    if (part <= 0 || whole <= 0) return 0;
    auto const of_whole = static_cast<Wide>(whole);
    auto const rounded = (static_cast<Wide>(part) * 200'000 + of_whole) / (of_whole * 2);
    return static_cast<std::int64_t>(std::min(rounded, static_cast<Wide>(units_max)));
}

} // namespace json
