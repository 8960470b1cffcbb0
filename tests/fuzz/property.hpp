// What a fuzzer says when a rule is broken. It ends the process, so that libFuzzer keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace fuzz {

// `rule`: what always holds, in product words.
inline void must(bool holds, char const* rule)
{
    if (holds) return;
    std::fprintf(stderr, "BROKEN: %s\n", rule);
    std::abort();
}

} // namespace fuzz
