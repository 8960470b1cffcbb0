// What a judge found, up to the number that a person reads.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace support {

class Findings {
  public:
    void unless(bool holds, std::string finding)
    {
        constexpr std::size_t most = 20;
        if (!holds && all_.size() < most) all_.push_back(std::move(finding));
    }
    std::vector<std::string> const& all() const { return all_; }

  private:
    std::vector<std::string> all_;
};

} // namespace support
