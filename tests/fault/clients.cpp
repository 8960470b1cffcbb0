// Clients that are slow, leave in the middle, or just sit there: the others must not notice.
#include "tests/support/books.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/load.hpp"
#include "tests/support/raw_connection.hpp"
#include "tests/support/stack.hpp"

#include <algorithm>

using namespace support;
using namespace std::chrono_literals;

namespace {

constexpr int others_ms_max = 1000; // generous: it is a few milliseconds on an idle machine

void check_served(Load& load, std::vector<Wallet> const& wallets)
{
    auto const spents = load.stop();
    CHECK(std::all_of(spents.begin(), spents.end(), [](Spent const& spent) { return spent.through(); }));
    CHECK(percentile_ms(spents, 0.99) <= others_ms_max);
    CHECK(judge(spents, wallets, Losses::none) == std::vector<std::string>{});
    CHECK(book_violations().empty());
}

} // namespace

TEST_CASE("clients that send a byte a second are served in the end, and the others at once", "[fault]")
{
    auto const stack = Stack();
    auto const slow = a_user().holding(1000);
    auto const wallets = std::vector{a_user().holding(1'000'000)};
    auto load = Load(wallets, 8);
    auto const request = an_order();
    auto const held_back = std::size_t{5};

    auto connections = std::vector<RawConnection>(150);
    for (auto& connection : connections) {
        REQUIRE(connection.write(raw_post_head(slow.path("spend"), request.size()) +
                                 request.substr(0, request.size() - held_back)));
    }
    for (auto i = request.size() - held_back; i < request.size(); ++i) {
        CHECK(load.serves(50, 5s));
        std::this_thread::sleep_for(1s); // the slowness itself
        for (auto& connection : connections)
            REQUIRE(connection.write(request.substr(i, 1)));
    }

    auto served = 0;
    for (auto& connection : connections)
        served += raw_status(connection.response()) == 200 ? 1 : 0;
    CHECK(served == 150);
    CHECK(slow.balance() == 850);
    check_served(load, wallets);
}

TEST_CASE("clients gone in mid-body spend nothing and hold up nobody", "[fault]")
{
    auto const stack = Stack();
    auto const gone = a_user().holding(1000);
    auto const wallets = std::vector{a_user().holding(1'000'000)};
    auto load = Load(wallets, 8);
    auto const request = an_order();
    auto const processes = [] { return handler_processes("spend"); };
    REQUIRE(load.serves(50, 10s));
    auto const before = processes();

    for (auto i = 0; i < 300; ++i) {
        auto connection = RawConnection();
        auto const sent = static_cast<std::size_t>(i) % request.size();
        CHECK(connection.write(raw_post_head(gone.path("spend"), request.size()) + request.substr(0, sent)));
        connection.close(i % 2 == 0);
    }

    CHECK(load.serves(200, 10s));
    CHECK(gone.spends().empty());
    CHECK(processes() == before);
    check_served(load, wallets);
}

TEST_CASE("a client gone before its answer repeats by its key and has spent once", "[fault]")
{
    auto const stack = Stack();
    auto const wallet = a_user().holding(1000);
    auto keys = std::vector<std::string>();
    for (auto i = 0; i < 100; ++i) {
        auto const request =
            body({{"amount", 1}, {"description", "x"}, {"idempotency_key", keys.emplace_back(a_key())}});
        auto connection = RawConnection();
        CHECK(connection.write(raw_post_head(wallet.path("spend"), request.size()) + request));
        connection.close(true);
    }
    for (auto const& key : keys) {
        auto const reply =
            post(wallet.path("spend"), body({{"amount", 1}, {"description", "x"}, {"idempotency_key", key}}));
        CHECK(reply.status == 200);
    }
    CHECK(wallet.spends().size() == 100);
    CHECK(wallet.balance() == 900);
    CHECK(book_violations().empty());
}

TEST_CASE("200 idle connections, and 200 that never finish a head, disturb nobody", "[fault]")
{
    auto const stack = Stack();
    auto const wallets = std::vector{a_user().holding(1'000'000)};
    auto load = Load(wallets, 8);

    auto const idle = std::vector<RawConnection>(200);
    auto half = std::vector<RawConnection>(200);
    for (auto& connection : half)
        REQUIRE(connection.write("POST /api/v1/users/1/spend HTTP/1.1\r\nHost: f"));
    // Kept alive after a good request, then silent.
    auto kept = std::vector<RawConnection>(100);
    auto const order = an_order();
    for (auto& connection : kept) {
        REQUIRE(connection.write(raw_post_head(wallets[0].path("grants"), order.size()) + order));
        CHECK(raw_status(connection.response()) == 201);
    }

    CHECK(load.serves(500, 10s));
    check_served(load, wallets);
}
