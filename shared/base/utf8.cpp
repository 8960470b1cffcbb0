// UTF-8, checked by the table of well-formed sequences (Unicode 15, table 3-7).
#include "shared/base/utf8.hpp"

#include <algorithm>

namespace base {
namespace {

unsigned byte_at(std::string_view text, std::size_t at)
{
    return static_cast<unsigned char>(text[at]);
}

bool is_tail(unsigned byte)
{
    return (byte & 0xC0U) == 0x80U;
}

// How long the sequence is that `lead` begins; 0 when none begins so.
std::size_t announced_bytes(unsigned lead)
{
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

// The second byte is where overlong forms (E0, F0), surrogates (ED) and too large code points (F4) show.
bool may_follow(unsigned lead, unsigned second)
{
    switch (lead) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second <= 0x9F;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second <= 0x8F;
    default:
        return true;
    }
}

// The length of the character at the start of a text that is not empty; 0 when it is malformed or cut off.
std::size_t character_bytes(std::string_view text)
{
    auto const lead = byte_at(text, 0);
    auto const size = announced_bytes(lead);
    if (size <= 1) return size;
    if (text.size() < size || !may_follow(lead, byte_at(text, 1))) return 0;
    for (std::size_t i = 1; i < size; ++i)
        if (!is_tail(byte_at(text, i))) return 0;
    return size;
}

} // namespace

bool is_utf8(std::string_view text)
{
    while (!text.empty()) {
        auto const size = character_bytes(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::size_t count_characters(std::string_view text)
{
    auto const leads = std::count_if(text.begin(), text.end(),
                                     [](char c) { return !is_tail(static_cast<unsigned char>(c)); });
    return static_cast<std::size_t>(leads);
}

std::string repair_utf8(std::string_view text)
{
    auto repaired = std::string();
    repaired.reserve(text.size());
    while (!text.empty()) {
        auto const size = character_bytes(text);
        repaired += size == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, size);
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return repaired;
}

std::string_view cut_utf8(std::string_view text, std::size_t max_bytes)
{
    if (text.size() <= max_bytes) return text;
    while (max_bytes > 0 && is_tail(byte_at(text, max_bytes)))
        --max_bytes;
    return text.substr(0, max_bytes);
}

} // namespace base
