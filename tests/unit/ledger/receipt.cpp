#include "shared/ledger/receipt.hpp"

#include "shared/ledger/holds.hpp"
#include "tests/support/catch.hpp"

namespace {

using base::Error;
using ledger::MoveRow;

auto const own = base::uuid_v7();

MoveRow row(std::string status)
{
    return {.status = std::move(status),
            .entry = own,
            .amount = 30,
            .before = 100,
            .after = 70,
            .available = 20,
            .at_us = 5,
            .held = 50};
}

Error error_of(std::string status)
{
    return ledger::receipt_of(row(std::move(status)), own).refusal.value().error();
}

} // namespace

TEST_CASE("a move that took effect has a receipt", "[receipt]")
{
    auto const receipt = ledger::receipt_of(row("ok"), own);

    CHECK(receipt.entry == own);
    CHECK(receipt.amount == 30);
    CHECK(receipt.before == 100);
    CHECK(receipt.after == 70);
    CHECK(receipt.at_us == 5);
    CHECK_FALSE(receipt.replayed);
    CHECK_FALSE(receipt.refusal);
}

TEST_CASE("an entry that bears the request's own id is no replay", "[receipt]")
{
    CHECK_FALSE(ledger::receipt_of(row("replayed"), own).replayed);

    auto const other = base::uuid_v7();
    auto const receipt = ledger::receipt_of(row("replayed"), other);
    CHECK(receipt.replayed);
    CHECK(receipt.entry == own);
}

TEST_CASE("a status that is no success is the error of its name", "[receipt]")
{
    CHECK(error_of("insufficient_balance") == Error::insufficient_balance);
    CHECK(error_of("user_not_found") == Error::user_not_found);
    CHECK(error_of("idempotency_key_reused") == Error::idempotency_key_reused);
    CHECK(error_of("unauthorized") == Error::unauthorized);
    CHECK(error_of("busy") == Error::busy);
    CHECK(error_of("late") == Error::busy);
    CHECK(error_of("something new") == Error::internal);
    CHECK(error_of("") == Error::internal);
}

TEST_CASE("a hold that bears the request's own id is no replay", "[receipt]")
{
    ledger::HoldRow placed{.status = "ok",
                           .hold = own,
                           .amount = 30,
                           .available = 20,
                           .expires_at_us = 9,
                           .at_us = 5,
                           .state = "open"};

    auto const receipt = ledger::hold_receipt_of(placed, own);
    CHECK(receipt.hold == own);
    CHECK(receipt.amount == 30);
    CHECK(receipt.available == 20);
    CHECK(receipt.expires_at_us == 9);
    CHECK(receipt.at_us == 5);
    CHECK(receipt.state == "open");
    CHECK_FALSE(receipt.captured);
    CHECK_FALSE(receipt.replayed);

    placed.status = "replayed";
    placed.available.reset();
    placed.state = "captured";
    placed.captured = 12;
    CHECK_FALSE(ledger::hold_receipt_of(placed, own).replayed);
    auto const again = ledger::hold_receipt_of(placed, base::uuid_v7());
    CHECK(again.replayed);
    CHECK(again.hold == own);
    CHECK_FALSE(again.available);
    CHECK(again.state == "captured");
    CHECK(again.captured == 12);
}

TEST_CASE("an end by the request's own id is no replay, with an entry or without", "[receipt]")
{
    ledger::EndRow settled{.status = "replayed",
                           .entry = own,
                           .amount = 30,
                           .before = 100,
                           .after = 70,
                           .available = {},
                           .at_us = 5,
                           .released = 10,
                           .settled_by = own};

    auto const receipt = ledger::end_receipt_of(settled, own);
    CHECK(receipt.entry == own);
    CHECK(receipt.amount == 30);
    CHECK(receipt.before == 100);
    CHECK(receipt.after == 70);
    CHECK(receipt.released == 10);
    CHECK(receipt.at_us == 5);
    CHECK_FALSE(receipt.replayed);
    CHECK(ledger::end_receipt_of(settled, base::uuid_v7()).replayed);

    settled.entry.reset();
    CHECK_FALSE(ledger::end_receipt_of(settled, own).replayed);
    settled.settled_by.reset(); // by its lapse
    CHECK(ledger::end_receipt_of(settled, own).replayed);
    settled.status = "short";
    CHECK_FALSE(ledger::end_receipt_of(settled, own).refusal);
}

TEST_CASE("a refusal names the amounts it is about", "[receipt]")
{
    using Details = std::vector<base::Detail>;

    CHECK(
        ledger::receipt_of(row("insufficient_balance"), own).refusal->details() ==
        Details{{"required", std::int64_t{30}}, {"available", std::int64_t{20}}, {"held", std::int64_t{50}}});
    ledger::HoldRow placed;
    placed.status = "insufficient_balance";
    placed.amount = 30;
    placed.available = 20;
    placed.held = 50;
    CHECK(ledger::hold_receipt_of(placed, own).refusal->details() ==
          ledger::receipt_of(row("insufficient_balance"), own).refusal->details());
    CHECK(ledger::receipt_of(row("reverse_exceeds_entry"), own).refusal->details() ==
          Details{{"available", std::int64_t{20}}});
    CHECK(ledger::receipt_of(row("wallet_blocked"), own).refusal->details().empty());
    ledger::EndRow settled;
    settled.status = "insufficient_balance";
    settled.amount = 30;
    settled.available = 20;
    settled.held = 50;
    CHECK(ledger::end_receipt_of(settled, own).refusal->details() ==
          ledger::receipt_of(row("insufficient_balance"), own).refusal->details());
    settled.status = "hold_already_settled";
    CHECK(ledger::end_receipt_of(settled, own).refusal->details() == Details{{"captured", std::int64_t{30}}});
    CHECK(db::refusal_of("busy").retry_after_s() == 1);
}
