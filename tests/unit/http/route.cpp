#include "shared/http/route.hpp"

#include "tests/support/catch.hpp"

#include <stdexcept>

using http::Match;

namespace {

bool matches(std::string_view pattern, std::string_view path)
{
    Match match;
    return http::match(pattern, path, match);
}

} // namespace

TEST_CASE("a path is the pattern with a segment for each name")
{
    Match match;
    REQUIRE(http::match("/api/v1/users/{user_id}/entries/{entry}", "/api/v1/users/42/entries/a b", match));
    CHECK(match.param("user_id") == "42");
    CHECK(match.param("entry") == "a b");
    CHECK(match.params.size() == 2);
    CHECK_THROWS_AS(match.param("user"), std::logic_error);
}

TEST_CASE("a segment that is a name takes any text but none")
{
    for (char const* segment : {"0", "{user_id}", "+7 900", "..", "\xD1\x82", "a.b"}) {
        INFO(segment);
        Match match;
        CHECK(http::match("/u/{id}/x", "/u/" + std::string(segment) + "/x", match));
        CHECK(match.param("id") == segment);
    }
    CHECK_FALSE(matches("/u/{id}/x", "/u//x"));
    CHECK_FALSE(matches("/u/{id}", "/u/"));
    CHECK_FALSE(matches("/u/{id}", "/u"));
}

TEST_CASE("literal segments are compared byte for byte")
{
    CHECK(matches("/health", "/health"));
    for (char const* path : {"/Health", "/healt", "/healthy", "/health/", "//health", "health", "/", "",
                             "/health/x", "/x/health", "/health?", "/health "}) {
        INFO(path);
        CHECK_FALSE(matches("/health", path));
    }
}

TEST_CASE("a path with more or fewer segments is another")
{
    CHECK(matches("/a/{b}/c", "/a/1/c"));
    for (char const* path : {"/a/1", "/a", "/a/1/c/d", "/a/1/c/", "/a/1//c", "/a/1/d", "/a/1/2/c"}) {
        INFO(path);
        CHECK_FALSE(matches("/a/{b}/c", path));
    }
}

TEST_CASE("the root is only itself")
{
    CHECK(matches("/", "/"));
    for (char const* path : {"", "//", "/a", "a"})
        CHECK_FALSE(matches("/", path));
    CHECK_FALSE(matches("/a", "/"));
    CHECK_FALSE(matches("/{a}", "/"));
}

TEST_CASE("a name with dots is the rest of the path, one segment or more")
{
    Match match;
    for (char const* rest : {"a", "a/b", "a/b/c.d", "..", "{x}/y"}) {
        INFO(rest);
        REQUIRE(http::match("/files/{path...}", "/files/" + std::string(rest), match));
        CHECK(match.param("path") == rest);
    }
    for (char const* path : {"/files", "/files/", "/files/a/", "/files//a", "/files/a//b", "/file/a"}) {
        INFO(path);
        CHECK_FALSE(matches("/files/{path...}", path));
    }
    REQUIRE(http::match("/u/{id}/f/{path...}", "/u/7/f/a/b", match));
    CHECK(match.param("id") == "7");
    CHECK(match.param("path") == "a/b");
}

TEST_CASE("a literal segment is before a name, and that before the rest, at the first that differs")
{
    auto const ordered = GENERATE(values<std::pair<char const*, char const*>>({{"/a/b", "/a/{x}"},
                                                                               {"/a/{x}", "/a/{x...}"},
                                                                               {"/a/b", "/a/{x...}"},
                                                                               {"/a/{x}/c", "/{y}/b/c"},
                                                                               {"/a/b/{x}", "/a/{x}/c"},
                                                                               {"/a/b/{x...}", "/a/{x}/c"}}));
    INFO(ordered.first << " before " << ordered.second);
    CHECK(http::more_literal(ordered.first, ordered.second));
    CHECK_FALSE(http::more_literal(ordered.second, ordered.first));
}

TEST_CASE("patterns of one form are not before one another, whatever they call their names")
{
    CHECK_FALSE(http::more_literal("/a/{x}", "/a/{y}"));
    CHECK_FALSE(http::more_literal("/a/{y}", "/a/{x}"));
    CHECK_FALSE(http::more_literal("/a", "/a"));
}

TEST_CASE("a second match forgets what the first has taken")
{
    Match match;
    REQUIRE(http::match("/a/{b}", "/a/1", match));
    REQUIRE(http::match("/a/{c}", "/a/2", match));
    CHECK(match.params.size() == 1);
    CHECK(match.param("c") == "2");
}
