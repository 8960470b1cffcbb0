#include "shared/ledger/types.hpp"

#include <charconv>

namespace ledger {

std::optional<UserRef> parse_user(std::string_view segment)
{
    if (auto const id = base::parse_uuid(segment)) return UserRef{.id = *id, .number = {}, .phone = {}};

    // A leading zero or sign would give one user many names.
    if (segment.empty() || segment.front() < '1' || segment.front() > '9') return {};
    std::int64_t number = 0;
    auto const* const end = segment.data() + segment.size();
    auto const [stopped, error] = std::from_chars(segment.data(), end, number);
    if (error != std::errc{} || stopped != end) return {};
    return UserRef{.id = {}, .number = number, .phone = {}};
}

} // namespace ledger
