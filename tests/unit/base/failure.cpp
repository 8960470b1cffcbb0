#include "shared/base/failure.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/base/failure_of.hpp"

using base::Error;
using base::Failure;

TEST_CASE("a failure carries what is for the client and what is for the operator apart")
{
    auto const failure = test::failure_of([] {
        throw Failure(Error::insufficient_balance, "wallet row seen")
            .with("required", 5)
            .with("note", "text")
            .with(base::Problem{{"body", "amount"}, "must be less", "int_range"})
            .retry_after(7);
    });

    CHECK(failure.error() == Error::insufficient_balance);
    CHECK(failure.log() == "wallet row seen");
    CHECK(failure.retry_after_s() == 7);
    REQUIRE(failure.details().size() == 2);
    CHECK(failure.details()[0].first == "required");
    CHECK(std::get<std::int64_t>(failure.details()[0].second) == 5);
    CHECK(std::get<std::string>(failure.details()[1].second) == "text");
    REQUIRE(failure.problems().size() == 1);
    CHECK(failure.problems()[0].loc == std::vector<std::string>{"body", "amount"});
}

TEST_CASE("what() is the error's name and not what was meant for the log")
{
    CHECK(std::string(Failure(Error::busy, "server said: password=hunter2").what()) == "busy");
}
