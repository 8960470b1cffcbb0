// The builders of Failure: each gives the failure back, so that it can be thrown in one expression.
#include "shared/base/failure.hpp"

namespace base {

Failure&& Failure::with(std::string name, std::int64_t value) &&
{
    details_.emplace_back(std::move(name), value);
    return std::move(*this);
}

Failure&& Failure::with(std::string name, std::string value) &&
{
    details_.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
}

Failure&& Failure::with(Problem problem) &&
{
    add(std::move(problem));
    return std::move(*this);
}

Failure&& Failure::retry_after(int seconds) &&
{
    retry_after_s_ = seconds;
    return std::move(*this);
}

char const* Failure::what() const noexcept
{
    // The name only: what() ends up in places that are not our log. It is a literal and so ends with NUL.
    return info(error_).name.data();
}

} // namespace base
