// The answer of the database is lost after it has committed. The handler alone can know that its call may
// have taken effect, and it must find out without charging twice.
#include "tests/support/books.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/database.hpp"
#include "tests/support/line.hpp"
#include "tests/support/spends.hpp"
#include "tests/support/stack.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/wallet.hpp"

#include <optional>
#include <set>

using namespace support;

namespace {

constexpr int clients = 16;
constexpr int requests = 1000;
constexpr int lose_each = 5;

// Checks that each of the replies is a first answer, and each of another entry.
void check_all_fresh(std::vector<Reply> const& replies, int status)
{
    auto entries = std::set<std::string>();
    for (auto const& reply : replies) {
        CHECK(reply.status == status);
        CHECK_FALSE(reply.replayed());
        if (reply.status == status) entries.insert(reply["transaction_id"].text());
    }
    CHECK(entries.size() == replies.size());
}

} // namespace

TEST_CASE("answers of the database are lost: every spend is charged once, with a key or without", "[fault]")
{
    auto stack = Stack();
    auto const keyed = a_user().holding(1'000'000);
    auto const bare = a_user().holding(1'000'000);
    auto const line = Line({.fault = Fault::cut_after, .each = lose_each, .delay = {}});
    stack.terminate_backends();

    auto const with_keys = at_once(clients, requests, [&](int) {
        return post(keyed.path("spend"),
                    body({{"amount", 1}, {"description", "x"}, {"idempotency_key", a_key()}}));
    });
    auto const without = at_once(clients, requests, [&](int) {
        return post(bare.path("spend"), body({{"amount", 1}, {"description", "x"}}));
    });

    check_all_fresh(with_keys, 200);
    check_all_fresh(without, 200);
    CHECK(line.hits() > 20);
    for (auto const& wallet : {keyed, bare}) {
        CHECK(wallet.spends().size() == requests);
        CHECK(wallet.balance() == 1'000'000 - requests);
    }
    CHECK(book_violations().empty());
}

TEST_CASE("answers of the database are lost: grants, reversals and new users happen once", "[fault]")
{
    auto stack = Stack();
    auto const wallet = a_user().holding(1000);
    auto const spent = post(wallet.path("spend"), body({{"amount", 1000}, {"description", "x"}}));
    auto const reverse = "/api/v1/entries/" + spent["transaction_id"].text() + "/reverse";
    auto const line = Line({.fault = Fault::cut_after, .each = lose_each, .delay = {}});
    stack.terminate_backends();

    constexpr auto times = 100;
    auto const granted = at_once(4, times, [&](int) {
        return post(wallet.path("grants"), body({{"amount", 10}, {"description", "g"}}));
    });
    auto const reversed = at_once(4, times, [&](int) { return post(reverse, body({{"amount", 1}})); });
    auto const made = at_once(4, times, [&](int) { return post("/api/v1/users", body({{"tokens", 7}})); });

    check_all_fresh(granted, 201);
    check_all_fresh(reversed, 200);
    for (auto const& reply : made) {
        CHECK(reply.status == 201);
        CHECK_FALSE(reply.replayed());
    }
    CHECK(database().integer("select count(*) from farebox.users") == times + 1);
    CHECK(line.hits() > 20);
    CHECK(wallet.balance() == times * 10 + times);
    CHECK(book_violations().empty());
}

TEST_CASE("no answer of the database arrives: outcome unknown, in time, and repeating by key settles it",
          "[fault]")
{
    auto stack = Stack();
    auto const wallet = a_user().holding(1'000'000);
    // By a handler that knows the key: what is lost is the answer to the move, not to the question who calls.
    REQUIRE(spend({.wallet = a_user().holding(1), .amount = 1, .key = a_key()}).status == 200);
    auto line =
        std::optional<Line>(std::in_place, Line::Plan{.fault = Fault::cut_after, .each = 1, .delay = {}});
    stack.terminate_backends();

    auto spents = at_once(clients, clients,
                          [&](int) { return spend({.wallet = wallet, .amount = 1, .key = a_key()}); });
    line.reset();
    for (auto const& spent : spents) {
        CHECK(spent.status == 503);
        CHECK(spent.error == "outcome_unknown");
        CHECK(spent.elapsed_ms() <= 5000);
    }
    CHECK_FALSE(wallet.spends().empty());

    auto const settled = settle(spents);
    for (auto const& spent : settled)
        CHECK(spent.status == 200);
    spents.insert(spents.end(), settled.begin(), settled.end());
    CHECK(wallet.spends().size() == clients);
    CHECK(judge(spents, {wallet}, Losses::some) == std::vector<std::string>{});
    CHECK(book_violations().empty());
}
