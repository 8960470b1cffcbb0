// Plays a script on the ledger and on the reference side by side.
#pragma once

#include "tests/model/operation.hpp"
#include "tests/model/reference.hpp"
#include "tests/model/subject.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace model {

constexpr int wallets_of_a_script = 3;

// How often each kind of request got each status, "capture insufficient", and each event of the reference
// happened.
using Coverage = std::map<std::string, int>;

// The first difference between the ledger and the reference, in a few lines; nothing when they agree on every
// answer, every wallet after every operation, every rule of verify, and in the end on every grant.
std::optional<std::string> play(Subject& subject, Script const& script, Coverage& coverage);

// A shorter script that still fails: operations are left out while it does, then amounts, hours and options
// made smaller. Each attempt costs a play, so there are at most `attempts_max`.
Script shrink(Script script, std::function<bool(Script const&)> const& fails, int attempts_max = 600);

} // namespace model
