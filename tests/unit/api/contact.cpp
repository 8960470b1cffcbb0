// Emails and phones of requests: what is taken, in which form, and what is told to be wrong.
#include "shared/api/contact.hpp"

#include "shared/json/value.hpp"
#include "tests/support/catch.hpp"

namespace {

// The names of the members that are at fault.
std::vector<std::string> faults(json::Fields const& fields)
{
    auto names = std::vector<std::string>();
    for (auto const& problem : fields.problems())
        names.push_back(problem.loc.back());
    return names;
}

TEST_CASE("one phone is its digits, however it is written")
{
    CHECK(api::digits_of("+7 (900) 123-45-67") == "79001234567");
    CHECK(api::digits_of("79001234567") == "79001234567");
    CHECK(api::digits_of("none").empty());
}

TEST_CASE("an email is told in lower case")
{
    auto const body = json::parse(R"({"email":"Ann.Example@EXAMPLE.com"})");
    auto fields = json::Fields(body);

    CHECK(api::read_email(fields) == "ann.example@example.com");
    CHECK(faults(fields).empty());
}

TEST_CASE("what has not the form of an email is a fault of that member")
{
    auto const* const email = GENERATE("ab", "a@", "@c", "a@b@c", "a b@c", "a\\u0007b@c");
    auto const body = json::parse(R"({"email":")" + std::string(email) + R"("})");
    auto fields = json::Fields(body);

    api::read_email(fields);

    CHECK(faults(fields) == std::vector<std::string>{"email"});
}

TEST_CASE("an email that must be there and is not is a fault, one that may be missing is none")
{
    auto const body = json::parse("{}");
    auto required = json::Fields(body);
    api::read_email(required);
    CHECK(faults(required) == std::vector<std::string>{"email"});

    auto optional = json::Fields(body);
    CHECK_FALSE(api::read_optional_email(optional));
    CHECK(faults(optional).empty());
}

TEST_CASE("a phone has 5 to 15 digits")
{
    auto const [phone, good] = GENERATE(table<char const*, bool>({{"12345", true},
                                                                  {"+1 (234) 567-89-01-23-45", true},
                                                                  {"1234", false},
                                                                  {"1234567890123456", false},
                                                                  {"nobody", false}}));
    auto const body = json::parse(R"({"phone":")" + std::string(phone) + R"("})");
    auto fields = json::Fields(body);

    auto const digits = api::read_optional_phone(fields);

    CHECK(digits == api::digits_of(phone));
    CHECK(faults(fields).empty() == good);
}

} // namespace
