// The activator's command line.
#pragma once

#include "handlers/local/activator/handler.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace activator {

struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Arguments {
    Settings settings;
    std::vector<std::string> names;
    std::optional<std::string> user; // empty: whoever started it
    bool help = false;
};

// Throws UsageError, with a sentence for the person who typed them.
Arguments parse(int count, char** values);

std::string_view usage();

} // namespace activator
