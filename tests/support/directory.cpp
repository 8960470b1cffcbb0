#include "tests/support/directory.hpp"

#include <cstdlib>
#include <stdexcept>

namespace support {

Directory::Directory()
{
    auto name = (std::filesystem::temp_directory_path() / "farebox-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
}

Directory::~Directory()
{
    auto ignored = std::error_code();
    std::filesystem::remove_all(path_, ignored);
}

} // namespace support
