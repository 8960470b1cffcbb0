// Time, over std::chrono; ISO 8601 in the form of RFC 3339.
#include "shared/base/clock.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

namespace base {
namespace {

using Microseconds = std::chrono::microseconds;
using SystemTime = std::chrono::time_point<std::chrono::system_clock, Microseconds>;

// 0000-01-01T00:00:00Z and the last microsecond of 9999: what four digits of year can say.
constexpr std::int64_t first_us = -62'167'219'200'000'000;
constexpr std::int64_t last_us = 253'402'300'799'999'999;

void append_digits(std::string& text, std::int64_t value, std::size_t width)
{
    auto const digits = std::to_string(value);
    text.append(width - std::min(width, digits.size()), '0').append(digits);
}

// Takes a text apart from its start. After the first thing that does not fit, nothing fits any more.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    // Exactly `width` digits.
    int number(std::size_t width)
    {
        auto value = 0;
        for (std::size_t i = 0; i < width; ++i)
            value = value * 10 + digit();
        return value;
    }

    // One or more digits after the point, as microseconds; finer ones are dropped.
    int fraction_us()
    {
        auto value = digit();
        auto scale = 100'000;
        auto sum = value * scale;
        while (is_digit()) {
            scale /= 10;
            sum += digit() * scale;
        }
        return sum;
    }

    // The next character if it is one of `choice`, else NUL.
    char accept(std::string_view choice)
    {
        if (rest_.empty() || choice.find(rest_.front()) == std::string_view::npos) return '\0';
        auto const taken = rest_.front();
        rest_.remove_prefix(1);
        return taken;
    }

    char expect(std::string_view choice)
    {
        auto const taken = accept(choice);
        if (taken == '\0') fail();
        return taken;
    }

    bool complete() const { return good_ && rest_.empty(); }

  private:
    bool is_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }

    int digit()
    {
        if (!is_digit()) {
            fail();
            return 0;
        }
        auto const value = rest_.front() - '0';
        rest_.remove_prefix(1);
        return value;
    }

    void fail()
    {
        good_ = false;
        rest_ = {};
    }

    std::string_view rest_;
    bool good_ = true;
};

std::chrono::year_month_day read_date(Scanner& scanner)
{
    auto const year = scanner.number(4);
    scanner.expect("-");
    auto const month = scanner.number(2);
    scanner.expect("-");
    auto const day = scanner.number(2);
    return {std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
            std::chrono::day(static_cast<unsigned>(day))};
}

// Hours and minutes of a time of day or of an offset; more than 23:59 is neither.
std::optional<std::chrono::minutes> read_hours_minutes(Scanner& scanner)
{
    auto const hours = scanner.number(2);
    scanner.expect(":");
    auto const minutes = scanner.number(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    return std::chrono::hours(hours) + std::chrono::minutes(minutes);
}

std::optional<std::chrono::minutes> read_offset(Scanner& scanner)
{
    auto const sign = scanner.expect("Zz+-");
    if (sign != '+' && sign != '-') return std::chrono::minutes(0);
    auto const offset = read_hours_minutes(scanner);
    return sign == '-' && offset ? std::optional(-*offset) : offset;
}

} // namespace

Deadline deadline_in(std::chrono::milliseconds budget)
{
    return std::chrono::steady_clock::now() + budget;
}

int left_ms(Deadline deadline)
{
    auto const now = std::chrono::steady_clock::now();
    if (deadline <= now) return 0;
    // Rounded up: a caller that polls for 0 ms until a deadline less than 1 ms away would spin.
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
    return static_cast<int>(std::min<std::int64_t>(left.count(), std::numeric_limits<int>::max()));
}

std::int64_t now_us()
{
    return std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::now())
        .time_since_epoch()
        .count();
}

std::string iso8601(std::int64_t unix_us)
{
    auto const time = SystemTime(Microseconds(std::clamp(unix_us, first_us, last_us)));
    auto const midnight = std::chrono::floor<std::chrono::days>(time);
    auto const date = std::chrono::year_month_day(midnight);
    auto const of_day = std::chrono::hh_mm_ss(time - midnight);

    auto text = std::string();
    append_digits(text, static_cast<int>(date.year()), 4);
    append_digits(text += '-', static_cast<unsigned>(date.month()), 2);
    append_digits(text += '-', static_cast<unsigned>(date.day()), 2);
    append_digits(text += 'T', of_day.hours().count(), 2);
    append_digits(text += ':', of_day.minutes().count(), 2);
    append_digits(text += ':', of_day.seconds().count(), 2);
    append_digits(text += '.', of_day.subseconds().count(), 6);
    return text += 'Z';
}

std::optional<std::int64_t> parse_iso8601(std::string_view text)
{
    auto scanner = Scanner(text);
    auto const date = read_date(scanner);
    scanner.expect("Tt");
    auto const of_day = read_hours_minutes(scanner);
    scanner.expect(":");
    auto const seconds = scanner.number(2);
    auto const fraction_us = scanner.accept(".") != '\0' ? scanner.fraction_us() : 0;
    auto const offset = read_offset(scanner);

    if (!scanner.complete() || !date.ok() || !of_day || seconds > 59 || !offset) return std::nullopt;
    auto const time = SystemTime(std::chrono::sys_days(date) + *of_day - *offset +
                                 std::chrono::seconds(seconds) + Microseconds(fraction_us));
    return time.time_since_epoch().count();
}

} // namespace base
