// POST /api/v1/entries/{id}/reverse: gives back what an entry took, whole or in part, never more.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

using namespace support;

namespace {

std::string spent(Wallet const& wallet, std::int64_t amount)
{
    auto const reply =
        post(wallet.path("spend"), body({{"amount", amount}, {"description", "to be reversed"}}));
    REQUIRE(reply.status == 200);
    return reply["transaction_id"].text();
}

Reply reverse(std::string const& entry, std::string const& request, Headers const& headers = as_service())
{
    return post("/api/v1/entries/" + entry + "/reverse", request, headers);
}

} // namespace

TEST_CASE("a reversal gives the whole entry back", "[reverse]")
{
    auto const wallet = a_user().holding(100);
    auto const entry = spent(wallet, 40);

    auto const reply = reverse(entry, "");

    REQUIRE(reply.status == 200);
    CHECK(reply.json().names() == std::vector<std::string>{"balance_after", "balance_before",
                                                           "reversed_transaction_id", "success",
                                                           "tokens_reversed", "transaction_id"});
    CHECK(reply["success"].boolean());
    CHECK(reply["reversed_transaction_id"].text() == entry);
    CHECK(reply["transaction_id"].text() != entry);
    CHECK(reply["tokens_reversed"].integer() == 40);
    CHECK(reply["balance_before"].integer() == 60);
    CHECK(reply["balance_after"].integer() == 100);
    CHECK(wallet.balance() == 100);
    CHECK(wallet.entries().back().description == "reversal");
}

TEST_CASE("an entry is reversed in parts up to what it was, never beyond", "[reverse]")
{
    auto const wallet = a_user().holding(100);
    auto const entry = spent(wallet, 40);

    CHECK(reverse(entry, body({{"amount", 15}}))["tokens_reversed"].integer() == 15);
    auto const reply = reverse(entry, body({{"amount", 26}}));
    check_refusal(reply, 422, "reverse_exceeds_entry");
    CHECK(reply["details"]["available"].integer() == 25);
    CHECK(reverse(entry, body({{"amount", 5}}))["tokens_reversed"].integer() == 5);
    CHECK(reverse(entry, "{}")["tokens_reversed"].integer() == 20);
    check_refusal(reverse(entry, "{}"), 422, "reverse_exceeds_entry");
    CHECK(wallet.balance() == 100);
}

TEST_CASE("a reversal with a key happens once", "[reverse]")
{
    auto const wallet = a_user().holding(100);
    auto const entry = spent(wallet, 40);
    auto const request = body({{"amount", 10}, {"description", "bad render"}, {"idempotency_key", a_key()}});

    auto const first = reverse(entry, request);
    auto const again = reverse(entry, request);

    CHECK(first.status == 200);
    CHECK_FALSE(first.replayed());
    CHECK(again.status == 200);
    CHECK(again.replayed());
    CHECK(again.body == first.body);
    CHECK(wallet.balance() == 70);
}

TEST_CASE("a reversal's key used for another reversal is refused", "[reverse]")
{
    auto const wallet = a_user().holding(100);
    auto const entry = spent(wallet, 40);
    auto const other = spent(wallet, 40);
    auto const key = idempotency_key(a_key());

    CHECK(reverse(entry, body({{"amount", 10}}), as_service() + key).status == 200);
    check_refusal(reverse(entry, body({{"amount", 11}}), as_service() + key), 422, "idempotency_key_reused");
    check_refusal(reverse(other, body({{"amount", 10}}), as_service() + key), 422, "idempotency_key_reused");
    CHECK(wallet.balance() == 30);
}

TEST_CASE("a reversal cannot be reversed", "[reverse]")
{
    auto const wallet = a_user().holding(100);
    auto const reversal = reverse(spent(wallet, 40), "{}")["transaction_id"].text();

    check_refusal(reverse(reversal, "{}"), 422, "entry_not_reversible");
    CHECK(wallet.balance() == 100);
}

TEST_CASE("an unknown entry and a malformed id get the same 404", "[reverse]")
{
    auto const unknown = reverse("01900000-0000-7000-8000-ffffffffffff", "{}");

    check_refusal(unknown, 404, "entry_not_found");
    for (auto const* const id : {"1", "nonsense", "01900000-0000-7000-8000-fffffffffff"}) {
        auto const reply = reverse(id, "{}");
        check_refusal(reply, 404, "entry_not_found");
        CHECK(without_request_id(reply) == without_request_id(unknown));
    }
}

TEST_CASE("a reversal's members are checked and no others allowed", "[reverse]")
{
    auto const wallet = a_user().holding(100);
    auto const entry = spent(wallet, 40);

    check_invalid(reverse(entry, body({{"amount", 0}})), "invalid_amount", "amount", "body.amount");
    check_invalid(reverse(entry, body({{"amount", 1'000'000'000'001}})), "invalid_amount", "amount",
                  "body.amount");
    check_invalid(reverse(entry, body({{"description", ""}})), "validation_error", "description",
                  "body.description");
    check_invalid(reverse(entry, body({{"reason", "x"}})), "validation_error", "reason", "body.reason");
    check_refusal(reverse(entry, "{}", anonymously()), 401, "unauthorized");
    CHECK(wallet.balance() == 60);
}
