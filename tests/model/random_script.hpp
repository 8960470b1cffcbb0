// Random scripts: dense enough that on a few wallets holds lapse, grants expire under holds and keys meet
// again.
#pragma once

#include "tests/model/operation.hpp"

#include <cstdint>

namespace model {

// The same script for the same seed, on every machine.
Script random_script(std::uint64_t seed, int operations);

} // namespace model
