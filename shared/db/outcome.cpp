#include "shared/db/connection.hpp"

namespace db {

Outcome outcome_of(std::string_view sqlstate, std::string_view severity)
{
    // A backend may be ended (57P), or panic while it flushes, after the commit and before the answer. 40003
    // says in words that the completion is unknown; class 08 comes from whatever stands between us and the
    // server.
    auto const ended = severity == "FATAL" || severity == "PANIC";
    bool const in_doubt =
        sqlstate.empty() || sqlstate == "40003" || sqlstate.starts_with("08") || sqlstate.starts_with("57P");
    return ended || in_doubt ? Outcome::unknown : Outcome::rolled_back;
}

namespace {

base::Error error_of(CallFailed const& failed)
{
    using base::Error;
    auto const state = std::string_view(failed.sqlstate);
    if (failed.outcome == Outcome::unknown) return Error::outcome_unknown;
    if (state == "25006" || state == "53100") return Error::maintenance;
    if (failed.outcome == Outcome::not_sent || state == "57014" || state == "55P03" ||
        state.starts_with("40") || state.starts_with("53"))
        return Error::busy;
    return base::from_sqlstate(state).value_or(Error::internal);
}

} // namespace

base::Failure to_failure(CallFailed const& failed)
{
    auto const error = error_of(failed);
    auto failure = base::Failure(error, failed.log);
    return error == base::Error::busy ? std::move(failure).retry_after(1) : std::move(failure);
}

} // namespace db
