#include "shared/db/resend.hpp"

#include "tests/support/catch.hpp"

#include <functional>
#include <vector>

namespace {

using base::Error;
using db::CallFailed;
using db::Outcome;
using db::Resend;
using db::Sending;
using Next = db::Resend::Next;
using std::chrono::milliseconds;

base::Deadline in(int ms)
{
    return base::deadline_in(milliseconds(ms));
}

CallFailed lost()
{
    return {Outcome::unknown, "", "lost"};
}

CallFailed refused(std::string sqlstate)
{
    return {Outcome::rolled_back, std::move(sqlstate), "refused"};
}

// A send whose call may act until `not_after_us`.
Sending sent(std::int64_t sent_at_us, std::int64_t not_after_us)
{
    return {.sent_at_us = sent_at_us, .not_after_us = not_after_us};
}

} // namespace

TEST_CASE("an answer to the first send is final", "[resend]")
{
    for (auto const* status : {"ok", "replayed", "insufficient_balance", "user_not_found",
                               "idempotency_key_reused", "unauthorized"}) {
        Resend resend(in(1000));
        CHECK(resend.answered(status, sent(1, 1000)) == Next::take_answer);
    }
}

TEST_CASE("a move that took effect is final however often it was sent", "[resend]")
{
    for (auto const* status : {"ok", "replayed"}) {
        Resend resend(in(1000));
        REQUIRE(resend.failed(lost(), sent(0, 900'000)) == Next::send_again);
        CHECK(resend.answered(status, sent(100'000, 950'000)) == Next::take_answer);
    }
}

TEST_CASE("a refusal learnt by a resend is not final while the first send may still act", "[resend]")
{
    Resend resend(in(1000));
    REQUIRE(resend.failed(lost(), sent(1'000'000, 1'300'000)) == Next::send_again);

    CHECK(resend.answered("insufficient_balance", sent(1'100'000, 1'600'000)) == Next::send_again);
    CHECK(resend.pause() >= milliseconds(200));
    CHECK(resend.pause() <= milliseconds(202));
    // At that very moment the first send may still act.
    CHECK(resend.answered("insufficient_balance", sent(1'300'000, 1'800'000)) == Next::send_again);
    CHECK(resend.answered("insufficient_balance", sent(1'300'001, 1'800'000)) == Next::take_answer);
}

TEST_CASE("a refusal that cannot become final in time is outcome_unknown", "[resend]")
{
    Resend resend(in(1000));
    REQUIRE(resend.failed(lost(), sent(1'000'000, 1'900'000)) == Next::send_again);

    CHECK(resend.answered("insufficient_balance", sent(1'010'000, 1'950'000)) == Next::give_up);
    CHECK(resend.failure().error() == Error::outcome_unknown);
    CHECK(resend.failure().retry_after_s() == 1);
}

TEST_CASE("a refusal of who calls does not settle an earlier send, however late it comes", "[resend]")
{
    for (auto const* status : {"unauthorized", "forbidden"}) {
        Resend resend(in(1000));
        REQUIRE(resend.failed(lost(), sent(1'000'000, 1'300'000)) == Next::send_again);
        CHECK(resend.answered(status, sent(1'300'001, 1'800'000)) == Next::give_up);
        CHECK(resend.failure().error() == Error::outcome_unknown);

        Resend never_lost(in(1000));
        CHECK(never_lost.answered(status, sent(1'000'000, 1'300'000)) == Next::take_answer);
    }
}

TEST_CASE("of several lost sends the one that may act longest decides", "[resend]")
{
    Resend resend(in(1000));
    REQUIRE(resend.failed(lost(), sent(0, 500'000)) == Next::send_again);
    REQUIRE(resend.failed(lost(), sent(100'000, 300'000)) == Next::send_again);

    CHECK(resend.answered("wallet_blocked", sent(400'000, 900'000)) == Next::send_again);
    CHECK(resend.answered("wallet_blocked", sent(500'001, 900'000)) == Next::take_answer);
}

TEST_CASE("a lost send that is not settled by the deadline is outcome_unknown, whatever fails next",
          "[resend]")
{
    std::vector<std::function<Next(Resend&)>> const ends{
        [](Resend& s) { return s.failed(refused("22023"), sent(1, 2)); },
        [](Resend& s) { return s.failed(refused("25006"), sent(1, 2)); },
        [](Resend& s) { return s.failed(refused("57014"), sent(1, 2)); },
        [](Resend& s) { return s.give_up(base::Failure(Error::busy)); },
    };
    for (auto const& end : ends) {
        Resend resend(in(1000));
        REQUIRE(resend.failed(lost(), sent(0, 900'000)) == Next::send_again);
        CHECK(end(resend) == Next::give_up);
        CHECK(resend.failure().error() == Error::outcome_unknown);
    }

    Resend late(in(db::least_left_ms));
    CHECK(late.failed(lost(), sent(0, 1)) == Next::give_up);
    CHECK(late.failure().error() == Error::outcome_unknown);
}

TEST_CASE("what was not sent, or certainly rolled back, is sent again while there is time", "[resend]")
{
    for (auto const& failed :
         {CallFailed(Outcome::not_sent, "", ""), refused("40001"), refused("40P01"), refused("55P03")}) {
        Resend early(in(1000));
        CHECK(early.failed(failed, {}) == Next::send_again);
        CHECK(early.pause() > milliseconds(0));

        Resend late(in(db::least_left_ms));
        CHECK(late.failed(failed, {}) == Next::give_up);
        CHECK(late.failure().error() == Error::busy);
    }
}

TEST_CASE("a failure that will not pass is told at once", "[resend]")
{
    Resend resend(in(1000));

    CHECK(resend.failed(refused("25006"), sent(1, 2)) == Next::give_up);
    CHECK(resend.failure().error() == Error::maintenance);
    CHECK(resend.failed(refused("53200"), sent(1, 2)) == Next::give_up);
    CHECK(resend.failure().error() == Error::busy);
    CHECK(resend.failed(refused("22021"), sent(1, 2)) == Next::give_up);
    CHECK(resend.failure().error() == Error::internal);
}

TEST_CASE("a database that has been away for long is not waited for, but for a move that may have happened",
          "[resend]")
{
    CallFailed away(Outcome::not_sent, "", "away");
    away.unreachable = milliseconds(2001);

    Resend resend(in(1000));
    CHECK(resend.failed(away, {}) == Next::give_up);
    CHECK(resend.failure().error() == Error::busy);

    Resend unsettled(in(1000));
    REQUIRE(unsettled.failed(lost(), sent(0, 900'000)) == Next::send_again);
    CHECK(unsettled.failed(away, {}) == Next::send_again);
}

TEST_CASE("a locked wallet is tried again without waiting for its lock, at growing distances", "[resend]")
{
    Resend resend(in(3000));
    CHECK_FALSE(resend.cautious());

    REQUIRE(resend.answered("busy", sent(1, 2)) == Next::send_again);
    CHECK(resend.cautious());
    CHECK(resend.pause() >= milliseconds(10));
    CHECK(resend.pause() <= milliseconds(20));
    for (int i = 0; i < 6; ++i)
        REQUIRE(resend.answered("busy", sent(1, 2)) == Next::send_again);
    CHECK(resend.pause() >= milliseconds(50));
    CHECK(resend.pause() <= milliseconds(100));

    Resend late(in(db::least_left_ms));
    CHECK(late.answered("busy", sent(1, 2)) == Next::give_up);
    CHECK(late.failure().error() == Error::busy);
    CHECK(late.failure().retry_after_s() == 1);
}

TEST_CASE("a row that is behind was not touched, so what is sent to it is sent again", "[resend]")
{
    Resend resend(in(3000));
    CHECK(resend.answered("behind", sent(1, 2)) == Next::send_again);
    CHECK_FALSE(resend.cautious());
    CHECK(resend.pause() <= milliseconds(20));

    Resend late(in(db::least_left_ms));
    CHECK(late.answered("behind", sent(1, 2)) == Next::give_up);
    CHECK(late.failure().error() == Error::busy);

    Resend unsettled(in(3000));
    REQUIRE(unsettled.failed(lost(), sent(0, 100'000)) == Next::send_again);
    CHECK(unsettled.answered("behind", sent(200'000, 300'000)) == Next::send_again);
    CHECK(unsettled.give_up(base::Failure(Error::busy)) == Next::give_up);
    CHECK(unsettled.failure().error() == Error::outcome_unknown);
}

TEST_CASE("a late call is sent once more with a clock measured anew, and then is busy", "[resend]")
{
    Resend resend(in(1000));
    CHECK_FALSE(resend.remeasure_clock());

    CHECK(resend.answered("late", sent(1, 2)) == Next::send_again);
    CHECK(resend.remeasure_clock());
    CHECK(resend.answered("late", sent(1, 2)) == Next::give_up);
    CHECK(resend.failure().error() == Error::busy);
}

TEST_CASE("a late resend does not settle the send that was lost", "[resend]")
{
    Resend resend(in(1000));
    REQUIRE(resend.failed(lost(), sent(0, 100'000)) == Next::send_again);

    for (int i = 0; i < 3; ++i)
        CHECK(resend.answered("late", sent(200'000, 300'000)) == Next::send_again);
    CHECK(resend.answered("ok", sent(400'000, 900'000)) == Next::take_answer);

    CHECK(resend.give_up(base::Failure(Error::busy)) == Next::give_up);
    CHECK(resend.failure().error() == Error::outcome_unknown);
}

TEST_CASE("a call gets half of what is left, so that another fits, but not less than it needs", "[resend]")
{
    auto const budget = [](int left) { return base::left_ms(db::call_deadline(in(left))); };

    CHECK(budget(4000) <= 2000);
    CHECK(budget(4000) > 1900);
    CHECK(budget(800) > 450);
    CHECK(budget(800) <= 500);
    CHECK(budget(300) <= 300);
    CHECK(budget(300) > 250);
}

TEST_CASE("a single move is sent again until its answer is final", "[resend]")
{
    struct Row {
        std::string status;
    };
    int sends = 0;

    auto const row = db::resend_until_final(in(2000), [&](Sending& sending, bool) -> Row {
        sending = sent(sends * 100'000, 150'000);
        switch (sends++) {
        case 0:
            throw lost();
        case 1:
            return {"insufficient_balance"}; // not final: the first may act for another 50 ms
        default:
            return {"ok"};
        }
    });

    CHECK(row.status == "ok");
    CHECK(sends == 3);
}

TEST_CASE("a single move that cannot be settled throws outcome_unknown", "[resend]")
{
    struct Row {
        std::string status;
    };
    auto error = Error::internal;
    try {
        db::resend_until_final(in(400), [&](Sending&, bool) -> Row { throw lost(); });
    } catch (base::Failure const& failure) {
        error = failure.error();
    }

    CHECK(error == Error::outcome_unknown);
}

TEST_CASE("a read that was lost moved nothing", "[resend]")
{
    CHECK(db::as_read(lost()).outcome == Outcome::not_sent);
    CHECK(db::as_read(refused("55P03")).outcome == Outcome::rolled_back);
}
