// A handler that a test starts by itself (process.hpp), without a stack: which program, with which environment.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace support {

// The programs that were built together with this test.
std::filesystem::path program(std::string const& name);

// An environment for a handler: development, a service key, a database that nobody answers for.
std::map<std::string, std::string> handler_environment();
inline constexpr auto service_key = "a-service-key-of-the-environment";

} // namespace support
