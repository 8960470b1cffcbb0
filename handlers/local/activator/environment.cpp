#include "handlers/local/activator/environment.hpp"

#include "shared/server/descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace activator {
namespace {

using server::Descriptor;

constexpr auto patience = std::chrono::seconds(5);
constexpr std::string_view unless_word = " unless "; // config::written

// Paths and languages, certificates of TLS, malloc, and the sanitizers of a build that has them.
bool is_for_any_program(std::string_view name)
{
    constexpr auto names =
        std::array<std::string_view, 9>{"PATH",          "TZ",           "LANG",
                                        "LC_ALL",        "TMPDIR",       "LD_LIBRARY_PATH",
                                        "SSL_CERT_FILE", "SSL_CERT_DIR", "MALLOC_ARENA_MAX"};
    return std::find(names.begin(), names.end(), name) != names.end() || name.ends_with("SAN_OPTIONS");
}

// "" where it is not set, or set to nothing.
std::string_view value_of(std::string_view name)
{
    for (auto const* const* variable = environ; *variable != nullptr; ++variable) {
        auto const text = std::string_view(*variable);
        if (auto const equals = text.find('='); text.substr(0, equals) == name)
            return text.substr(equals + 1);
    }
    return {};
}

// There, or as a file where systemd puts secrets.
bool is_set(std::string const& name)
{
    auto const credentials = value_of("CREDENTIALS_DIRECTORY");
    auto ignored = std::error_code();
    return !value_of(name).empty() ||
           (!credentials.empty() &&
            std::filesystem::exists(std::filesystem::path(credentials) / name, ignored));
}

std::vector<std::string> chosen(std::vector<std::string> const& needed)
{
    auto variables = std::vector<std::string>();
    for (auto const* const* variable = environ; *variable != nullptr; ++variable) {
        auto const text = std::string_view(*variable);
        auto const name = text.substr(0, text.find('='));
        if (is_for_any_program(name) || std::find(needed.begin(), needed.end(), name) != needed.end())
            variables.emplace_back(text);
    }
    return variables;
}

// Starts `program --needs` with its output at `out`. Between fork and exec there are only calls that are safe there.
pid_t ask(std::filesystem::path const& program, Descriptor const& out)
{
    auto variables = chosen({});
    auto environment = std::vector<char*>();
    for (auto& variable : variables)
        environment.push_back(variable.data());
    environment.push_back(nullptr);
    auto name = program.string();
    auto question = std::string("--needs");
    auto arguments = std::array<char*, 3>{name.data(), question.data(), nullptr};
    auto const nothing = Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));

    auto const process = fork();
    if (process != 0) return process;
    auto none = sigset_t{};
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(nothing.number(), STDIN_FILENO);
    dup2(out.number(), STDOUT_FILENO);
    close_range(STDERR_FILENO + 1, std::numeric_limits<unsigned>::max(), 0);
    execve(arguments[0], arguments.data(), environment.data());
    _exit(127);
}

// All that comes until the other side closes; false when that takes too long.
bool read_all(Descriptor const& in, std::string& text)
{
    auto const until = std::chrono::steady_clock::now() + patience;
    for (auto chunk = std::array<char, 4096>();;) {
        auto const left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        auto wait = pollfd{.fd = in.number(), .events = POLLIN, .revents = 0};
        auto const ready = poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        auto const count = read(in.number(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count == 0;
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
}

} // namespace

std::vector<std::string> environment_of(std::filesystem::path const& program)
{
    auto const fail = [&](std::string const& what) {
        throw std::runtime_error(program.string() + " --needs: " + what);
    };
    auto ends = std::array<int, 2>();
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail(std::strerror(errno));
    auto const in = Descriptor(ends[0]);
    auto out = Descriptor(ends[1]);
    auto const process = ask(program, out);
    if (process < 0) fail(std::strerror(errno));
    out.reset();

    auto text = std::string();
    auto const told = read_all(in, text);
    if (!told) kill(process, SIGKILL);
    auto status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    if (!told || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("does not tell which variables it reads; is it a handler?");

    auto needed = std::vector<std::string>();
    auto lines = std::istringstream(text);
    for (auto line = std::string(); std::getline(lines, line);) {
        auto const unless = line.find(unless_word);
        if (unless == std::string::npos)
            needed.push_back(line);
        else if (!is_set(line.substr(unless + unless_word.size())))
            needed.push_back(line.substr(0, unless));
    }
    return chosen(needed);
}

} // namespace activator
