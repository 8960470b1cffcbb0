// Reads a document from memory that ends where the document does, so that a sanitizer sees a reader that goes
// on past it.
#pragma once

#include "shared/json/value.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>

namespace test {

inline json::Value parse_exact(std::string_view text, std::size_t depth_max = json::depth_usual)
{
    auto const bytes = std::make_unique<char[]>(text.size());
    std::copy(text.begin(), text.end(), bytes.get());
    return json::parse({bytes.get(), text.size()}, depth_max);
}

} // namespace test
