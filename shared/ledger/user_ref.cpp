#include "shared/ledger/user_ref.hpp"

#include <charconv>

namespace ledger {

std::optional<UserRef> parse_user(std::string_view segment)
{
    if (auto const id = base::parse_uuid(segment)) return UserRef{.id = *id};

    // A leading zero or sign would give one user many names.
    if (segment.empty() || segment.front() < '1' || segment.front() > '9') return {};
    auto number = std::int64_t{0};
    auto const* const end = segment.data() + segment.size();
    auto const [stopped, error] = std::from_chars(segment.data(), end, number);
    if (error != std::errc{} || stopped != end) return {};
    return UserRef{.number = number};
}

base::Uuid new_id(UserRef const& user)
{
    if (user.id) return base::uuid_v7(base::slot_of(*user.id));
    if (user.number) return base::uuid_v7(static_cast<int>(*user.number % base::slots));
    return base::uuid_v7();
}

base::Uuid new_id_beside(base::Uuid const& other)
{
    return base::uuid_v7(base::slot_of(other));
}

} // namespace ledger
