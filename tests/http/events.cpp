// More has fallen due on a wallet than a call has time for: every endpoint that deals with the wallet catches up with it and
// answers as ever. What is done, and in which steps, is in tests/sql/events.sql.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/database.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

using namespace support;

namespace {

constexpr auto lapsed = 1200;

// A wallet with 1,000 tokens beside those of 1,200 holds that have lapsed.
Wallet behind()
{
    auto const wallet = a_user().holding(1000 + lapsed);
    database().rows("insert into farebox.holds (id, wallet, amount, created_at, expires_at) "
                    "select gen_random_uuid(), $1, 1, now() - interval '1 hour', now() - n * interval '1 ms' "
                    "from generate_series(1, $2::int) n",
                    {wallet.id, std::to_string(lapsed)});
    database().rows("update farebox.wallets set held = held + $2::int, open_holds = open_holds + $2::int, "
                    "next_event_at = now() - interval '1 hour' where id = $1",
                    {wallet.id, std::to_string(lapsed)});
    return wallet;
}

std::int64_t open_holds(Wallet const& wallet)
{
    return database().integer("select open_holds from farebox.wallets where id = $1", {wallet.id});
}

void check_served(Reply const& reply, int status, Wallet const& wallet)
{
    INFO(reply.body);
    CHECK(reply.status == status);
    CHECK_FALSE(reply.replayed());
    CHECK(open_holds(wallet) == 0);
}

} // namespace

TEST_CASE("a wallet that is behind is caught up with by whatever asks for it", "[events]")
{
    auto const read = behind();
    auto const balance = get(read.path("balance"));
    check_served(balance, 200, read);
    CHECK(balance["token_balance"].integer() == 1000 + lapsed);

    auto const listed = behind();
    check_served(get(listed.path("entries")), 200, listed);

    auto const granted = behind();
    check_served(post(granted.path("grants"), body({{"amount", 5}, {"description", "a gift"}})), 201,
                 granted);

    auto const spent = behind();
    auto const spend = post(spent.path("spend"), an_order(1000 + lapsed));
    check_served(spend, 200, spent);
    CHECK(spend["balance_after"].integer() == 0);

    auto const placed = behind();
    auto const order = body({{"amount", 1000 + lapsed}, {"ttl_seconds", 60}, {"description", "a chat"}});
    auto const hold = post(placed.path("holds"), order);
    INFO(hold.body);
    CHECK(hold.status == 201);
    CHECK(open_holds(placed) == 1);
}

TEST_CASE("what names a hold or an entry of a wallet that is behind is served as well", "[events]")
{
    auto const wallet = behind();
    auto const hold =
        database()
            .value("select id from farebox.holds where wallet = $1 order by id limit 1", {wallet.id})
            .value();
    check_served(post("/api/v1/holds/" + hold + "/capture", body({{"amount", 1}})), 200, wallet);

    auto const other = behind();
    auto const entry = other.entries().front().id;
    check_served(post("/api/v1/entries/" + entry + "/reverse", body({{"amount", 1}})), 200, other);
}

TEST_CASE("in a batch a wallet that is behind is served with the others", "[events]")
{
    auto const late = behind();
    auto const other = a_user().holding(10);
    auto const item = [](Wallet const& wallet) {
        return body({{"user_id", wallet.number}, {"amount", 1}, {"description", "an item"}});
    };

    auto const reply =
        post("/api/v1/spend/batch", body({{"items", list({item(late), item(other), item(late)})}}));

    REQUIRE(reply.status == 200);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(reply["results"][i]["success"].boolean());
    CHECK(late.balance() == 1000 + lapsed - 2);
    CHECK(open_holds(late) == 0);
}

TEST_CASE("a wallet has at most 10,000 open holds", "[events]")
{
    auto const wallet = a_user().holding(100);
    database().rows("update farebox.wallets set open_holds = 10000 where id = $1", {wallet.id});
    auto const order = body({{"amount", 1}, {"ttl_seconds", 60}, {"description", "a chat"}});

    check_refusal(post(wallet.path("holds"), order), 409, "too_many_holds");

    database().rows("update farebox.wallets set open_holds = 0 where id = $1", {wallet.id});
    CHECK(post(wallet.path("holds"), order).status == 201);
}
