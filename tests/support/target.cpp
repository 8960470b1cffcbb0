#include "tests/support/target.hpp"

#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <utility>

namespace support {
namespace {

std::string environment(char const* name)
{
    auto const* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

Target exported()
{
    auto target = Target{
        .url = environment("FAREBOX_TEST_URL"),
        .database_url = environment("FAREBOX_TEST_DATABASE_URL"),
        .service_key = environment("API_SECRET_KEY"),
        .directory = environment("FAREBOX_TEST_STACK"),
    };
    if (target.url.empty() || target.database_url.empty() || target.service_key.empty() ||
        target.directory.empty()) {
        throw std::runtime_error("this test needs a running farebox: start it with scripts/test, or set "
                                 "FAREBOX_TEST_URL, FAREBOX_TEST_DATABASE_URL, FAREBOX_TEST_STACK and "
                                 "API_SECRET_KEY");
    }
    return target;
}

std::optional<Target>& current()
{
    static std::optional<Target> target;
    return target;
}

} // namespace

Target const& target()
{
    auto& now = current();
    if (!now || now->url.empty()) now = exported();
    return *now;
}

Target retarget(Target next)
{
    return std::exchange(current(), std::move(next)).value_or(Target{});
}

std::string source_directory()
{
    return FAREBOX_SOURCE_DIR;
}

std::string bin_directory()
{
    auto const set = environment("FAREBOX_TEST_BIN");
    return set.empty() ? FAREBOX_BIN_DIR : set;
}

} // namespace support
