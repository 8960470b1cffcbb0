#include "shared/auth/base64url.hpp"

#include <array>
#include <cstdint>

namespace auth {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> digit_values()
{
    auto values = std::array<std::uint8_t, 256>{};
    for (auto& value : values)
        value = no_digit;
    for (std::size_t digit = 0; digit < alphabet.size(); ++digit)
        values[static_cast<unsigned char>(alphabet[digit])] = static_cast<std::uint8_t>(digit);
    return values;
}

constexpr auto digits = digit_values();

} // namespace

std::optional<std::string> decode_base64url(std::string_view text)
{
    if (text.size() % 4 == 1) return std::nullopt;
    auto bytes = std::string();
    bytes.reserve(text.size() / 4 * 3 + 2);
    auto bits = std::uint32_t{0};
    auto bit_count = 0;
    for (auto const character : text) {
        auto const digit = digits[static_cast<unsigned char>(character)];
        if (digit == no_digit) return std::nullopt;
        bits = bits << 6 | digit;
        bit_count += 6;
        if (bit_count < 8) continue;
        bit_count -= 8;
        bytes.push_back(static_cast<char>(bits >> bit_count & 0xff));
        bits &= (1U << bit_count) - 1;
    }
    if (bits != 0) return std::nullopt;
    return bytes;
}

} // namespace auth
