// The service's own audit of its books, run to the end.
#pragma once

#include <string>
#include <vector>

namespace support {

// What farebox.verify finds wrong, over all wallets; empty when the books balance.
std::vector<std::string> book_violations();

} // namespace support
