// What registering, logging in and the profile share: what is read of a request, and what is shown of an account.
#include "shared/api/accounts.hpp"

#include "shared/json/value.hpp"
#include "tests/support/catch.hpp"

namespace {

http::Response nothing(service::Call const&)
{
    return {.status = 204, .headers = {}, .body = {}};
}

TEST_CASE("the row of an endpoint that lets people in, or makes accounts, has its time and its rate")
{
    auto const row = service::post("/a", service::Dialect::chat, service::Access::anyone(), nothing);
    auto const login = api::login(row);
    auto const registration = api::registration(row);

    CHECK(login.timeout_ms == api::account_timeout_ms);
    CHECK(login.rate == service::Rate::logins);
    CHECK(registration.timeout_ms == api::account_timeout_ms);
    CHECK(registration.rate == service::Rate::registrations);
    CHECK(registration.pattern == "/a");
}

TEST_CASE("a phone takes the place of the email")
{
    auto const* const text = GENERATE(R"({"phone":"+1 234 567","password":"p"})",
                                      R"({"phone":"+1 234 567","email":"","password":"p"})");
    for (auto* const read : {api::read_login, api::read_registration}) {
        auto const body = json::parse(text);
        auto fields = json::Fields(body);

        auto const login = read(fields, 72);

        CHECK(login.phone == "1234567");
        CHECK_FALSE(login.email);
        CHECK(fields.problems().empty());
    }
}

TEST_CASE("an account is of an email or of a phone: with both or neither the member is named")
{
    auto const [text, member] = GENERATE(table<char const*, char const*>(
        {{R"({"email":"a@b.c","phone":"+1 234 567","password":"p"})", "phone"},
         {R"({"email":"","phone":"","password":"p"})", "email"},
         {R"({"password":"p"})", "email"},
         {R"({"email":5,"password":"p"})", "email"}}));
    for (auto* const read : {api::read_login, api::read_registration}) {
        auto const body = json::parse(text);
        auto fields = json::Fields(body);

        read(fields, 72);

        REQUIRE(fields.problems().size() == 1);
        CHECK(fields.problems().front().loc.back() == member);
    }
}

TEST_CASE("who registers must be reachable, who logs in must only be there")
{
    auto const* const text =
        GENERATE(R"({"email":"a@b","password":"p"})", R"({"phone":"+44 (0)20 7946 0000","password":"p"})");
    auto const body = json::parse(text);
    auto fields = json::Fields(body);

    api::read_login(fields, 72);
    CHECK(fields.problems().empty());
    api::read_registration(fields, 72);
    CHECK(fields.problems().size() == 1);
}

TEST_CASE("an answer waits for the next full step, and not beyond the deadline")
{
    using std::chrono::milliseconds;
    auto const waited = [](milliseconds taken, milliseconds budget) {
        auto const now = std::chrono::steady_clock::now();
        api::wait_for_step(now - taken, milliseconds(60), now + budget);
        return std::chrono::steady_clock::now() - (now - taken);
    };
    CHECK(waited(milliseconds(1), milliseconds(500)) >= milliseconds(60));
    CHECK(waited(milliseconds(59), milliseconds(500)) >= milliseconds(60));
    CHECK(waited(milliseconds(61), milliseconds(500)) >= milliseconds(120));
    CHECK(waited(milliseconds(1), milliseconds(0)) < milliseconds(60));
}

TEST_CASE("a password is measured in bytes, and may have as many as are told")
{
    auto const faults = [](std::size_t most) {
        auto const body = json::parse(R"({"email":"a@b","password":"\u00e9\u00e9"})");
        auto fields = json::Fields(body);
        api::read_login(fields, most);
        return fields.problems().size();
    };
    CHECK(faults(4) == 0);
    CHECK(faults(3) == 1);
}

TEST_CASE("blanks around a display name are not of it, and a blank one is none")
{
    auto const [given, read] = GENERATE(table<char const*, char const*>(
        {{R"({"display_name":"  Ann B \t"})", "Ann B"}, {R"({"display_name":"   "})", ""}, {"{}", ""}}));
    auto const body = json::parse(given);
    auto fields = json::Fields(body);

    CHECK(api::read_display_name(fields) == read);
    CHECK(fields.problems().empty());
}

TEST_CASE("nobody is asked where no project is configured")
{
    CHECK_THROWS_AS(api::supabase_auth(config::Config()), base::Failure);
}

TEST_CASE("the conversation app API's user has a text for what is not known")
{
    auto account = accounts::Account();
    account.number = 7;
    account.provider = "local";
    auto body = json::Writer();
    body.begin();
    api::write_forge_user(body, account);
    auto const shown = json::parse(body.end().str());

    auto const& user = *shown.find("user");
    CHECK(user.find("id")->text == "7");
    CHECK(user.find("email")->text.empty());
    CHECK(user.find("display_name")->text.empty());
    CHECK(user.find("provider")->text == "local");
}

} // namespace
