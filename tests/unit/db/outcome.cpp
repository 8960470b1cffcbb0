#include "shared/db/connection.hpp"
#include "tests/support/catch.hpp"

namespace {

using db::Outcome;

base::Error error_of(Outcome outcome, std::string const& sqlstate)
{
    return db::to_failure(db::CallFailed(outcome, sqlstate, "text for the operator")).error();
}

} // namespace

TEST_CASE("only a server that is still there can say that nothing took effect", "[outcome]")
{
    for (auto const* state :
         {"22023", "23505", "25006", "40001", "40P01", "42501", "53200", "55P03", "57014"})
        CHECK(db::outcome_of(state, "ERROR") == Outcome::rolled_back);
    for (auto const* state : {"", "08006", "08007", "08P01", "40003", "57P01", "57P02"})
        CHECK(db::outcome_of(state, "ERROR") == Outcome::unknown);
    for (auto const* severity : {"FATAL", "PANIC"})
        CHECK(db::outcome_of("53100", severity) == Outcome::unknown);
}

TEST_CASE("a failed call that is not repeated is answered by its state", "[outcome]")
{
    using base::Error;
    CHECK(error_of(Outcome::not_sent, "") == Error::busy);
    CHECK(error_of(Outcome::not_sent, "28P01") == Error::busy);
    CHECK(error_of(Outcome::unknown, "") == Error::outcome_unknown);
    CHECK(error_of(Outcome::unknown, "57P01") == Error::outcome_unknown);
    CHECK(error_of(Outcome::rolled_back, "25006") == Error::maintenance);
    CHECK(error_of(Outcome::rolled_back, "53100") == Error::maintenance);
    for (auto const* state : {"57014", "40001", "40P01", "53200", "53300", "55P03"})
        CHECK(error_of(Outcome::rolled_back, state) == Error::busy);
    CHECK(error_of(Outcome::rolled_back, "FB000") == Error::malformed_call);
    CHECK(error_of(Outcome::rolled_back, "42883") == Error::internal);
}

TEST_CASE("busy says when to come again", "[outcome]")
{
    CHECK(db::to_failure(db::CallFailed(Outcome::rolled_back, "55P03", "")).retry_after_s() == 1);
}
