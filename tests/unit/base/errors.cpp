#include "shared/base/error.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <iterator>
#include <set>

using base::Error;

namespace {

constexpr Error all[] = {
#define ROW(name, status, sqlstate, retry, message) Error::name,
#include "shared/base/errors.def"
#undef ROW
};

bool is_lower_snake(std::string_view name)
{
    return !name.empty() && name.front() != '_' && name.back() != '_' &&
           std::all_of(name.begin(), name.end(), [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); });
}

} // namespace

TEST_CASE("every error finds its own row")
{
    for (auto const error : all)
        CHECK(base::info(error).error == error);

    CHECK(base::info(Error::validation_error).name == "validation_error");
    CHECK(base::info(Error::insufficient_balance).status == 402);
    CHECK(base::info(Error::malformed_call).sqlstate == "FB000");
    CHECK(base::info(Error::busy).retry == base::Retry::same_key);
    CHECK(base::info(Error::user_not_found).message == "User not found");
}

TEST_CASE("error names are lower_snake and no two are the same")
{
    std::set<std::string_view> names;
    for (auto const error : all) {
        INFO(base::info(error).name);
        CHECK(is_lower_snake(base::info(error).name));
        CHECK(names.insert(base::info(error).name).second);
    }
}

TEST_CASE("an error is a refusal or a fault and has a sentence")
{
    for (auto const error : all) {
        INFO(base::info(error).name);
        CHECK(base::info(error).status >= 400);
        CHECK(base::info(error).status <= 599);
        CHECK_FALSE(base::info(error).message.empty());
    }
}

TEST_CASE("SQLSTATEs are five characters of our class and no two are the same")
{
    std::set<std::string_view> states;
    for (auto const error : all) {
        auto const state = base::info(error).sqlstate;
        if (state.empty()) continue;
        INFO(state);
        CHECK(state.size() == 5);
        CHECK(state.substr(0, 2) == "FB");
        CHECK(states.insert(state).second);
        CHECK(base::from_sqlstate(state) == error);
    }
    CHECK_FALSE(states.empty());
}

TEST_CASE("a SQLSTATE that is not ours stands for no error")
{
    CHECK(base::from_sqlstate("FB000") == Error::malformed_call);
    for (char const* state : {"", "23505", "FB00", "FB0000", "fb000", "40001"}) {
        INFO(state);
        CHECK_FALSE(base::from_sqlstate(state).has_value());
    }
}

TEST_CASE("a code is its error's name in UPPER_SNAKE")
{
    CHECK(base::upper_snake("insufficient_balance") == "INSUFFICIENT_BALANCE");
    CHECK(base::upper_snake("az_09") == "AZ_09");
    CHECK(base::upper_snake("").empty());
}
