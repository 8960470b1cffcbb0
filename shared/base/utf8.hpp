// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing past U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace base {

bool is_utf8(std::string_view text);

// Code points. `text` must be UTF-8.
std::size_t count_characters(std::string_view text);

// The same text with U+FFFD in place of every byte that belongs to no character.
std::string repair_utf8(std::string_view text);

// The longest beginning of at most max_bytes that ends where a character does. `text` must be UTF-8.
std::string_view cut_utf8(std::string_view text, std::size_t max_bytes);

} // namespace base
