// Names and values in order: of an environment, of a CGI request, of FastCGI's params.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace support {

using Variables = std::vector<std::pair<std::string, std::string>>;

} // namespace support
