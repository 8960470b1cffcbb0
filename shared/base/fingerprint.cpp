#include "shared/base/fingerprint.hpp"

namespace base {

Fingerprint& Fingerprint::part(std::string_view bytes)
{
    length(static_cast<std::uint32_t>(bytes.size()));
    bytes_.append(bytes);
    return *this;
}

Fingerprint& Fingerprint::absent()
{
    length(0xffff'ffff);
    return *this;
}

void Fingerprint::length(std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes_.push_back(static_cast<char>(value >> shift & 0xff));
}

} // namespace base
