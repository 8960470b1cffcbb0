// A string that does not print itself, is compared in constant time and is wiped when it dies.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace base {

using Sha256 = std::array<std::uint8_t, 32>;

// Throws Failure internal when OpenSSL cannot.
Sha256 sha256(std::string_view bytes);

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    ~Secret();
    Secret(Secret const&) = default;
    Secret(Secret&&) noexcept = default;
    // By value: what was held before goes away with `other` and is wiped there.
    Secret& operator=(Secret other) noexcept
    {
        value_.swap(other.value_);
        return *this;
    }

    bool empty() const { return value_.empty(); }

    // The value itself, for the one call that must have it.
    std::string const& reveal() const { return value_; }

    // Whether `other` is the same text; both are hashed first, so neither content nor length shows in the
    // time. An empty secret equals nothing.
    bool equals(std::string_view other) const;

  private:
    std::string value_;
};

} // namespace base
