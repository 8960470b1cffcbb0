#include "shared/ledger/user_ref.hpp"

#include "tests/support/catch.hpp"

using ledger::parse_user;

TEST_CASE("a user is named by a UUID or by a whole number from 1", "[user_ref]")
{
    CHECK(parse_user("1")->number == 1);
    CHECK(parse_user("9223372036854775807")->number == 9223372036854775807);
    auto const id = parse_user("00112233-4455-6677-8899-AABBCCDDEEFF");
    REQUIRE(id);
    CHECK(id->id == base::parse_uuid("00112233-4455-6677-8899-aabbccddeeff"));
    CHECK_FALSE(id->number);
}

TEST_CASE("anything else names nobody", "[user_ref]")
{
    for (auto const* segment : {"", "0", "-1", "+1", "01", "1.0", "1e3", " 1", "1 ", "9223372036854775808",
                                "abc", "00112233-4455-6677-8899-aabbccddeef", "0x10"})
        CHECK_FALSE(parse_user(segment));
    CHECK_FALSE(parse_user(std::string_view("1\0", 2)));
}

TEST_CASE("what is made for a wallet carries the wallet's slot, as far as its name tells it", "[user_ref]")
{
    auto const id =
        base::parse_uuid("00112233-4455-6677-8899-aabbccddeeff").value(); // ...0xeeff & 1023 is 767
    CHECK(base::slot_of(id) == 767);
    CHECK(base::slot_of(ledger::new_id({.id = id})) == 767);
    CHECK(base::slot_of(ledger::new_id({.number = 5 * 1024 + 17})) == 17);
    CHECK(base::slot_of(ledger::new_id_beside(id)) == 767);
    CHECK(ledger::new_id({.id = id}) != ledger::new_id({.id = id}));
}
