// The built handlers as processes: started like a FastCGI server's or a CGI server's, stopped by signals,
// left alone, misconfigured. No database answers here.
#include "tests/support/process.hpp"

#include "shared/base/uuid.hpp"
#include "shared/json/value.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/directory.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fastcgi_peer.hpp"
#include "tests/support/handler.hpp"
#include "tests/support/silent_database.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/variables.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace {

namespace fastcgi = support::fastcgi;
using support::Process;

// --- plain CGI ------------------------------------------------------------------------------------------

struct CgiAnswer {
    int exit_code = 0;
    fastcgi::Reply reply;
    json::Value body;

    std::string text(std::string_view name) const
    {
        auto const* const value = body.find(name);
        return value == nullptr ? std::string() : value->text;
    }
};

CgiAnswer cgi(std::string const& handler, support::Variables const& variables, std::string const& body = {})
{
    auto environment = support::handler_environment();
    environment["GATEWAY_INTERFACE"] = "CGI/1.1";
    for (auto const& [name, value] : variables)
        environment[name] = value;
    if (!body.empty()) environment.emplace("CONTENT_LENGTH", std::to_string(body.size()));

    auto ends = std::array<int, 2>();
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    auto const in = support::Descriptor(ends[0]);
    auto feed = support::Descriptor(ends[1]);
    REQUIRE(write(feed.number(), body.data(), body.size()) == static_cast<ssize_t>(body.size()));
    feed.reset();

    auto process =
        Process({.program = support::program(handler), .environment = environment, .in = in.number()});
    auto answer = CgiAnswer();
    answer.exit_code = process.wait();
    answer.reply.text = process.output();
    if (answer.exit_code == 0 && !answer.reply.body().empty()) answer.body = json::parse(answer.reply.body());
    return answer;
}

TEST_CASE("the same program answers plain CGI")
{
    auto const answer = cgi("health", fastcgi::get("/"));

    CHECK(answer.exit_code == 0);
    CHECK(answer.reply.text.starts_with("Status: 200 OK\r\n"));
    CHECK(answer.text("message") == "farebox");
    CHECK_FALSE(answer.text("version").empty());
    CHECK_FALSE(answer.text("docs").empty());
}

TEST_CASE("CGI reads no more of the body than was announced, and acts on no less")
{
    auto const body = std::string(R"({"email":"a@b.example","password":""})");
    auto variables = fastcgi::post("/api/v1/auth/login");
    variables.emplace_back("CONTENT_LENGTH", std::to_string(body.size()));
    CHECK(cgi("login", variables, body + "trailing").text("error") == "validation_error");

    variables.back().second = std::to_string(body.size() + 1);
    auto const short_one = cgi("login", variables, body);
    CHECK(short_one.exit_code == 1);
    CHECK(short_one.reply.text.empty());
}

TEST_CASE("health says unhealthy when the database does not answer, with the members of the document")
{
    auto const answer = cgi("health", fastcgi::get("/health"));

    CHECK(answer.reply.status() == 503);
    CHECK(answer.text("status") == "unhealthy");
    CHECK(answer.text("service") == "farebox");
    CHECK(answer.text("environment") == "development");
    CHECK(answer.body.members.size() == 4);
}

// --- what a program tells of itself ---------------------------------------------------------------------

std::string told(std::string const& handler, std::string const& argument)
{
    auto process =
        Process({.program = support::program(handler), .arguments = {argument}, .environment = {}});
    REQUIRE(process.wait() == 0);
    CHECK(process.errors().empty());
    return process.output();
}

TEST_CASE("a program prints its endpoints, a JSON object a line, without an environment")
{
    auto const lines = told("spend", "--endpoints");

    CHECK(std::count(lines.begin(), lines.end(), '\n') == 3);
    auto const first = json::parse(lines.substr(0, lines.find('\n')));
    CHECK(first.find("method")->text == "POST");
    CHECK(first.find("pattern")->text == "/api/v1/users/{user_id}/spend");
}

TEST_CASE("a program names the variables that it reads, and has no secret that it does not use")
{
    auto const names = [](std::string const& handler) { return "\n" + told(handler, "--needs"); };
    auto const has = [](std::string const& text, std::string const& name) {
        return text.find("\n" + name + "\n") != std::string::npos;
    };

    CHECK(has(names("spend"), "API_SECRET_KEY"));
    CHECK_FALSE(has(names("spend"), "SUPABASE_SECRET_KEY"));
    CHECK(has(names("spend"), "SUPABASE_SECRET_KEY unless SUPABASE_PUBLISHABLE_KEY"));
    CHECK(has(names("health"), "DATABASE_URL"));
    CHECK(has(names("health"), "SERVICE_NAME"));
    CHECK_FALSE(has(names("spend"), "SERVICE_NAME"));
    CHECK_FALSE(has(names("health"), "API_SECRET_KEY"));
    CHECK(has(names("login"), "SUPABASE_SECRET_KEY"));
    CHECK_FALSE(has(names("login"), "SUPABASE_JWT_SECRET"));
    CHECK(has(names("supabase_auth"), "LOCAL_AUTH_DATABASE_URL"));
    CHECK_FALSE(has(names("supabase_auth"), "DATABASE_URL"));
}

TEST_CASE("words of a query, which CGI hands on as arguments, are none")
{
    auto environment = support::handler_environment();
    environment["GATEWAY_INTERFACE"] = "CGI/1.1";
    environment["REQUEST_METHOD"] = "GET";
    environment["REQUEST_URI"] = "/?--needs";
    auto process = Process(
        {.program = support::program("health"), .arguments = {"--needs"}, .environment = environment});

    CHECK(process.wait() == 0);
    CHECK(process.output().starts_with("Status: 200 OK\r\n"));
}

TEST_CASE("arguments that a program does not know are 2, with its usage")
{
    auto process =
        Process({.program = support::program("health"), .arguments = {"--nonsense"}, .environment = {}});

    CHECK(process.wait() == 2);
    CHECK(process.errors() == "usage: health [--endpoints | --needs]\n");
}

// --- FastCGI --------------------------------------------------------------------------------------------

struct Listening {
    support::Directory directory;
    support::Descriptor listener = support::listen_at(directory / "s");
    std::filesystem::path path = directory / "s";

    Process start(std::map<std::string, std::string> const& more = {},
                  std::string const& handler = "health") const
    {
        auto environment = support::handler_environment();
        for (auto const& [name, value] : more)
            environment[name] = value;
        return Process(
            {.program = support::program(handler), .environment = environment, .in = listener.number()});
    }
};

auto const root_request = fastcgi::request(fastcgi::get("/"));

TEST_CASE("a handler serves the socket it was given and stops cleanly on SIGTERM and SIGINT")
{
    auto const stop = GENERATE(SIGTERM, SIGINT);
    auto const listening = Listening();
    auto process = listening.start();

    CHECK(fastcgi::ask(listening.path, root_request).status() == 200);
    process.signal(stop);

    CHECK(process.wait() == 0);
}

TEST_CASE("SIGTERM lets a running request finish")
{
    auto const listening = Listening();
    auto const database = support::SilentDatabase();
    auto process = listening.start({{"DATABASE_URL", database.url()}});
    auto const connection = support::connect_to(listening.path);
    support::send_all(connection.number(), fastcgi::request(fastcgi::get("/health")));
    database.wait_for_caller();

    process.signal(SIGTERM);

    auto const reply = fastcgi::read_reply(connection.number());
    CHECK(reply.status() == 503);
    CHECK(reply.ended);
    CHECK(process.wait() == 0);
}

TEST_CASE("signals that mean nothing to a handler do not disturb it")
{
    auto const listening = Listening();
    auto process = listening.start();
    REQUIRE(fastcgi::ask(listening.path, root_request).status() == 200);

    for (auto const number : {SIGHUP, SIGUSR1, SIGPIPE})
        process.signal(number);

    CHECK(fastcgi::ask(listening.path, root_request).status() == 200);
    CHECK(support::runs(process.id()));
}

TEST_CASE("a handler with nothing to do leaves, and the next one serves what came since")
{
    auto const listening = Listening();
    auto first = listening.start({{"IDLE_EXIT_SECONDS", "1"}});
    CHECK(fastcgi::ask(listening.path, root_request).status() == 200);
    CHECK(first.wait() == 0);

    auto const connection = support::connect_to(listening.path);
    support::send_all(connection.number(), root_request);
    auto const second = listening.start();

    CHECK(fastcgi::read_reply(connection.number()).status() == 200);
}

TEST_CASE("two processes share one socket")
{
    auto const listening = Listening();
    auto const one = listening.start();
    auto const other = listening.start();

    for (auto i = 0; i < 50; ++i)
        REQUIRE(fastcgi::ask(listening.path, root_request).status() == 200);
    CHECK(support::runs(one.id()));
    CHECK(support::runs(other.id()));
}

std::size_t open_descriptors(pid_t process)
{
    auto const directory = std::filesystem::path("/proc") / std::to_string(process) / "fd";
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(directory), std::filesystem::directory_iterator()));
}

TEST_CASE("200 idle connections neither stop the service nor leave anything behind")
{
    auto const listening = Listening();
    auto process = listening.start({{"FAREBOX_WORKERS", "64"}, {"IO_TIMEOUT_MS", "100"}});
    REQUIRE(fastcgi::ask(listening.path, root_request).status() == 200);
    auto const before = open_descriptors(process.id());

    auto idle = std::vector<support::Descriptor>();
    for (auto i = 0; i < 200; ++i) {
        idle.push_back(support::connect_to(listening.path));
        if (i % 2 == 0) support::send_all(idle.back().number(), root_request.substr(0, 20));
    }
    CHECK(fastcgi::ask(listening.path, root_request).status() == 200);

    idle.clear();
    for (auto i = 0; i < 200; ++i)
        support::connect_to(listening.path);
    CHECK(fastcgi::ask(listening.path, root_request).status() == 200);
    CHECK(support::eventually([&] { return open_descriptors(process.id()) <= before; }));
    process.signal(SIGTERM);
    CHECK(process.wait() == 0);
}

TEST_CASE("a handler that is configured wrongly says all of it and exits 1 before it accepts anything")
{
    auto const listening = Listening();
    auto const handler = GENERATE(as<std::string>(), "spend", "balance", "users", "health");
    auto process = listening.start({{"DATABASE_URL", ""}, {"FAREBOX_WORKERS", "none"}}, handler);

    CHECK(process.wait() == 1);
    auto const errors = process.errors();
    CHECK(errors.starts_with(handler + ": configuration: "));
    CHECK(errors.find("DATABASE_URL") != std::string::npos);
    CHECK(errors.find("FAREBOX_WORKERS") != std::string::npos);
}

TEST_CASE("a handler refuses to listen on TCP")
{
    auto const listener = support::Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = sockaddr_in{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(listener.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener.number(), 1) == 0);

    auto process = Process({.program = support::program("health"),
                            .environment = support::handler_environment(),
                            .in = listener.number()});

    CHECK(process.wait() == 1);
    CHECK(process.errors().find("Unix sockets only") != std::string::npos);
}

TEST_CASE("a handler started by hand says how it is meant to be started")
{
    auto process =
        Process({.program = support::program("health"), .environment = support::handler_environment()});

    CHECK(process.wait() == 1);
    CHECK(process.errors().find("activator") != std::string::npos);
}

} // namespace
