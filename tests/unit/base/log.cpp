#include "shared/base/log.hpp"

#include "tests/support/catch.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>

namespace {

namespace log = base::log;

// What `call` wrote to standard error, one element a write(2): datagrams keep their borders.
std::vector<std::string> writes_of(std::function<void()> const& call)
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends.data()) == 0);
    int const standard_error = ::dup(STDERR_FILENO);
    ::dup2(ends[0], STDERR_FILENO);
    call();
    ::dup2(standard_error, STDERR_FILENO);

    std::vector<std::string> writes;
    std::string buffer(1 << 16, '\0');
    for (;;) {
        auto const size = ::recv(ends[1], buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size < 0) break;
        writes.emplace_back(buffer.substr(0, static_cast<std::size_t>(size)));
    }
    for (int const fd : {standard_error, ends[0], ends[1]})
        ::close(fd);
    return writes;
}

// The line of one event, without the time that it begins with and its end of line.
std::string line_of(std::string_view event, std::initializer_list<log::Field> fields)
{
    auto const writes = writes_of([&] { log::event(log::Level::info, event, fields); });
    REQUIRE(writes.size() == 1);
    auto const& line = writes.front();
    REQUIRE(line.size() > 38);
    CHECK(line.substr(0, 7) == R"({"at":")");
    CHECK(line.back() == '\n');
    return line.substr(35, line.size() - 36);
}

} // namespace

TEST_CASE("an event is one line in one write, with its level, handler, name and fields")
{
    log::set_handler("spend");
    auto const line = line_of("refused", {{"status", 503}, {"error", "busy"}});
    log::set_handler("");

    CHECK(line == R"(,"level":"info","handler":"spend","event":"refused","status":503,"error":"busy"})");
}

TEST_CASE("the levels have their names")
{
    auto const writes = writes_of([] {
        log::event(log::Level::warning, "w");
        log::event(log::Level::error, "e");
    });
    REQUIRE(writes.size() == 2);
    CHECK(writes[0].find(R"("level":"warning")") != std::string::npos);
    CHECK(writes[1].find(R"("level":"error")") != std::string::npos);
}

TEST_CASE("nothing in a value can end the line, leave its quotes or drive a terminal")
{
    using namespace std::string_literals;
    auto const line = line_of("x", {{"a", "q\" b\\ n\n r\r t\t nul\0 esc\x1B del\x7F"s}});
    CHECK(line == R"(,"level":"info","handler":"","event":"x",)"
                  R"("a":"q\" b\\ n\u000a r\u000d t\u0009 nul\u0000 esc\u001b del\u007f"})");
}

TEST_CASE("bytes that are not UTF-8 are replaced in the log")
{
    CHECK(line_of("x", {{"a", "1\xFF"
                              "2"}}) ==
          ",\"level\":\"info\",\"handler\":\"\",\"event\":\"x\",\"a\":\"1\xEF\xBF\xBD"
          "2\"}");
}

TEST_CASE("a value is cut at 2,000 bytes and never within a character")
{
    auto const shown = [](std::string const& value) {
        constexpr std::string_view before = R"(,"level":"info","handler":"","event":"x","a":")";
        auto const line = line_of("x", {{"a", value}});
        REQUIRE(line.size() > before.size() + 2);
        return line.substr(before.size(), line.size() - before.size() - 2);
    };
    auto const holds = [&](std::string const& value, std::string const& expected) {
        return shown(value) == expected;
    };
    auto const a = [](std::size_t count) { return std::string(count, 'a'); };

    CHECK(holds(a(2000), a(2000)));
    CHECK(holds(a(2001), a(2000)));
    CHECK(holds(a(50'000), a(2000)));
    CHECK(holds(a(1998) + "\xC3\xA9", a(1998) + "\xC3\xA9"));
    CHECK(holds(a(1999) + "\xC3\xA9", a(1999)));
    CHECK(holds(a(1998) + "\xF0\x9F\x98\x80", a(1998)));
    CHECK(holds(a(1997) + "\xF0\x9F\x98\x80", a(1997)));
    CHECK(holds(a(1999) + "\xF0\x9F\x98\x80" + a(99), a(1999)));
}
