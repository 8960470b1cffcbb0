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

// What a reader makes of one member: its value and whether it was taken.
struct Taken {
    std::optional<std::string> value;
    bool good;
};

Taken taken(std::optional<std::string> (*read)(json::Fields&), std::string const& name,
            std::string const& text)
{
    auto const body = json::parse("{\"" + name + "\":\"" + text + "\"}");
    auto fields = json::Fields(body);
    auto value = read(fields);
    auto const problems = faults(fields);
    if (!problems.empty()) CHECK(problems == std::vector<std::string>{name});
    return {.value = std::move(value), .good = problems.empty()};
}

TEST_CASE("an email is told in lower case")
{
    for (auto* const read : {api::read_new_email, api::read_known_email}) {
        auto const email = taken(read, "email", "Ann.Example@EXAMPLE.com");
        CHECK(email.good);
        CHECK(email.value == "ann.example@example.com");
    }
}

TEST_CASE("an account is made with an address that a mail server takes")
{
    auto const* const email =
        GENERATE("a@b.c", "ann.b+tag@sub.example.co", "o'neil_1=2@example.com", "a@example.com.",
                 "ann@xn--bcher-kva.example", "\u7528\u6237@\u4f8b\u3048.jp", "1@2.x3");
    CHECK(taken(api::read_new_email, "email", email).good);
}

TEST_CASE("what no mail server would take makes no account")
{
    auto const email =
        GENERATE(as<std::string>(), "ab", "a@", "@c.d", "a@b@c.d", "a b@c.d", "a\\u0007b@c.d", "a@b",
                 "a..b@c.d", ".a@c.d", "a.@c.d", "a@c..d", "a@.c.d", "a@c.d..", "a@c", "a@c.",
                 "a(comment)@c.d", "a@(comment)c.d", "\\\"a b\\\"@c.d", "a,b@c.d", "a;b@c.d", "a@c_d.e",
                 "a@-c.d", "a@c-.d", "a@[192.0.2.1]", "a@192.0.2.1", "a\\u200bb@c.d", "a@c\\u00ad.d",
                 "\\ufeffa@c.d", "a\\u00a0b@c.d", "a@c.d\\u2800", "a\\ud834\\udd73b@c.d", "a\\u202eb@c.d",
                 std::string(65, 'a') + "@c.d", "a@" + std::string(64, 'c') + ".d");
    CHECK_FALSE(taken(api::read_new_email, "email", email).good);
}

TEST_CASE("who is looked for may have an address that would make no account today, if it has the form of one")
{
    CHECK(taken(api::read_known_email, "email", "a@b").value == "a@b");
    CHECK(taken(api::read_known_email, "email", "a..b@c").good);
    auto const* const email = GENERATE("ab", "a@", "@c", "a@b@c", "a b@c", "a\\u0007b@c");
    CHECK_FALSE(taken(api::read_known_email, "email", email).good);
}

TEST_CASE("an address that is not there, null or empty is absent")
{
    auto const* const text = GENERATE("{}", R"({"email":null,"phone":null})", R"({"email":"","phone":""})");
    auto const body = json::parse(text);
    auto fields = json::Fields(body);

    CHECK_FALSE(api::read_new_email(fields));
    CHECK_FALSE(api::read_known_email(fields));
    CHECK_FALSE(api::read_new_phone(fields));
    CHECK_FALSE(api::read_known_phone(fields));
    CHECK(faults(fields).empty());
}

TEST_CASE("an account is made with a phone's whole number, written in one of the usual ways")
{
    auto const [phone, good] = GENERATE(table<char const*, bool>({
        {"79001234567", true},
        {"+7 (900) 123-45-67", true},
        {"+44 20 7946 0000", true},
        {"+1.415.555.2671", true},
        {"+39 (06) 1234567", true},
        {"1234567", true},
        {"123456789012345", true},
        {"123456", false},
        {"1234567890123456", false},
        {"+44 (0)20 7946 0000", false},
        {"+44 ( 0 ) 20 7946 0000", false},
        {"0044 20 7946 0000", false},
        {"+0044 20 7946 0000", false},
        {"020 7946 0000", false},
        {"(020) 7946 0000", false},
        {"+44 20 7946 0000 ext. 12", false},
        {"+44 20 7946 0000 x12", false},
        {"+44 20 7946 0000;ext=12", false},
        {"tel:+442079460000", false},
        {"++442079460000", false},
        {"+44+2079460000", false},
        {"44 20/7946 0000", false},
        {"+44\u00a020\u00a079460000", false},
        {"\uff11\uff12\uff13\uff14\uff15\uff16\uff17", false},
        {"+442079460000 ", false},
        {"nobody", false},
        {"+", false},
    }));
    INFO(phone);
    auto const read = taken(api::read_new_phone, "phone", phone);
    CHECK(read.good == good);
    if (good) CHECK(read.value == api::digits_of(phone));
}

TEST_CASE("a phone that is looked for is 5 to 15 digits, whatever stands between")
{
    auto const [phone, good] = GENERATE(table<char const*, bool>({{"12345", true},
                                                                  {"+44 (0)20 7946 0000", true},
                                                                  {"+1 (234) 567-89-01-23-45", true},
                                                                  {"1234", false},
                                                                  {"1234567890123456", false},
                                                                  {"nobody", false}}));
    auto const read = taken(api::read_known_phone, "phone", phone);
    CHECK(read.value == api::digits_of(phone));
    CHECK(read.good == good);
}

} // namespace
