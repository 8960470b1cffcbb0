// The parts of a request that may be absent, as functions take them.
#pragma once

#include "shared/base/secret.hpp"
#include "shared/ledger/user_ref.hpp"

#include <optional>
#include <string>

namespace ledger {

inline std::optional<std::string> text_of(std::optional<Metadata> const& metadata)
{
    return metadata ? std::optional(metadata->text) : std::nullopt;
}

inline std::optional<std::string> canonical_of(std::optional<Metadata> const& metadata)
{
    return metadata ? std::optional(metadata->canonical) : std::nullopt;
}

// A function takes a key and its fingerprint together or not at all.
template <class Request>
std::optional<base::Sha256> fingerprint_of_keyed(Request const& request)
{
    return request.key ? std::optional(fingerprint(request)) : std::nullopt;
}

} // namespace ledger
