// Holds and their ends go through batchers of the same rules as spends (move_batcher.cpp); here is what is
// their own: the ids by which a resend can tell that it was answered, and whose wallet a locked one is.

#include "shared/ledger/holds.hpp"
#include "shared/ledger/spends.hpp"
#include "tests/support/catch.hpp"

namespace {

using base::Error;
using db::CallFailed;
using db::MoveBatcher;
using db::MoveCall;
using db::Outcome;
using db::Sending;
using ledger::EndHold;
using ledger::EndRow;
using ledger::HoldRow;
using ledger::PlaceHold;
using std::chrono::milliseconds;

base::Deadline in(int ms)
{
    return base::deadline_in(milliseconds(ms));
}

PlaceHold placing(std::int64_t wallet)
{
    return {.caller = db::Caller("api_key", {}), .user = {.number = wallet}, .amount = 30};
}

EndHold settling(base::Uuid const& hold, std::int64_t amount)
{
    return {.caller = db::Caller("api_key", {}), .hold = hold, .amount = amount};
}

HoldRow placed(base::Uuid const& hold, std::string status)
{
    return {.status = std::move(status),
            .hold = hold,
            .amount = 30,
            .available = {},
            .expires_at_us = 1,
            .at_us = 1};
}

EndRow settled(base::Uuid const& by, std::string status)
{
    EndRow row;
    row.status = std::move(status);
    row.amount = 30;
    row.settled_by = by;
    return row;
}

// The first call is lost on the way; `answer` is what the next ones are told.
template <class Request, class Row>
auto after_a_loss(Request const& request, Row answer, std::int64_t lost_until_us, int budget_ms = 2000)
{
    int calls = 0;
    std::vector<base::Uuid> ids;
    MoveBatcher<Request> batcher([&](MoveCall<Request> const& call, Sending& sending) -> std::vector<Row> {
        if constexpr (std::is_same_v<Request, PlaceHold>)
            ids.push_back(call.requests.front()->hold);
        else
            ids.push_back(call.requests.front()->id);
        if (calls++ == 0) {
            sending = {.sent_at_us = 1, .not_after_us = lost_until_us};
            throw CallFailed(Outcome::unknown, "", "scripted");
        }
        sending = {.sent_at_us = 4'000'000, .not_after_us = 5'000'000};
        return {answer};
    });
    auto receipt = batcher.submit({request}, in(budget_ms)).front();
    CHECK(ids.size() == 2);
    CHECK(ids.front() == ids.back());
    return receipt;
}

template <class Receipt>
std::optional<Error> refusal(Receipt const& receipt)
{
    return receipt.refusal ? std::optional(receipt.refusal->error()) : std::nullopt;
}

HoldRow refused_hold()
{
    HoldRow row;
    row.status = "insufficient_balance";
    return row;
}

} // namespace

TEST_CASE("a lost hold that is found placed by its own id is no replay", "[hold_batchers]")
{
    auto const hold = placing(1);
    auto const receipt = after_a_loss(hold, placed(hold.hold, "replayed"), 2'000'000);

    CHECK_FALSE(receipt.refusal);
    CHECK_FALSE(receipt.replayed);
    CHECK(receipt.hold == hold.hold);

    auto const other = base::uuid_v7();
    auto const replay = after_a_loss(hold, placed(other, "replayed"), 2'000'000);
    CHECK(replay.replayed);
    CHECK(replay.hold == other);
}

TEST_CASE("a lost settlement that is found done by its own id is no replay, a release included",
          "[hold_batchers]")
{
    for (std::int64_t const amount : {30, 0}) {
        auto const settle = settling(base::uuid_v7(), amount);

        CHECK_FALSE(after_a_loss(settle, settled(settle.id, "replayed"), 2'000'000).replayed);
        CHECK(after_a_loss(settle, settled(base::uuid_v7(), "replayed"), 2'000'000).replayed);
    }
}

TEST_CASE("a lost hold refused while the first send may still act is outcome_unknown, then refused",
          "[hold_batchers]")
{
    CHECK(refusal(after_a_loss(placing(1), refused_hold(), 5'000'000, 600)) == Error::outcome_unknown);
    CHECK(refusal(after_a_loss(placing(1), refused_hold(), 3'900'000)) == Error::insufficient_balance);
}

TEST_CASE("a lost settlement refused while the first send may still act is outcome_unknown, then refused",
          "[hold_batchers]")
{
    auto const settle = settling(base::uuid_v7(), 20);

    CHECK(refusal(after_a_loss(settle, settled(base::uuid_v7(), "hold_already_settled"), 5'000'000, 600)) ==
          Error::outcome_unknown);
    auto const refused = after_a_loss(settle, settled(base::uuid_v7(), "hold_already_settled"), 3'900'000);
    CHECK(refusal(refused) == Error::hold_already_settled);
    CHECK(refused.refusal->details() == std::vector<base::Detail>{{"captured", std::int64_t{30}}});
}

TEST_CASE("a settlement that took less than was asked is done", "[hold_batchers]")
{
    auto const settle = settling(base::uuid_v7(), 40);
    MoveBatcher<EndHold> batcher(
        [&](MoveCall<EndHold> const&, Sending&) { return std::vector{settled(settle.id, "short")}; });

    auto const receipt = batcher.submit({settle}, in(2000)).front();

    CHECK_FALSE(receipt.refusal);
    CHECK(receipt.amount == 30);
}

TEST_CASE("a hold on a wallet that is locked fails alone, and is asked again without waiting",
          "[hold_batchers]")
{
    struct Seen {
        base::Uuid hold;
        bool skip_locked;
    };
    auto const stuck = settling(base::uuid_v7(), 1);
    auto const other = settling(base::uuid_v7(), 1);
    std::vector<Seen> calls; // calls do not overlap
    MoveBatcher<EndHold> batcher([&](MoveCall<EndHold> const& call, Sending&) {
        std::vector<EndRow> rows;
        for (auto const* one : call.requests) {
            bool const locked = one->hold == stuck.hold;
            calls.push_back({one->hold, call.skip_locked});
            if (locked && !call.skip_locked) throw CallFailed(Outcome::rolled_back, "55P03", "scripted");
            rows.push_back(settled(one->id, locked ? "busy" : "ok"));
        }
        return rows;
    });
    CHECK(refusal(batcher.submit({stuck}, in(600)).front()) == Error::busy);
    calls.clear();

    auto const receipts = batcher.submit({stuck, other}, in(600));

    CHECK(refusal(receipts[0]) == Error::busy);
    CHECK_FALSE(receipts[1].refusal);
    for (auto const& call : calls)
        CHECK(call.skip_locked == (call.hold == stuck.hold));
}
