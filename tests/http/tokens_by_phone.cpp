// GET /api/user/tokens/{phone}: a chat app's question, in the dialect of its document.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

using namespace support;

namespace {

std::string path(std::string const& phone)
{
    return "/api/user/tokens/" + phone;
}

} // namespace

TEST_CASE("tokens by phone states the balance and whether it is low", "[tokens]")
{
    auto const plenty = a_phone();
    auto const little = a_phone();
    a_user().with_phone(plenty).holding(1000);
    a_user().with_phone(little).holding(999);

    auto const reply = get(path(plenty));

    REQUIRE(reply.status == 200);
    CHECK(reply.json().names() == std::vector<std::string>{"low_balance", "tokens"});
    CHECK(reply["tokens"].integer() == 1000);
    CHECK_FALSE(reply["low_balance"].boolean());
    CHECK(get(path(little))["low_balance"].boolean());
}

TEST_CASE("a phone is compared by its digits", "[tokens]")
{
    auto const phone = a_phone();
    a_user().with_phone(phone).holding(5);

    CHECK(get(path("+" + phone))["tokens"].integer() == 5);
    CHECK(get(path("%2B" + phone))["tokens"].integer() == 5);
    CHECK(get(path(phone.substr(0, 1) + "%20(" + phone.substr(1, 3) + ")%20" + phone.substr(4)))["tokens"]
              .integer() == 5);
}

TEST_CASE("a phone of nobody and a text without digits get the same 404", "[tokens]")
{
    auto const unknown = get(path(a_phone()));

    check_refusal(unknown, 404, "user_not_found");
    CHECK(unknown["error"].text() == unknown["message"].text()); // the dialect prints the sentence
    for (auto const* const phone :
         {"nobody", "+", "%F0%9F%98%80", "12345678901234567890123456789012345678901"}) {
        auto const reply = get(path(phone));
        check_refusal(reply, 404, "user_not_found");
        CHECK(without_request_id(reply) == without_request_id(unknown));
    }
}

TEST_CASE("tokens by phone are not for everyone", "[tokens]")
{
    auto const phone = a_phone();
    a_user().with_phone(phone).holding(5);

    auto const reply = get(path(phone), anonymously());

    check_refusal(reply, 401, "unauthorized");
    CHECK(reply["error"].text() == reply["message"].text());
}
