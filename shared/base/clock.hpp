// Time: a monotonic clock for deadlines, microseconds since 1970 UTC for everything that is stored or shown.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

using Deadline = std::chrono::steady_clock::time_point;

Deadline deadline_in(std::chrono::milliseconds budget);

// Milliseconds left, rounded up, never negative.
int left_ms(Deadline deadline);

// Wall clock, microseconds since 1970-01-01 UTC.
std::int64_t now_us();

// "2026-11-23T10:31:00.123456Z". Times outside the years 0000 to 9999 are shown as the first or last of them.
std::string iso8601(std::int64_t unix_us);

// "2027-01-01T00:00:00Z", with an optional fraction (cut to microseconds) and "Z" or an offset such as
// "+02:00" (RFC 3339): microseconds since 1970-01-01 UTC. Empty for anything else, leap seconds included.
std::optional<std::int64_t> parse_iso8601(std::string_view text);

} // namespace base
