// Endpoints as data: rows, what is printed of them, and tables that contradict themselves.
#include "shared/service/table.hpp"

#include "tests/support/catch.hpp"

#include <stdexcept>

namespace {

using service::Access;
using service::Dialect;
using service::Rate;
using service::Scope;

http::Response nothing(service::Call const&)
{
    return {.status = 204, .headers = {}, .body = {}};
}

service::Program program(std::vector<service::Endpoint> endpoints)
{
    return {.name = "test", .endpoints = std::move(endpoints)};
}

TEST_CASE("a row is printed with all that is known of it from outside, in a fixed order")
{
    CHECK(describe(service::post("/a/{id}", Dialect::token, Access::key_or_admin(Scope::spend), nothing)) ==
          R"({"method":"POST","pattern":"/a/{id}","dialect":"token","access":["admin","key:spend"],)"
          R"("body_max":65536,"timeout_ms":null,"stream":false,"rate":"none","model":false})");

    auto streaming = service::put("/b", Dialect::forge, Access::user(), nothing)
                         .with_body_max(1000)
                         .with_timeout_ms(12'000)
                         .with_rate(Rate::registrations);
    streaming.streams = true;
    streaming.calls_model = true;
    CHECK(describe(streaming) ==
          R"({"method":"PUT","pattern":"/b","dialect":"forge","access":["user"],)"
          R"("body_max":1000,"timeout_ms":12000,"stream":true,"rate":"registrations","model":true})");
}

TEST_CASE("who may call is said in words, and nobody by none")
{
    CHECK(words(Access::anyone()) == std::vector<std::string>{"anyone"});
    CHECK(words(Access::user_or_key(Scope::read)) == std::vector<std::string>{"user", "key:read"});
    CHECK(words(Access()).empty());
}

TEST_CASE("what is open to anyone is limited by address unless the row says otherwise")
{
    CHECK(service::get("/a", Dialect::chat, Access::anyone(), nothing).rate == Rate::open);
    CHECK(service::get("/a", Dialect::chat, Access::user(), nothing).rate == Rate::none);
    CHECK(service::remove("/a", Dialect::chat, Access::anyone(), nothing).with_rate(Rate::none).rate ==
          Rate::none);
}

TEST_CASE("a table that contradicts itself is a fault of its program")
{
    auto const row = [](std::string_view pattern) {
        return service::get(pattern, Dialect::chat, Access::anyone(), nothing);
    };
    CHECK_NOTHROW(check(program({row("/a/{x}"), row("/a/b"), row("/a/{rest...}")})));
    CHECK_NOTHROW(
        check(program({row("/a/{x}"), service::post("/a/{x}", Dialect::chat, Access::anyone(), nothing)})));
    CHECK_THROWS_AS(check(program({row("/a/{x}"), row("/b"), row("/a/{y}")})), std::logic_error);
    CHECK_THROWS_AS(check(program({row("a")})), std::logic_error);
    CHECK_THROWS_AS(check(program({row("/a/{rest...}/b")})), std::logic_error);

    auto closed = program({service::get("/a", Dialect::chat, Access::user(), nothing)});
    CHECK_NOTHROW(check(closed));
    closed.needs = {};
    CHECK_THROWS_AS(check(closed), std::logic_error);
}

} // namespace
