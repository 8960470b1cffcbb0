// POST /api/v1/users: an operator's own users, by the operator's own numbers.
#include "tests/support/accounts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/database.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/wallet.hpp"

#include <regex>

using namespace support;

namespace {

Reply create(std::string const& request, Headers const& headers = as_service())
{
    return post("/api/v1/users", request, headers);
}

std::int64_t users_with_phone(std::string const& phone)
{
    return database().integer("select count(*) from farebox.users where phone = $1", {phone});
}

} // namespace

TEST_CASE("a user is created with number, phone, email and first tokens", "[users]")
{
    auto const number = a_number();
    auto const phone = a_phone();

    auto const reply = create(body({{"user_id", number},
                                    {"phone", "+" + phone},
                                    {"email", "Ann." + a_key() + "@Example.Test"},
                                    {"tokens", 50}}));

    REQUIRE(reply.status == 201);
    CHECK(reply.json().names() ==
          std::vector<std::string>{"created_at", "email", "id", "phone", "token_balance", "user_id"});
    CHECK(reply["user_id"].integer() == number);
    CHECK(reply["phone"].text() == phone);
    CHECK(reply["email"].text().starts_with("ann.key-"));
    CHECK(reply["email"].text().ends_with("@example.test"));
    CHECK(reply["token_balance"].integer() == 50);
    CHECK(
        std::regex_match(reply["id"].text(),
                         std::regex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")));
    CHECK(std::regex_match(reply["created_at"].text(),
                           std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)")));
    auto const wallet = Wallet{.id = reply["id"].text(), .number = number};
    CHECK(wallet.balance() == 50);
    REQUIRE(wallet.entries().size() == 1);
    CHECK(wallet.entries()[0].amount == 50);
}

TEST_CASE("everything about a user is optional: the service gives the number", "[users]")
{
    auto const first = create("");
    auto const second = create("{}");

    REQUIRE(first.status == 201);
    CHECK(first["phone"].is_null());
    CHECK(first["email"].is_null());
    CHECK(first["token_balance"].integer() == 0);
    CHECK(second["user_id"].integer() > 0);
    CHECK(first["user_id"].integer() != second["user_id"].integer());
    CHECK(Wallet{.id = first["id"].text(), .number = 0}.seq() == 0);
}

TEST_CASE("a number, phone or email that is taken is refused", "[users]")
{
    auto const phone = a_phone();
    auto const email = an_email();
    auto const taken = a_user().with_phone(phone).with_email(email).holding(0);
    auto upper = email;
    for (auto& letter : upper)
        letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));

    check_refusal(create(body({{"user_id", taken.number}})), 409, "user_exists");
    check_refusal(create(body({{"phone", "+" + phone}})), 409, "user_exists");
    check_refusal(create(body({{"email", upper}})), 409, "user_exists");
    CHECK(users_with_phone(phone) == 1);
}

TEST_CASE("a user created under a key is created once", "[users]")
{
    auto const request = body({{"user_id", a_number()}, {"tokens", 50}, {"idempotency_key", a_key()}});

    auto const first = create(request);
    auto const again = create(request);

    CHECK(first.status == 201);
    CHECK_FALSE(first.replayed());
    CHECK(again.status == 201);
    CHECK(again.replayed());
    CHECK(again.body == first.body);
    CHECK(Wallet{.id = first["id"].text(), .number = 0}.balance() == 50);
}

TEST_CASE("a user's key used for another user is refused", "[users]")
{
    auto const key = as_service() + idempotency_key(a_key());

    CHECK(create(body({{"tokens", 5}}), key).status == 201);
    check_refusal(create(body({{"tokens", 6}}), key), 422, "idempotency_key_reused");
}

TEST_CASE("what is wrong with a new user is named, and nothing is created", "[users]")
{
    auto const phone = a_phone();
    auto const refused = [&](std::string_view member, Literal const& value, std::string const& error) {
        INFO(member << ": " << value.text);
        auto const with_phone =
            member == "phone" ? body({{member, value}}) : body({{"phone", phone}, {member, value}});
        check_invalid(create(with_phone), error, member, "body." + std::string(member));
    };
    refused("user_id", 0, "validation_error");
    refused("user_id", -1, "validation_error");
    refused("user_id", 9'007'199'254'740'992, "validation_error");
    refused("user_id", "7", "validation_error");
    refused("phone", "1234", "validation_error");
    refused("phone", "1234567890123456", "validation_error");
    refused("phone", "no digits", "validation_error");
    refused("phone", 79991234567, "validation_error");
    refused("email", "nobody", "validation_error");
    refused("email", "a@", "validation_error");
    refused("email", "a@b@c.test", "validation_error");
    refused("email", "a@test", "validation_error");
    refused("email", "a..b@c.test", "validation_error");
    refused("phone", "+44 (0)20 7946 0000", "validation_error");
    refused("phone", "0044 20 7946 0000", "validation_error");
    refused("email", std::string(250, 'a') + "@b.test", "validation_error");
    refused("tokens", -1, "validation_error");
    refused("tokens", 1'000'000'000'001, "validation_error");
    refused("tokens", raw("1.5"), "validation_error");
    refused("name", "Ann", "validation_error");
    CHECK(users_with_phone(phone) == 0);
}

TEST_CASE("users are not created by everyone", "[users]")
{
    check_refusal(create("{}", anonymously()), 401, "unauthorized");
}
