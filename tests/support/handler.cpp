#include "tests/support/handler.hpp"

namespace support {

std::filesystem::path program(std::string const& name)
{
    auto const here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    return std::filesystem::canonical(here / ".." / "bin") / name;
}

std::map<std::string, std::string> handler_environment()
{
    return {{"DATABASE_URL", "host=/nonexistent dbname=farebox"},
            {"API_SECRET_KEY", service_key},
            {"REQUEST_TIMEOUT_MS", "1000"}};
}

} // namespace support
