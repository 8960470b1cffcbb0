#include "shared/ledger/types.hpp"
#include "tests/support/catch.hpp"

using ledger::parse_user;

TEST_CASE("a user is named by a UUID or by a whole number from 1", "[types]")
{
    CHECK(parse_user("1")->number == 1);
    CHECK(parse_user("9223372036854775807")->number == 9223372036854775807);
    auto const id = parse_user("00112233-4455-6677-8899-AABBCCDDEEFF");
    REQUIRE(id);
    CHECK(id->id == base::parse_uuid("00112233-4455-6677-8899-aabbccddeeff"));
    CHECK_FALSE(id->number);
}

TEST_CASE("anything else names nobody", "[types]")
{
    for (auto const* segment : {"", "0", "-1", "+1", "01", "1.0", "1e3", " 1", "1 ", "9223372036854775808",
                                "abc", "00112233-4455-6677-8899-aabbccddeef", "0x10"})
        CHECK_FALSE(parse_user(segment));
    CHECK_FALSE(parse_user(std::string_view("1\0", 2)));
}
