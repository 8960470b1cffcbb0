// A new directory that goes, with all that is in it, when it goes out of scope.
#pragma once

#include <filesystem>
#include <string>

namespace support {

class Directory {
  public:
    Directory();
    ~Directory();
    Directory(Directory const&) = delete;
    Directory& operator=(Directory const&) = delete;
    std::filesystem::path operator/(std::string const& name) const { return path_ / name; }
    std::filesystem::path const& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

} // namespace support
