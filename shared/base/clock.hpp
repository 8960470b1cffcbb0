// Time: a monotonic clock for deadlines, microseconds since 1970 UTC for everything that is stored or shown.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace base {

using Deadline = std::chrono::steady_clock::time_point;

Deadline deadline_in(std::chrono::milliseconds budget);

// Milliseconds left, never negative.
int left_ms(Deadline deadline);

// Wall clock, microseconds since 1970-01-01 UTC.
std::int64_t now_us();

// "2026-11-23T10:31:00.123456Z".
std::string iso8601(std::int64_t unix_us);

} // namespace base
