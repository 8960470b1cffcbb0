// One poisoned request must fail alone (ledger rule 6, ARCHITECTURE): a batch that the database refuses for
// what is in it is sent again in halves, until the culprit is by itself.
#pragma once

#include "shared/db/connection.hpp"

#include <cstddef>
#include <span>

namespace db {

// Whether the content of a request is at fault: data exceptions, broken constraints, limits, and a call that
// our own functions find malformed.
inline bool poisoned(CallFailed const& failed)
{
    auto const& state = failed.sqlstate;
    return failed.outcome == Outcome::rolled_back && (state.starts_with("22") || state.starts_with("23") ||
                                                      state.starts_with("54") || state.starts_with("FB"));
}

// Calls send(which), in halves where some of `which` are poisoned, and fail(those, CallFailed) for those that
// were not answered. The order of `which` is kept.
template <class Send, class Fail>
void send_or_halve(std::span<std::size_t const> which, Send const& send, Fail const& fail)
{
    try {
        send(which);
        return;
    } catch (CallFailed const& failed) {
        if (which.size() < 2 || !poisoned(failed)) {
            fail(which, failed);
            return;
        }
    }
    auto const half = which.size() / 2;
    send_or_halve(which.first(half), send, fail);
    send_or_halve(which.subspan(half), send, fail);
}

} // namespace db
