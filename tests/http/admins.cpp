// Operators among the users: what they may do with wallets that are not theirs, and for how long.
#include "tests/support/accounts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/database.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

using namespace support;

TEST_CASE("an admin reads every wallet and spends from it", "[admins]")
{
    auto const admin = an_admin();
    auto const phone = a_phone();
    auto const wallet = a_user().with_phone(phone).holding(100);

    CHECK(get(wallet.path("balance"), admin.headers())["token_balance"].integer() == 100);
    CHECK(get("/api/v1/users/" + wallet.id + "/balance", admin.headers())["token_balance"].integer() == 100);
    CHECK(get(wallet.path("entries"), admin.headers())["entries"].size() == 1);
    CHECK(get("/api/user/tokens/" + phone, admin.headers())["tokens"].integer() == 100);
    CHECK(post(wallet.path("spend"), an_order(30), admin.headers()).status == 200);
    CHECK(wallet.balance() == 70);
    check_refusal(get("/api/v1/users/nonsense/balance", admin.headers()), 404, "user_not_found");
}

TEST_CASE("an admin does nothing that only services may", "[admins]")
{
    auto const admin = an_admin();
    auto const wallet = a_user().holding(100);

    check_refusal(post(wallet.path("grants"), an_order(1), admin.headers()), 403, "forbidden");
    check_refusal(post(wallet.path("holds"), an_order(1), admin.headers()), 403, "forbidden");
    check_refusal(post("/api/v1/users", "{}", admin.headers()), 403, "forbidden");
    CHECK(wallet.balance() == 100);
}

TEST_CASE("who is an admin no longer is one no longer with the next request", "[admins]")
{
    auto const admin = an_admin();
    auto const wallet = a_user().holding(100);
    REQUIRE(post(wallet.path("spend"), an_order(1), admin.headers()).status == 200);

    database().rows("select farebox.remove_admin($1)", {admin.id});

    check_refusal(get(wallet.path("balance"), admin.headers()), 404, "user_not_found");
    check_refusal(get(wallet.path("entries"), admin.headers()), 404, "user_not_found");
    check_refusal(post(wallet.path("spend"), an_order(1), admin.headers()), 403, "forbidden");
    CHECK(wallet.balance() == 99);
}

TEST_CASE("an admin who has logged out moves nothing, though the token has not expired", "[admins]")
{
    auto const admin = an_admin();
    auto const wallet = a_user().holding(100);

    REQUIRE(post("/api/auth/logout", "{}", admin.headers()).status == 200);

    check_refusal(post(wallet.path("spend"), an_order(1), admin.headers()), 401, "unauthorized");
    check_refusal(get(wallet.path("balance"), admin.headers()), 401, "unauthorized");
    CHECK(wallet.balance() == 100);
}
