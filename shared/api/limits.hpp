// What values may be, wherever a client sends them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace api {

inline constexpr std::int64_t tokens_max = 1'000'000'000'000;
inline constexpr std::size_t description_chars_max = 500;
inline constexpr std::size_t idempotency_key_chars_max = 255;
inline constexpr std::int64_t user_number_max = 9'007'199'254'740'991; // the largest whole number of a double

} // namespace api
