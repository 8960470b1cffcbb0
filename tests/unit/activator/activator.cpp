// The activator with real handlers: on demand, again after every end, and nothing left when it is over.
#include "tests/support/catch.hpp"
#include "tests/support/directory.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fastcgi_peer.hpp"
#include "tests/support/handler.hpp"
#include "tests/support/process.hpp"
#include "tests/support/silent_database.hpp"
#include "tests/support/sockets.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>

namespace {

namespace fastcgi = support::fastcgi;
using support::Process;
using support::SilentDatabase;

auto const root_request = fastcgi::request(fastcgi::get("/"));
auto const health_request = fastcgi::request(fastcgi::get("/health"));

class Activated {
  public:
    struct With {
        std::vector<std::string> options = {};
        std::map<std::string, std::string> environment = {};
        std::vector<std::string> names = {"health"};
    };

    explicit Activated(With const& with) : process_(start_at(directory_.path(), with))
    {
        REQUIRE(process_.output_line() == "activator ready");
    }

    static Process start_at(std::filesystem::path const& directory, With const& with)
    {
        auto arguments = std::vector<std::string>{"--run-dir", directory, "--bin-dir",
                                                  support::program("health").parent_path()};
        arguments.insert(arguments.end(), with.options.begin(), with.options.end());
        arguments.insert(arguments.end(), with.names.begin(), with.names.end());
        auto environment = support::handler_environment();
        for (auto const& [name, value] : with.environment)
            environment[name] = value;
        return Process(
            {.program = support::program("activator"), .arguments = arguments, .environment = environment});
    }

    Process& process() { return process_; }
    std::vector<pid_t> handlers() const { return support::children_of(process_.id()); }
    std::filesystem::path socket() const { return directory_ / "health.sock"; }
    fastcgi::Reply ask(std::string const& request = root_request) const
    {
        return fastcgi::ask(socket(), request);
    }
    support::Directory const& directory() const { return directory_; }

  private:
    support::Directory directory_;
    Process process_;
};

TEST_CASE("a handler starts at the first connection and not before")
{
    auto activated = Activated({.names = {"health", "spend"}});
    CHECK(activated.handlers().empty());

    CHECK(activated.ask().status() == 200);

    CHECK(activated.handlers().size() == 1);
}

TEST_CASE("the web server's group may use a socket and nobody else")
{
    auto const activated = Activated({});
    struct stat found = {};
    REQUIRE(stat(activated.socket().c_str(), &found) == 0);

    CHECK((found.st_mode & 07777) == 0660);
}

TEST_CASE("all instances of a handler start together and share its socket")
{
    auto const activated = Activated({.options = {"--instances", "3"}});

    CHECK(activated.ask().status() == 200);

    CHECK(support::eventually([&] { return activated.handlers().size() == 3; }));
}

TEST_CASE("a killed handler is replaced, as often as it takes")
{
    auto const activated = Activated({});
    for (auto round = 0; round < 3; ++round) {
        REQUIRE(activated.ask().status() == 200);
        auto const handlers = activated.handlers();
        REQUIRE(handlers.size() == 1);
        kill(handlers.front(), SIGKILL);
        REQUIRE(support::eventually([&] { return activated.handlers() != handlers; }));
    }
    CHECK(activated.ask().status() == 200);
}

TEST_CASE("a killed instance comes back while its siblings serve, without waiting for a connection")
{
    auto const activated = Activated({.options = {"--instances", "2"}});
    REQUIRE(activated.ask().status() == 200);
    REQUIRE(support::eventually([&] { return activated.handlers().size() == 2; }));
    auto const before = activated.handlers();

    kill(before.front(), SIGKILL);

    CHECK(support::eventually(
        [&] { return activated.handlers().size() == 2 && activated.handlers() != before; }));
    CHECK(support::runs(before.back()));
}

TEST_CASE("a handler that left for want of work starts again at the next connection")
{
    auto const activated = Activated({.environment = {{"IDLE_EXIT_SECONDS", "1"}}});
    REQUIRE(activated.ask().status() == 200);

    REQUIRE(support::eventually([&] { return activated.handlers().empty(); }));

    CHECK(activated.ask().status() == 200);
}

TEST_CASE("a handler that cannot start is tried again after a pause, and the activator stays")
{
    auto activated = Activated({.environment = {{"DATABASE_URL", ""}}});
    auto const connection = support::connect_to(activated.socket());
    auto const starts = [&] {
        auto const errors = activated.process().errors();
        auto count = 0;
        for (auto at = errors.find("health ended with exit code 1"); at != std::string::npos;
             at = errors.find("health ended with exit code 1", at + 1))
            ++count;
        return count;
    };
    auto const begin = std::chrono::steady_clock::now();

    CHECK(support::eventually([&] { return starts() >= 3; }));

    // Three ends have two pauses between them.
    CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(400));
    CHECK(activated.process().errors().find("DATABASE_URL is missing") != std::string::npos);
}

TEST_CASE("SIGTERM ends the handlers and the activator, and removes the sockets")
{
    auto const stop = GENERATE(SIGTERM, SIGINT, SIGHUP);
    auto activated = Activated({.options = {"--instances", "2"}});
    REQUIRE(activated.ask().status() == 200);
    auto const handlers = activated.handlers();

    activated.process().signal(stop);

    CHECK(activated.process().wait() == 0);
    for (auto const handler : handlers)
        CHECK_FALSE(support::runs(handler));
    CHECK_FALSE(std::filesystem::exists(activated.socket()));
}

TEST_CASE("SIGTERM waits for what the handlers are serving")
{
    auto const database = SilentDatabase();
    auto activated = Activated({.environment = {{"DATABASE_URL", database.url()}}});
    auto const connection = support::connect_to(activated.socket());
    support::send_all(connection.number(), health_request);
    database.wait_for_caller();

    activated.process().signal(SIGTERM);

    CHECK(fastcgi::read_reply(connection.number()).status() == 503);
    CHECK(activated.process().wait() == 0);
}

TEST_CASE("no handler outlives its activator, even a killed one")
{
    auto activated = Activated({.options = {"--instances", "2"}});
    REQUIRE(activated.ask().status() == 200);
    REQUIRE(support::eventually([&] { return activated.handlers().size() == 2; }));
    auto const handlers = activated.handlers();

    activated.process().signal(SIGKILL);
    activated.process().wait();

    CHECK(support::eventually([&] { return !support::runs(handlers[0]) && !support::runs(handlers[1]); }));
}

TEST_CASE("the socket of a dead activator is replaced")
{
    auto activated = Activated({});
    activated.process().signal(SIGKILL);
    activated.process().wait();
    REQUIRE(std::filesystem::exists(activated.socket()));

    auto second = Activated::start_at(activated.directory().path(), {});

    REQUIRE(second.output_line() == "activator ready");
    CHECK(activated.ask().status() == 200);
}

TEST_CASE("the socket of a dead activator is replaced even while a handler of its still finishes a request")
{
    auto const database = SilentDatabase();
    auto activated = Activated({.environment = {{"DATABASE_URL", database.url()}}});
    auto const connection = support::connect_to(activated.socket());
    support::send_all(connection.number(), health_request);
    database.wait_for_caller();

    activated.process().signal(SIGKILL);
    activated.process().wait();
    auto second = Activated::start_at(activated.directory().path(), {});

    REQUIRE(second.output_line() == "activator ready");
    CHECK(activated.ask().status() == 200);
    CHECK(fastcgi::read_reply(connection.number()).status() == 503);
}

TEST_CASE("the activator leaves the socket alone while a handler runs, however many wait")
{
    auto const database = SilentDatabase();
    auto activated = Activated({.environment = {{"DATABASE_URL", database.url()}, {"FAREBOX_WORKERS", "1"}}});
    auto const running = support::connect_to(activated.socket());
    support::send_all(running.number(), health_request);
    database.wait_for_caller();

    // Waits in the backlog until the only worker is free, a second later.
    CHECK(activated.ask().status() == 200);

    CHECK(support::cpu_time(activated.process().id()) < std::chrono::milliseconds(50));
}

TEST_CASE("a run directory that another activator has is refused")
{
    auto activated = Activated({});

    auto second = Activated::start_at(activated.directory().path(), {.names = {"spend"}});

    CHECK(second.wait() == 1);
    CHECK(second.errors().find("is in use by another activator") != std::string::npos);
    CHECK(activated.ask().status() == 200);
}

TEST_CASE("a socket that somebody else listens at is refused and left alone")
{
    auto const directory = support::Directory();
    auto const foreign = support::listen_at(directory / "health.sock");

    auto process = Activated::start_at(directory.path(), {.names = {"spend", "health"}});

    CHECK(process.wait() == 1);
    CHECK(process.errors().find("health.sock: is in use by process " + std::to_string(getpid())) !=
          std::string::npos);
    CHECK(std::filesystem::exists(directory / "health.sock"));
    // What it had made before it met the other is gone.
    CHECK_FALSE(std::filesystem::exists(directory / "spend.sock"));
}

TEST_CASE("a file that is no socket is not deleted")
{
    auto const directory = support::Directory();
    std::ofstream(directory / "health.sock") << "precious";

    auto process = Activated::start_at(directory.path(), {});

    CHECK(process.wait() == 1);
    CHECK(std::filesystem::exists(directory / "health.sock"));
}

TEST_CASE("the environment reaches the handlers")
{
    auto const activated =
        Activated({.environment = {{"FAREBOX_ENV", "production"}, {"API_SECRET_KEY", std::string(40, 'k')}}});

    CHECK(activated.ask(health_request).body().find(R"("environment":"production")") != std::string::npos);
}

TEST_CASE("a handler has the variables that it reads, and no secret of another")
{
    auto const activated = Activated({.environment = {{"SUPABASE_URL", "http://127.0.0.1:9"},
                                                      {"SUPABASE_SECRET_KEY", "of-the-project"},
                                                      {"PGPASSWORD", "of-somebody"},
                                                      {"TZ", "UTC"}},
                                      .names = {"health", "login"}});
    auto const environment_after = [&](std::string const& socket) {
        auto const before = activated.handlers();
        REQUIRE(fastcgi::ask(activated.directory() / socket, root_request).status() != 0);
        auto const all = activated.handlers();
        auto const process = std::find_if(all.begin(), all.end(), [&](pid_t id) {
            return std::find(before.begin(), before.end(), id) == before.end();
        });
        REQUIRE(process != all.end());
        auto text = std::stringstream();
        text << std::ifstream("/proc/" + std::to_string(*process) + "/environ").rdbuf();
        return text.str();
    };
    auto const has = [](std::string const& text, std::string const& name) {
        return (std::string(1, '\0') + text).find(std::string(1, '\0') + name + "=") != std::string::npos;
    };

    auto const health = environment_after("health.sock");
    CHECK(has(health, "DATABASE_URL"));
    CHECK(has(health, "TZ"));
    for (auto const* const name : {"API_SECRET_KEY", "SUPABASE_URL", "SUPABASE_SECRET_KEY", "PGPASSWORD"})
        CHECK_FALSE(has(health, name));

    auto const login = environment_after("login.sock");
    CHECK(has(login, "SUPABASE_SECRET_KEY"));
    CHECK_FALSE(has(login, "API_SECRET_KEY"));
}

TEST_CASE("a program that does not tell what it reads is no handler")
{
    auto const programs = support::Directory();
    std::ofstream(programs / "probe") << "#!/bin/sh\nexit 3\n";
    std::filesystem::permissions(programs / "probe", std::filesystem::perms::owner_all);
    auto const run = support::Directory();
    auto process = Process({.program = support::program("activator"),
                            .arguments = {"--run-dir", run.path(), "--bin-dir", programs.path(), "probe"}});

    CHECK(process.wait() == 1);
    CHECK(process.errors().find("probe --needs: does not tell which variables it reads") !=
          std::string::npos);
}

TEST_CASE("a handler does not inherit the signals that the activator blocks")
{
    auto const activated = Activated({});
    REQUIRE(activated.ask().status() == 200);
    auto file = std::ifstream("/proc/" + std::to_string(activated.handlers().front()) + "/status");
    auto word = std::string();
    while (file >> word && word != "SigBlk:") {
    }
    auto blocked = std::uint64_t{0};
    file >> std::hex >> blocked;

    // Those that a handler blocks itself are the proof that the right line was read.
    CHECK((blocked & (1U << (SIGTERM - 1))) != 0);
    CHECK((blocked & (1U << (SIGCHLD - 1))) == 0);
}

TEST_CASE("a handler begins with its socket, a place for its words, and nothing else")
{
    auto const programs = support::Directory();
    auto const script = programs / "probe";
    std::ofstream(script) << "#!/bin/sh\n"
                             "[ \"$1\" != --needs ] || exit 0\n"
                             "echo descriptors: $(ls /proc/self/fd) >&2\n"
                             "echo output >&1\n"
                             "sleep 60\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    auto const run = support::Directory();
    // What a careless parent leaves open, since it lacks O_CLOEXEC.
    auto const careless = support::Descriptor(open("/dev/null", O_RDONLY));
    auto process = Process({.program = support::program("activator"),
                            .arguments = {"--run-dir", run.path(), "--bin-dir", programs.path(), "probe"},
                            .environment = {{"PATH", "/usr/bin:/bin"}}});
    REQUIRE(process.output_line() == "activator ready");

    auto const connection = support::connect_to(run / "probe.sock");

    CHECK(support::eventually([&] { return process.errors().find("output") != std::string::npos; }));
    // The fourth is ls looking into the directory.
    CHECK(process.errors().find("descriptors: 0 1 2 3\n") != std::string::npos);
    CHECK(process.output().empty());
}

TEST_CASE("with a log directory a handler's words are appended to its own file")
{
    auto const logs = support::Directory();
    std::ofstream(logs / "health.log") << "kept\n";
    auto const activated = Activated({.options = {"--log-dir", logs.path()}});
    REQUIRE(activated.ask().status() == 200);

    auto text = std::stringstream();
    text << std::ifstream(logs / "health.log").rdbuf();
    CHECK(text.str().starts_with("kept\n{"));
    CHECK(text.str().find("started") != std::string::npos);
}

TEST_CASE("mistakes on the command line are 2, with the usage, and a missing program is 1")
{
    auto const activator = support::program("activator");
    auto const directory = support::Directory();
    auto const run = [&](std::vector<std::string> arguments) {
        auto process = Process({.program = activator, .arguments = std::move(arguments)});
        auto const code = process.wait();
        return std::pair(code, process.errors());
    };
    auto const path = directory.path().string();

    for (auto const& arguments : std::vector<std::vector<std::string>>{
             {},
             {"--run-dir", path, "health"},
             {"--run-dir", path, "--bin-dir", path},
             {"--run-dir", path, "--bin-dir", path, "--instances", "0", "health"},
             {"--run-dir", path, "--bin-dir", path, "--colour", "health"},
             {"--run-dir", path, "--bin-dir", path, "../health"}}) {
        auto const [code, errors] = run(arguments);
        CHECK(code == 2);
        CHECK(errors.find("Usage: activator") != std::string::npos);
    }
    CHECK(run({"--run-dir", path, "--bin-dir", path, "health"}).first == 1);
    CHECK(run({"--run-dir", path + "/none", "--bin-dir", path, "health"}).first == 1);
    auto const [code, errors] =
        run({"--run-dir", path, "--bin-dir", path, "--user", "no-such-user", "health"});
    CHECK(code == 1);
    CHECK(errors.find("there is no user no-such-user") != std::string::npos);
}

} // namespace
