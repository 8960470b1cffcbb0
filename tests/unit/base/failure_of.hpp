// The failure that a call throws; a test that gets none, or anything else, fails.
#pragma once

#include "shared/base/failure.hpp"

#include <stdexcept>

namespace test {

template <class Call>
base::Failure failure_of(Call&& call)
{
    try {
        call();
    } catch (base::Failure const& failure) {
        return failure;
    }
    throw std::logic_error("no Failure was thrown");
}

} // namespace test
