// Why a call was refused, as the operator reads it.
#pragma once

#include "shared/base/failure.hpp"

#include <optional>
#include <string>

// Empty: it was not refused.
template <class Call>
std::string refusal_of(Call const& call, base::Error expected = base::Error::unauthorized)
{
    try {
        call();
        return {};
    } catch (base::Failure const& failure) {
        if (failure.error() != expected) return "another failure: " + std::string(failure.what());
        return failure.log();
    }
}
