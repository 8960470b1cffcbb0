// GET /api/v1/users/{user_id}/entries: a wallet's journal, newest first, a page at a time.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

#include <regex>

using namespace support;

namespace {

Reply spend(Wallet const& wallet, std::int64_t amount)
{
    return post(wallet.path("spend"), body({{"amount", amount}, {"description", "a spend"}}));
}

} // namespace

TEST_CASE("entries tell the story of a wallet, newest first", "[entries]")
{
    auto const wallet = a_user().holding(100);
    auto const spent =
        post(wallet.path("spend"), body({{"amount", 30},
                                         {"description", "a \"render\" of caf\u00e9s \U0001F600"},
                                         {"idempotency_key", "order 7"},
                                         {"metadata", raw(R"({"z": 1.50, "a": [null, "\u00e9"]})")}}));
    auto const id = spent["transaction_id"].text();
    auto const reversal = post("/api/v1/entries/" + id + "/reverse", body({{"amount", 10}}));

    auto const reply = get(wallet.path("entries"));

    REQUIRE(reply.status == 200);
    CHECK(reply.json().names() == std::vector<std::string>{"entries", "next_before"});
    CHECK(reply["next_before"].is_null());
    auto const entries = reply["entries"];
    REQUIRE(entries.size() == 3);
    CHECK(entries[1].names() == std::vector<std::string>{"amount", "balance_after", "created_at",
                                                         "description", "id", "idempotency_key", "kind",
                                                         "metadata", "reverses", "seq"});
    CHECK(entries[0]["id"].text() == reversal["transaction_id"].text());
    CHECK(entries[0]["amount"].integer() == 10);
    CHECK(entries[0]["reverses"].text() == id);
    CHECK(entries[0]["balance_after"].integer() == 80);
    CHECK(entries[1]["id"].text() == id);
    CHECK(entries[1]["kind"].text() == "spend");
    CHECK(entries[1]["amount"].integer() == -30);
    CHECK(entries[1]["seq"].integer() == 2);
    CHECK(entries[1]["balance_after"].integer() == 70);
    CHECK(entries[1]["description"].text() == "a \"render\" of caf\u00e9s \U0001F600");
    CHECK(entries[1]["idempotency_key"].text() == "order 7");
    CHECK(entries[1]["metadata"]["z"].str() == "1.50");
    CHECK(entries[1]["metadata"]["a"][1].text() == "\u00e9");
    CHECK(entries[1]["reverses"].is_null());
    CHECK(std::regex_match(entries[1]["created_at"].text(),
                           std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)")));
    CHECK(entries[2]["kind"].text() == "grant");
    CHECK(entries[2]["amount"].integer() == 100);
    CHECK(entries[2]["seq"].integer() == 1);
    CHECK(entries[2]["metadata"].is_null());
}

TEST_CASE("entries come in pages that neither repeat nor skip", "[entries]")
{
    auto const wallet = a_user().holding(100);
    for (auto i = 0; i < 6; ++i)
        REQUIRE(spend(wallet, 1).status == 200);

    auto seen = std::vector<std::int64_t>();
    auto query = std::string("?limit=3");
    for (auto page = 0; page < 3; ++page) {
        auto const reply = get(wallet.path("entries") + query);
        for (std::size_t i = 0; i < reply["entries"].size(); ++i) {
            seen.push_back(reply["entries"][i]["seq"].integer());
        }
        if (page == 0) REQUIRE(spend(wallet, 1).status == 200); // what is new does not shift the pages
        if (reply["next_before"].is_null()) break;
        query = "?limit=3&before=" + std::to_string(reply["next_before"].integer());
    }
    CHECK(seen == std::vector<std::int64_t>{7, 6, 5, 4, 3, 2, 1});
}

TEST_CASE("a page is 50 entries unless asked for 1 to 200", "[entries]")
{
    auto const wallet = a_user().holding(300);
    auto items = std::vector<std::string>();
    for (auto i = 0; i < 250; ++i) {
        items.push_back(body({{"user_id", wallet.number}, {"amount", 1}, {"description", "x"}}));
    }
    REQUIRE(post("/api/v1/spend/batch", body({{"items", list(items)}})).status == 200);

    CHECK(get(wallet.path("entries"))["entries"].size() == 50);
    CHECK(get(wallet.path("entries?limit=1"))["entries"].size() == 1);
    CHECK(get(wallet.path("entries?limit=200"))["entries"].size() == 200);
    CHECK(get(wallet.path("entries?limit=200&before=52"))["entries"].size() == 51);
    CHECK(get(wallet.path("entries?limit=200&before=1"))["entries"].size() == 0);
}

TEST_CASE("a wallet without a story has no entries", "[entries]")
{
    auto const reply = get(a_user().holding(0).path("entries"));

    CHECK(reply.status == 200);
    CHECK(reply["entries"].size() == 0);
    CHECK(reply["next_before"].is_null());
}

TEST_CASE("a page's limits are checked and named", "[entries]")
{
    auto const wallet = a_user().holding(1);
    for (auto const* const bad : {"0", "201", "-1", "1.5", "x", "", "99999999999999999999"}) {
        INFO("limit=" << bad);
        check_invalid(get(wallet.path("entries?limit=") + bad), "validation_error", "limit", "query.limit");
    }
    for (auto const* const bad : {"0x10", "-1", "x", "1%00", "99999999999999999999"}) {
        INFO("before=" << bad);
        check_invalid(get(wallet.path("entries?before=") + bad), "validation_error", "before",
                      "query.before");
    }
}

TEST_CASE("entries are not for everyone, and nobody has none", "[entries]")
{
    check_refusal(get(a_user().holding(1).path("entries"), anonymously()), 401, "unauthorized");
    check_refusal(get("/api/v1/users/8999999999999999/entries"), 404, "user_not_found");
    check_refusal(get("/api/v1/users/nonsense/entries"), 404, "user_not_found");
}
