// UTF-8 read a second time and another way than shared/base does, to compare: by arithmetic on code points,
// not by the table of well-formed sequences.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace fuzz {

// The character that `text`, which is not empty, begins with, taken off; empty when none does.
inline std::optional<char32_t> take_character(std::string_view& text)
{
    constexpr char32_t least[] = {0, 0x80, 0x800, 0x10000}; // anything less is overlong
    auto const lead = static_cast<unsigned char>(text.front());
    std::size_t const tails = lead < 0x80 ? 0 : lead < 0xC0 ? 4 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    if (tails == 4 || lead > 0xF7 || text.size() <= tails) return std::nullopt;

    char32_t point = tails == 0 ? lead : lead & (0x3FU >> tails);
    for (std::size_t i = 1; i <= tails; ++i) {
        auto const tail = static_cast<unsigned char>(text[i]);
        if ((tail & 0xC0U) != 0x80U) return std::nullopt;
        point = point << 6 | (tail & 0x3FU);
    }
    if (point < least[tails] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return std::nullopt;
    text.remove_prefix(tails + 1);
    return point;
}

// The characters of `text`; empty when it is not UTF-8.
inline std::optional<std::u32string> characters(std::string_view text)
{
    std::u32string points;
    while (!text.empty()) {
        auto const point = take_character(text);
        if (!point) return std::nullopt;
        points += *point;
    }
    return points;
}

inline bool has_control_character(std::u32string const& points)
{
    return std::any_of(points.begin(), points.end(),
                       [](char32_t point) { return point < 0x20 || (point >= 0x7F && point < 0xA0); });
}

} // namespace fuzz
