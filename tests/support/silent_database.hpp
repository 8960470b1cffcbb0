// A database that lets itself be connected to and never speaks: it keeps /health busy for a second.
#pragma once

#include "tests/support/directory.hpp"
#include "tests/support/sockets.hpp"

#include <string>

namespace support {

class SilentDatabase {
  public:
    std::string url() const { return "host=" + directory_.path().string() + " dbname=farebox"; }
    void wait_for_caller() const;

  private:
    Directory directory_;
    Descriptor listener_ = listen_at(directory_ / ".s.PGSQL.5432");
};

} // namespace support
