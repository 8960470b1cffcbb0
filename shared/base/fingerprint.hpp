// What a client asked for, as 32 bytes: the same idempotency key with another fingerprint is another request.
//
// Only what the client said goes in: never a price, a balance or an id of ours, or a repeat would differ from itself
// (ledger rule 15, ARCHITECTURE). The name of each encoding carries a version, because fingerprints are stored for ever: a
// changed encoding under an old name would refuse honest repeats.
#pragma once

#include "shared/base/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

// Each part is four bytes of length, big-endian, and its bytes; an absent part is four bytes of ones. So no two lists of
// parts have one encoding.
class Fingerprint {
  public:
    // "spend/1".
    explicit Fingerprint(std::string_view name) { part(name); }

    Fingerprint& part(std::string_view bytes);
    Fingerprint& part(std::int64_t number) { return part(std::string_view(std::to_string(number))); }

    template <class T>
    Fingerprint& part(std::optional<T> const& value)
    {
        return value ? part(*value) : absent();
    }

    Sha256 digest() const { return sha256(bytes_); }

  private:
    Fingerprint& absent();
    void length(std::uint32_t value);

    std::string bytes_;
};

} // namespace base
