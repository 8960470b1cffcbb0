#include "shared/accounts/users.hpp"

#include "tests/support/catch.hpp"

namespace {

accounts::NewUser new_user()
{
    return {.caller = db::Caller("api_key", {}), .number = 7, .email = "a@b"};
}

template <class Change>
bool differs(Change change)
{
    auto user = new_user();
    change(user);
    return accounts::fingerprint(user) != accounts::fingerprint(new_user());
}

std::string length(char bytes)
{
    return std::string(3, '\0') + bytes;
}

} // namespace

TEST_CASE("a new user's fingerprint is what the client said, and nothing that we made", "[users]")
{
    CHECK(accounts::fingerprint(new_user()) ==
          base::sha256(length(13) + "create_user/1" + length(1) + "7" + std::string(4, '\xff') + length(3) +
                       "a@b" + length(1) + "0"));
    CHECK(differs([](auto& u) { u.phone = ""; }));
    CHECK(differs([](auto& u) { u.tokens = 1; }));
    CHECK_FALSE(differs([](auto& u) { u.id = u.entry = base::uuid_v7(); }));
    CHECK_FALSE(differs([](auto& u) { u.key = "key"; }));
}

TEST_CASE("a user's id has the slot of the number, and the first entry the slot of the id", "[users]")
{
    CHECK(base::slot_of(accounts::new_user_id(3 * 1024 + 1000)) == 1000);
    auto const user = accounts::NewUser{.caller = db::Caller("api_key", {}), .number = 1023};
    CHECK(base::slot_of(user.id) == 1023);
    CHECK(base::slot_of(user.entry) == 1023);
    auto const dealt = accounts::NewUser{.caller = db::Caller("api_key", {})};
    CHECK(base::slot_of(dealt.entry) == base::slot_of(dealt.id));
}
