#include "tests/support/stack.hpp"

#include "tests/support/database.hpp"
#include "tests/support/eventually.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace support {
namespace {

namespace fs = std::filesystem;

// Any free one, unless a developer wants to know it beforehand.
std::string port()
{
    auto const* const chosen = std::getenv("FAREBOX_TEST_PORT");
    return chosen == nullptr ? "0" : chosen;
}

std::string script()
{
    return source_directory() + "/scripts/stack";
}

std::string fresh_directory()
{
    auto path = (fs::temp_directory_path() / "farebox-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
    // Postgres runs as another user than root and must be able to reach its data.
    fs::permissions(path, fs::perms(0755));
    return path;
}

// A shell that waits for the other end of a pipe to close, which happens when the Stack is destroyed and also
// when this process crashes or is killed; then it ends the stack. It ignores the terminal's Ctrl-C, which
// reaches it too.
std::pair<pid_t, int> start_guard(std::string const& directory)
{
    auto ends = std::array<int, 2>();
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe2");
    auto script_path = script();
    auto name = std::string("bash");
    auto option = std::string("-c");
    auto program = std::string(
        R"(trap '' INT TERM HUP; read -r _; "$0" remove --dir "$1" >/dev/null 2>&1; rm -rf -- "$1")");
    auto argument = directory;
    auto arguments = std::array<char*, 6>{name.data(),        option.data(),   program.data(),
                                          script_path.data(), argument.data(), nullptr};
    auto actions = posix_spawn_file_actions_t{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    auto pid = pid_t{0};
    auto const error = posix_spawnp(&pid, "bash", &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[0]);
    if (error != 0) throw std::system_error(error, std::generic_category(), "bash");
    return {pid, ends[1]};
}

std::string random_secret()
{
    auto source = std::random_device{};
    auto text = std::ostringstream();
    for (auto i = 0; i < 8; ++i)
        text << std::hex << source();
    return text.str() + "-service-credential-of-a-test-stack";
}

std::vector<std::string> lines(std::string const& text)
{
    auto result = std::vector<std::string>();
    auto stream = std::istringstream(text);
    for (auto line = std::string(); std::getline(stream, line);)
        result.push_back(line);
    return result;
}

} // namespace

Stack::Stack(int instances, Variables environment) : directory_(fresh_directory())
{
    std::tie(guard_, guard_pipe_) = start_guard(directory_);
    auto const secret = random_secret();
    environment.emplace_back("API_SECRET_KEY", secret);
    auto const up = run({script(), "up", "--dir", directory_, "--port", port(), "--bin", bin_directory(),
                         "--instances", std::to_string(instances)},
                        environment);
    if (up.exit_code != 0) throw std::runtime_error("scripts/stack up: " + up.output);

    auto const shown = run({"bash", "-c",
                            R"sh(eval "$("$0" env --dir "$1")"
                                 printf '%s\n' "$FAREBOX_URL" "$ADMIN_DATABASE_URL" "$SUPERUSER_DATABASE_URL")sh",
                            script(), directory_});
    auto const values = lines(shown.output);
    if (shown.exit_code != 0 || values.size() != 3) {
        throw std::runtime_error("scripts/stack env: " + shown.output);
    }
    superuser_url_ = values[2];
    former_ = retarget(
        {.url = values[0], .database_url = values[1], .service_key = secret, .directory = directory_});
}

Stack::~Stack()
{
    retarget(std::move(former_));
    ::close(guard_pipe_);
    while (::waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void Stack::part(std::string const& verb) const
{
    auto const ended = run({script(), verb, "--dir", directory_});
    if (ended.exit_code != 0) throw std::runtime_error("scripts/stack " + verb + ": " + ended.output);
}

void Stack::postgres_stop()
{
    part("postgres-stop");
}

void Stack::postgres_kill()
{
    part("postgres-kill");
}

void Stack::postgres_start()
{
    part("postgres-start");
}

int Stack::terminate_backends()
{
    auto const ended = Database(superuser_url_)
                           .integer("select count(pg_terminate_backend(pid)) from pg_stat_activity "
                                    "where usename = 'farebox_app'");
    return static_cast<int>(ended);
}

void Stack::terminate_backend()
{
    Database(superuser_url_)
        .rows("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'farebox_app' "
              "order by random() limit 1");
}

bool Stack::kill_backend()
{
    // The checkpointer is one of those that go, so a new one tells that the server is another one than
    // before.
    auto const* const sql =
        "select coalesce((select pid from pg_stat_activity where usename = 'farebox_app' order by "
        "random() limit 1), 0), (select pid from pg_stat_activity where backend_type = 'checkpointer')";
    auto const before = Database(superuser_url_).rows(sql).at(0);
    auto const victim = std::stoi(before[0].value());
    if (victim == 0) return false;
    ::kill(victim, SIGKILL);
    // One that was just leaving by itself, after its handler say, takes nobody along.
    auto const unharmed_at = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    auto is_another = false;
    auto const answers = eventually(std::chrono::seconds(30), [&] {
        try {
            auto const now = Database(superuser_url_).rows(sql).at(0)[1];
            is_another = now && now != before[1];
            return is_another || (now && std::chrono::steady_clock::now() > unharmed_at);
        } catch (std::runtime_error const&) {
            return false; // not yet
        }
    });
    if (!answers)
        throw std::runtime_error("Postgres did not come back after one of its processes was killed");
    return is_another;
}

void Stack::set(std::string const& name, std::optional<std::string> const& value)
{
    auto superuser = Database(superuser_url_);
    superuser.rows(value ? "alter system set " + name + " = '" + *value + "'" : "alter system reset " + name);
    superuser.rows("select pg_reload_conf()");
}

std::string Stack::data_directory() const
{
    return Database(superuser_url_).value("show data_directory").value();
}

std::vector<pid_t> handler_processes(std::string const& name)
{
    auto activator = pid_t{0};
    std::ifstream(target().directory + "/pids/activator") >> activator;
    return children_of(activator, name);
}

} // namespace support
