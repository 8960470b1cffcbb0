// The login handler between the two that it speaks with: a web server in front of it, over FastCGI, and Supabase Auth
// behind it. No database answers here: one that lets nobody in needs none.
#include "shared/json/value.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/directory.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_supabase.hpp"
#include "tests/support/fastcgi_peer.hpp"
#include "tests/support/handler.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"

namespace {

namespace fastcgi = support::fastcgi;

std::map<std::string, std::string> environment_with(std::string const& supabase_url)
{
    auto environment = support::handler_environment();
    environment["SUPABASE_URL"] = supabase_url;
    environment["SUPABASE_PUBLISHABLE_KEY"] = "sb_publishable_for_the_tests";
    environment["SUPABASE_SECRET_KEY"] = "sb_secret_for_the_tests";
    return environment;
}

std::string login_request(std::string const& password)
{
    auto const body = R"({"email":"ann@example.com","password":")" + password + R"("})";
    return fastcgi::request(fastcgi::post("/api/v1/auth/login"), body);
}

TEST_CASE("a password goes from the web server to Supabase Auth, and its refusal comes back in our words")
{
    auto const supabase = support::FakeHttp([](support::Asked const& asked) {
        auto const is_known = asked.body.find("right") != std::string::npos;
        auto const* const code = is_known ? "email_not_confirmed" : "invalid_credentials";
        return support::http_answer(400, support::supabase::refusal(code));
    });
    auto const directory = support::Directory();
    auto const listener = support::listen_at(directory / "s");
    auto const process = support::Process({.program = support::program("login"),
                                           .environment = environment_with(supabase.url()),
                                           .in = listener.number()});

    auto const wrong = fastcgi::ask(directory / "s", login_request("wrong"));
    auto const unconfirmed = fastcgi::ask(directory / "s", login_request("right"));

    CHECK(wrong.ended);
    CHECK(wrong.status() == 401);
    CHECK(json::parse(wrong.body()).find("error")->text == "invalid_credentials");
    CHECK(wrong.text.find("ann@example.com") == std::string::npos); // Supabase's own sentence stays here
    CHECK(unconfirmed.status() == 403);
    CHECK(json::parse(unconfirmed.body()).find("error")->text == "not_confirmed");
    auto const asked = supabase.asked();
    REQUIRE(asked.size() == 2);
    CHECK(asked[0].target == "/auth/v1/token?grant_type=password");
    CHECK(json::parse(asked[0].body).find("email")->text == "ann@example.com");
    CHECK(json::parse(asked[0].body).find("password")->text == "wrong");
    CHECK(asked[0].header("sb-forwarded-for") == "192.0.2.7");
}

} // namespace
