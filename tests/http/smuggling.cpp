// Requests hidden in the bodies of others. nginx and the handlers speak FastCGI over connections that are
// used again, so a body that a handler leaves unread would be taken for the next request, with whatever
// address, path and credential its author wrote into it.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/target.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/wallet.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace support;

namespace {

std::string record(int type, std::string const& content)
{
    auto const low = [](std::size_t value) { return static_cast<char>(value & 0xff); };
    return std::string{
               1, low(static_cast<std::size_t>(type)), 0, 1, low(content.size() >> 8), low(content.size()), 0,
               0} +
           content;
}

// A whole FastCGI request to spend everything that wallet has, under a credential that may.
std::string hidden_spend(Wallet const& victim, std::string const& credential)
{
    auto const body = std::string(R"({"amount":10000,"description":"smuggled"})");
    auto variables = std::string();
    for (auto const& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {"REQUEST_METHOD", "POST"},
             {"REQUEST_URI", victim.path("spend")},
             {"HTTP_AUTHORIZATION", "Bearer " + credential},
             {"CONTENT_LENGTH", std::to_string(body.size())},
         }) {
        variables += static_cast<char>(name.size());
        variables += static_cast<char>(value.size());
        variables += name + value;
    }
    auto const keep_connection = std::string("\0\1\1\0\0\0\0\0", 8);
    return record(1, keep_connection) + record(4, variables) + record(4, {}) + record(5, body) +
           record(5, {});
}

// The same hidden request over and over, from the given offset, so that wherever the next request is looked
// for, one begins nearby.
std::string hiding(std::string const& request, std::size_t offset, std::size_t size)
{
    auto body = std::string(offset, 'x');
    while (body.size() + request.size() <= size)
        body += request;
    return body;
}

} // namespace

TEST_CASE("a request hidden in the body of a refused one never takes effect", "[smuggling]")
{
    auto const victim = a_user().holding(1'000'000);
    auto const other = a_user().holding(1'000'000);
    auto const hidden = hidden_spend(victim, target().service_key);

    // Bodies of many sizes and offsets, each refused before anybody reads it; beside them honest requests on
    // the same connections, each of which must get its own answer.
    auto const sizes = std::vector<std::size_t>{400, 4'000, 9'000, 33'000, 65'000};
    auto const answers = at_once(8, 400, [&](int i) {
        if (i % 4 == 3) return post(other.path("spend"), R"({"amount":1,"description":"honest"})");
        auto const number = static_cast<std::size_t>(i);
        return post(other.path("spend"), hiding(hidden, number / 4, sizes[number % sizes.size()]),
                    anonymously());
    });

    for (auto i = 0; i < 400; ++i)
        CHECK(answers[static_cast<std::size_t>(i)].status == (i % 4 == 3 ? 200 : 401));
    CHECK(victim.balance() == 1'000'000);
    CHECK(victim.spends().empty());
    CHECK(other.balance() == 1'000'000 - 100);
}
