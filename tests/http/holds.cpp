// POST /api/v1/users/{user_id}/holds and /api/v1/holds/{id}/capture and /release: what they keep, take and
// give back, whom they refuse, and that a hold is settled once.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/database.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/keys.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/wallet.hpp"

#include <set>

using namespace support;

namespace {

std::string a_hold_order(std::int64_t amount, std::int64_t ttl_seconds = 600)
{
    return body({{"amount", amount}, {"ttl_seconds", ttl_seconds}, {"description", "a chat"}});
}

Reply place(Wallet const& wallet, std::int64_t amount, std::int64_t ttl_seconds = 600)
{
    return post(wallet.path("holds"), a_hold_order(amount, ttl_seconds));
}

std::string a_hold(Wallet const& wallet, std::int64_t amount)
{
    return place(wallet, amount)["hold_id"].text();
}

Reply capture(std::string const& hold, std::int64_t amount)
{
    return post("/api/v1/holds/" + hold + "/capture", body({{"amount", amount}}));
}

Reply release(std::string const& hold)
{
    return post("/api/v1/holds/" + hold + "/release", "{}");
}

std::int64_t held(Wallet const& wallet)
{
    return database().integer("select held from farebox.wallets where id = $1", {wallet.id});
}

// The hold's time has come, as if it had been placed a day earlier; nobody has touched the wallet since.
void let_lapse(Wallet const& wallet)
{
    database().rows("update farebox.holds set created_at = created_at - interval '1 day', "
                    "expires_at = expires_at - interval '1 day' where wallet = $1",
                    {wallet.id});
    database().rows("update farebox.wallets set next_event_at = next_event_at - interval '1 day' "
                    "where id = $1",
                    {wallet.id});
}

void check_spent(Reply const& reply, std::int64_t amount, std::int64_t before)
{
    REQUIRE(reply.status == 200);
    CHECK(reply["tokens_spent"].integer() == amount);
    CHECK(reply["balance_before"].integer() == before);
    CHECK(reply["balance_after"].integer() == before - amount);
}

void check_settled(Reply const& reply, std::int64_t captured)
{
    check_refusal(reply, 409, "hold_already_settled");
    CHECK(reply["details"]["captured"].integer() == captured);
}

} // namespace

TEST_CASE("a hold keeps its tokens from everybody and takes none", "[holds]")
{
    auto const wallet = a_user().holding(100);

    auto const reply = place(wallet, 60);

    REQUIRE(reply.status == 201);
    CHECK_FALSE(reply.replayed());
    CHECK(reply.json().names() == std::vector<std::string>{"amount", "available", "captured", "expires_at",
                                                           "hold_id", "state", "success"});
    CHECK(reply["success"].boolean());
    CHECK(reply["amount"].integer() == 60);
    CHECK(reply["available"].integer() == 40);
    CHECK(reply["state"].text() == "open");
    CHECK(reply["captured"].is_null());
    CHECK(database().integer("select round(extract(epoch from $1::timestamptz - created_at) * 1000)::bigint "
                             "from farebox.holds where id = $2",
                             {reply["expires_at"].text(), reply["hold_id"].text()}) == 600'000);
    CHECK(wallet.balance() == 100);
    CHECK(wallet.spends().empty());
    check_refusal(post(wallet.path("spend"), an_order(41)), 409, "insufficient_balance");
    auto const refused = place(wallet, 41);
    check_refusal(refused, 409, "insufficient_balance");
    CHECK(refused["details"]["required"].integer() == 41);
    CHECK(refused["details"]["available"].integer() == 40);
    CHECK(refused["details"]["held"].integer() == 60);
}

TEST_CASE("a capture takes what was used, and the rest is free at once", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = a_hold(wallet, 60);

    auto const reply = capture(hold, 25);

    check_spent(reply, 25, 100);
    CHECK_FALSE(reply.replayed());
    CHECK(reply.json().names() == std::vector<std::string>{"balance_after", "balance_before", "hold_id",
                                                           "success", "tokens_spent", "transaction_id"});
    CHECK(reply["success"].boolean());
    CHECK(reply["hold_id"].text() == hold);
    REQUIRE(wallet.spends().size() == 1);
    CHECK(wallet.spends()[0].id == reply["transaction_id"].text());
    CHECK(wallet.spends()[0].description == "a chat");
    CHECK(held(wallet) == 0);
    CHECK(post(wallet.path("spend"), an_order(75)).status == 200);
}

TEST_CASE("a capture may have a description and metadata of its own", "[holds]")
{
    auto const wallet = a_user().holding(100);

    auto const reply =
        post("/api/v1/holds/" + a_hold(wallet, 60) + "/capture",
             body({{"amount", 5}, {"description", "the answer"}, {"metadata", raw(R"({"n":1})")}}));

    REQUIRE(reply.status == 200);
    CHECK(wallet.spends()[0].description == "the answer");
    CHECK(database().value("select metadata::text from farebox.entries where id = $1",
                           {reply["transaction_id"].text()}) == R"({"n":1})");
}

TEST_CASE("captured twice: the first answer again, but refused with another amount", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = a_hold(wallet, 60);
    auto const first = capture(hold, 25);

    auto const again = capture(hold, 25);

    CHECK(again.status == 200);
    CHECK(again.replayed());
    CHECK(again.body == first.body);
    check_settled(capture(hold, 24), 25);
    check_settled(capture(hold, 26), 25);
    CHECK(wallet.balance() == 75);
    CHECK(wallet.spends().size() == 1);
}

TEST_CASE("a hold that was captured cannot be released, nor the other way about", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const captured = a_hold(wallet, 30);
    auto const released = a_hold(wallet, 30);
    capture(captured, 30);
    release(released);

    check_settled(release(captured), 30);
    check_settled(capture(released, 30), 0);
    CHECK(wallet.balance() == 70);
    CHECK(held(wallet) == 0);
}

TEST_CASE("more than was held is captured only if the rest is free", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = a_hold(wallet, 60);
    auto const other = a_hold(wallet, 30);

    auto const refused = capture(hold, 71);

    check_refusal(refused, 409, "insufficient_balance");
    CHECK(refused["details"]["required"].integer() == 71);
    CHECK(refused["details"]["available"].integer() == 70);
    CHECK(refused["details"]["held"].integer() == 90);
    CHECK(held(wallet) == 90);
    check_spent(capture(hold, 70), 70, 100);
    check_spent(capture(other, 30), 30, 30);
}

TEST_CASE("hold, spend the rest, capture: exact", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = a_hold(wallet, 60);

    CHECK(post(wallet.path("spend"), an_order(40)).status == 200);
    check_spent(capture(hold, 60), 60, 60);
    CHECK(wallet.balance() == 0);
}

TEST_CASE("a release gives all back, once", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = a_hold(wallet, 60);

    auto const reply = post("/api/v1/holds/" + hold + "/release", "");

    REQUIRE(reply.status == 200);
    CHECK(reply.json().names() == std::vector<std::string>{"hold_id", "success", "tokens_released"});
    CHECK(reply["tokens_released"].integer() == 60);
    CHECK_FALSE(reply.replayed());
    CHECK(held(wallet) == 0);
    auto const again = release(hold);
    CHECK(again.replayed());
    CHECK(again.body == reply.body);
    CHECK(wallet.seq() == 1);
}

TEST_CASE("a balance read shows a hold whose time is over as given back", "[holds]")
{
    auto const wallet = a_user().holding(100);
    REQUIRE(place(wallet, 100, 1).status == 201);
    auto const spendable = [&] { return get(wallet.path("balance"))["can_spend"].boolean(); };
    CHECK_FALSE(spendable());

    CHECK(eventually(std::chrono::seconds(5), spendable));
    CHECK(held(wallet) == 0);
    CHECK(wallet.balance() == 100);
}

TEST_CASE("a hold that was to charge has charged its estimate by the next balance read", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = post(wallet.path("holds"), body({{"amount", 60},
                                                       {"ttl_seconds", 600},
                                                       {"description", "a chat"},
                                                       {"on_lapse", "charge"},
                                                       {"lapse_amount", 25}}))["hold_id"]
                          .text();
    let_lapse(wallet);

    CHECK(get(wallet.path("balance"))["token_balance"].integer() == 75);
    CHECK(held(wallet) == 0);
    check_settled(capture(hold, 60), 25);
    check_settled(release(hold), 25);
    auto const again = capture(hold, 25);
    check_spent(again, 25, 100);
    CHECK(again.replayed());
    CHECK(wallet.spends().size() == 1);
}

TEST_CASE("a hold that lapsed and gave its tokens back is captured late, as a spend", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = a_hold(wallet, 60);
    auto const other = a_hold(wallet, 10);
    let_lapse(wallet);
    CHECK(post(wallet.path("spend"), an_order(70)).status == 200);

    auto const refused = capture(hold, 31);
    check_refusal(refused, 409, "insufficient_balance");
    CHECK(refused["details"]["available"].integer() == 30);
    wallet.block();
    check_refusal(capture(hold, 30), 403, "wallet_blocked");
    database().rows("update farebox.wallets set blocked_at = null where id = $1", {wallet.id});
    wallet.subscribe_until("now() - interval '1 second'");
    check_refusal(capture(hold, 30), 403, "subscription_expired");
    wallet.subscribe_until("now() + interval '1 day'");
    check_spent(capture(hold, 30), 30, 30);
    CHECK(capture(hold, 30).replayed());
    auto const late = release(other);
    CHECK(late["tokens_released"].integer() == 10);
    CHECK_FALSE(late.replayed());
    CHECK(wallet.balance() == 0);
}

TEST_CASE("a key places one hold and is refused for another request", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const key = a_key();
    auto const first = post(wallet.path("holds"), a_hold_order(60), as_service() + idempotency_key(key));

    auto const again = post(wallet.path("holds"), a_hold_order(60), as_service() + idempotency_key(key));

    REQUIRE(again.status == 201);
    CHECK(again.replayed());
    CHECK(again["hold_id"].text() == first["hold_id"].text());
    CHECK(again["amount"].integer() == 60);
    CHECK(again["expires_at"].text() == first["expires_at"].text());
    CHECK(again["available"].is_null());
    CHECK(held(wallet) == 60);
    auto const in_body = [&](std::string_view member, Literal const& value) {
        auto members = std::vector<std::pair<std::string, Literal>>{
            {"amount", 60}, {"ttl_seconds", 600}, {"description", "a chat"}};
        auto text = std::string("{\"idempotency_key\":") + Literal(key).text;
        auto replaced = false;
        for (auto const& [name, usual] : members) {
            replaced = replaced || name == member;
            text += ",\"" + name + "\":" + (name == member ? value : usual).text;
        }
        if (!replaced) text += ",\"" + std::string(member) + "\":" + value.text;
        return post(wallet.path("holds"), text + "}");
    };
    CHECK(in_body("amount", 60).replayed());
    check_refusal(in_body("amount", 10), 422, "idempotency_key_reused");
    check_refusal(in_body("ttl_seconds", 601), 422, "idempotency_key_reused");
    check_refusal(in_body("description", "another"), 422, "idempotency_key_reused");
    check_refusal(in_body("metadata", raw("{}")), 422, "idempotency_key_reused");
    CHECK(held(wallet) == 60);
}

TEST_CASE("a hold placed again says what has become of it", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const key = as_service() + idempotency_key(a_key());
    auto const first = post(wallet.path("holds"), a_hold_order(60), key);
    CHECK(post(wallet.path("holds"), a_hold_order(60), key)["state"].text() == "open");
    REQUIRE(capture(first["hold_id"].text(), 25).status == 200);

    auto const again = post(wallet.path("holds"), a_hold_order(60), key);

    CHECK(again.status == 201);
    CHECK(again.replayed());
    CHECK(again.json().names() == first.json().names());
    CHECK(again["hold_id"].text() == first["hold_id"].text());
    CHECK(again["state"].text() == "captured");
    CHECK(again["captured"].integer() == 25);
    CHECK(wallet.balance() == 75);

    auto const other = as_service() + idempotency_key(a_key());
    auto const lapsed = post(wallet.path("holds"), a_hold_order(60), other)["hold_id"].text();
    let_lapse(wallet);
    CHECK(post(wallet.path("holds"), a_hold_order(60), other)["state"].text() == "lapsed");
    CHECK(post(wallet.path("holds"), a_hold_order(60), other)["captured"].is_null());
    REQUIRE(release(lapsed).status == 200);
    CHECK(post(wallet.path("holds"), a_hold_order(60), other)["state"].text() == "released");
    CHECK(post(wallet.path("holds"), a_hold_order(60), other)["captured"].integer() == 0);
}

TEST_CASE("a refused hold leaves its key free", "[holds]")
{
    auto const wallet = a_user().holding(50);
    auto const key = as_service() + idempotency_key(a_key());
    check_refusal(post(wallet.path("holds"), a_hold_order(60), key), 409, "insufficient_balance");
    wallet.top_up(50);

    CHECK(post(wallet.path("holds"), a_hold_order(70), key).status == 201);
}

TEST_CASE("the limits of a hold are inside: 10^9 tokens, a second and a day", "[holds]")
{
    auto const wallet = a_user().holding(1'000'000'000);

    CHECK(place(wallet, 1, 1).status == 201);
    CHECK(place(wallet, 1, 86'400).status == 201);
    CHECK(place(wallet, 999'999'998).status == 201);
    auto const reply = place(wallet, 1'000'000'000);
    check_refusal(reply, 409, "insufficient_balance");
    check_invalid(place(wallet, 1'000'000'001), "invalid_amount", "amount", "body.amount");
    check_invalid(place(wallet, 0), "invalid_amount", "amount", "body.amount");
    check_invalid(place(wallet, 1, 0), "validation_error", "ttl_seconds", "body.ttl_seconds");
    check_invalid(place(wallet, 1, 86'401), "validation_error", "ttl_seconds", "body.ttl_seconds");
}

TEST_CASE("a hold's estimate goes with charge, within what is held", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const lapse = [&](Literal const& on_lapse, Literal const& amount) {
        return post(wallet.path("holds"), body({{"amount", 10},
                                                {"ttl_seconds", 600},
                                                {"description", "x"},
                                                {"on_lapse", on_lapse},
                                                {"lapse_amount", amount}}));
    };

    CHECK(lapse("charge", 10).status == 201);
    CHECK(lapse("release", nullptr).status == 201);
    for (auto const& amount : {Literal(0), Literal(11), Literal(nullptr)})
        check_invalid(lapse("charge", amount), "validation_error", "lapse_amount", "body.lapse_amount");
    check_invalid(lapse("release", 5), "validation_error", "lapse_amount", "body.lapse_amount");
    check_invalid(lapse("keep", nullptr), "validation_error", "on_lapse", "body.on_lapse");
}

TEST_CASE("what these endpoints do not know is refused by name", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = a_hold(wallet, 10);
    auto const path = "/api/v1/holds/" + hold;

    check_invalid(post(wallet.path("holds"), body({{"amount", 1},
                                                   {"ttl_seconds", 1},
                                                   {"description", "x"},
                                                   {"expires_at", "2027-01-01T00:00:00Z"}})),
                  "validation_error", "expires_at", "body.expires_at");
    check_invalid(post(path + "/capture", body({{"amount", 1}, {"idempotency_key", "k"}})),
                  "validation_error", "idempotency_key", "body.idempotency_key");
    check_invalid(post(path + "/release", body({{"tokens", 1}})), "validation_error", "tokens",
                  "body.tokens");
    check_invalid(post(path + "/capture", "{}"), "invalid_amount", "amount", "body.amount");
    check_invalid(post(path + "/capture", body({{"amount", 0}})), "invalid_amount", "amount", "body.amount");
    check_invalid(post(path + "/capture", body({{"amount", -1}})), "invalid_amount", "amount", "body.amount");
    CHECK(held(wallet) == 10);
}

TEST_CASE("a key sent with a capture or a release is held to its form and changes nothing", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = a_hold(wallet, 60);
    auto const path = "/api/v1/holds/" + hold + "/capture";
    auto const keyed = [&](std::string const& key, std::int64_t amount) {
        return post(path, body({{"amount", amount}}), as_service() + idempotency_key(key));
    };
    auto const key = a_key();

    check_invalid(keyed(std::string(256, 'k'), 5), "validation_error", "idempotency_key",
                  "header.idempotency-key");
    check_spent(keyed(key, 5), 5, 100);
    CHECK(keyed(a_key(), 5).replayed());
    check_settled(keyed(key, 6), 5);
}

TEST_CASE("a hold that is none is 404, whatever its id looks like", "[holds]")
{
    auto const unknown = release("01900000-0000-7000-8000-ffffffffffff");
    for (auto const* const id : {"01900000-0000-7000-8000-ffffffffffff", "1", "nonsense", "%27"}) {
        INFO(id);
        for (auto const& reply : {capture(id, 1), release(id)}) {
            check_refusal(reply, 404, "hold_not_found");
            CHECK(without_request_id(reply) == without_request_id(unknown));
        }
    }
    check_refusal(post("/api/v1/users/8999999999999999/holds", a_hold_order(1)), 404, "user_not_found");
    check_refusal(post("/api/v1/users/nobody/holds", a_hold_order(1)), 404, "user_not_found");
}

TEST_CASE("a blocked wallet and an ended subscription hold nothing", "[holds]")
{
    auto const blocked = a_user().holding(100);
    auto const lapsed = a_user().holding(100);
    auto const hold = a_hold(blocked, 10);
    blocked.block();
    lapsed.subscribe_until("now() - interval '1 second'");

    check_refusal(place(blocked, 1), 403, "wallet_blocked");
    check_refusal(place(lapsed, 1), 403, "subscription_expired");
    // What was promised in time is kept, and no more.
    check_refusal(capture(hold, 11), 403, "wallet_blocked");
    check_spent(capture(hold, 10), 10, 100);
}

TEST_CASE("holds are for the scope hold and no other, by POST only", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = a_hold(wallet, 10);
    auto const others = as(an_api_key("read,spend,grant,users").secret);
    auto const only_this = as(an_api_key("hold").secret);
    auto const calls = std::vector<std::pair<std::string, std::string>>{
        {wallet.path("holds"), a_hold_order(1)},
        {"/api/v1/holds/" + hold + "/capture", body({{"amount", 1}})},
        {"/api/v1/holds/" + hold + "/release", "{}"}};
    for (auto const& [path, text] : calls) {
        INFO(path);
        check_refusal(post(path, text, anonymously()), 401, "unauthorized");
        check_refusal(post(path, text, as("wrong")), 401, "unauthorized");
        check_refusal(post(path, text, others), 403, "forbidden");
        auto const got = get(path);
        check_refusal(got, 405, "method_not_allowed");
        CHECK(got.header("allow").find("POST") != std::string::npos);
    }
    CHECK(held(wallet) == 10);
    CHECK(post(calls[0].first, calls[0].second, only_this).status == 201);
    CHECK(post(calls[1].first, calls[1].second, only_this).status == 200);
    CHECK(post("/api/v1/holds/" + a_hold(wallet, 1) + "/release", "{}", only_this).status == 200);
}

TEST_CASE("sixteen clients that capture one hold at once make one entry", "[holds]")
{
    auto const wallet = a_user().holding(100);
    auto const hold = a_hold(wallet, 60);

    auto const replies = at_once(16, 16, [&](int) { return capture(hold, 25); });

    auto first_answers = 0;
    auto bodies = std::set<std::string>();
    for (auto const& reply : replies) {
        CHECK(reply.status == 200);
        first_answers += reply.replayed() ? 0 : 1;
        bodies.insert(reply.body);
    }
    CHECK(first_answers == 1);
    CHECK(bodies.size() == 1);
    CHECK(wallet.spends().size() == 1);
    CHECK(wallet.balance() == 75);
    CHECK(held(wallet) == 0);
}

TEST_CASE("of captures and releases at once, one settles the hold", "[holds]")
{
    auto const wallet = a_user().holding(100);
    for (auto round = 0; round < 5; ++round) {
        auto const hold = a_hold(wallet, 10);

        auto const replies =
            at_once(8, 8, [&](int i) { return i % 2 == 0 ? capture(hold, 1 + i) : release(hold); });

        auto settled = 0;
        auto refused = 0;
        for (auto const& reply : replies) {
            settled += reply.status == 200 && !reply.replayed() ? 1 : 0;
            refused += reply.status == 409 ? 1 : 0;
        }
        CHECK(settled == 1);
        CHECK(refused >= 4);
    }
    CHECK(held(wallet) == 0);
}

TEST_CASE("holds and spends at once never take more than there is", "[holds]")
{
    auto const wallet = a_user().holding(100);

    auto const replies = at_once(16, 40, [&](int i) {
        return i % 2 == 0 ? place(wallet, 7) : post(wallet.path("spend"), an_order(7));
    });

    auto granted = 0;
    for (auto const& reply : replies)
        granted += reply.status == 200 || reply.status == 201 ? 1 : 0;
    CHECK(granted == 14);
    CHECK(wallet.balance() - held(wallet) == 2);
}
