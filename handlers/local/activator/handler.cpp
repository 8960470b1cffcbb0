// Starting processes and noticing how they ended.
#include "handlers/local/activator/handler.hpp"

#include "handlers/local/activator/environment.hpp"
#include "handlers/local/activator/listener.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <limits>
#include <stdexcept>

namespace activator {
namespace {

constexpr auto pause_after_failure = std::chrono::milliseconds(200);

// Nobody is idle that soon: a process that leaves so quickly, even with success, is paused for too, or a
// waiting connection would have it started in a tight loop.
constexpr auto shortest_life = std::chrono::seconds(1);

constexpr int exit_not_executable = 127;

std::string describe(int status)
{
    if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
    return "ended with exit code " + std::to_string(WEXITSTATUS(status));
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char const* program, char* const* environment, int listener, int log, pid_t parent)
{
    // Nothing outlives the activator, not even when it is killed. The second look is for a parent that died
    // before the first line.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(0);

    auto none = sigset_t{};
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);

    if (log >= 0) dup2(log, STDERR_FILENO);
    // Our standard output belongs to whoever waits for the ready line; a handler must not hold it open.
    dup2(STDERR_FILENO, STDOUT_FILENO);
    dup2(listener, STDIN_FILENO);
    // Whoever started the activator may have left it descriptors of its own.
    close_range(STDERR_FILENO + 1, std::numeric_limits<unsigned>::max(), 0);
    auto arguments = std::array<char*, 2>{const_cast<char*>(program), nullptr};
    execve(program, arguments.data(), environment);
    _exit(exit_not_executable);
}

} // namespace

Handler::Handler(std::string name, Settings const& settings)
    : name_(std::move(name)), settings_(settings), program_(settings.bin_dir / name_),
      socket_path_(settings.run_dir / (name_ + ".sock")),
      instances_(static_cast<std::size_t>(settings.instances))
{
    if (access(program_.c_str(), X_OK) != 0)
        throw std::runtime_error(program_.string() + ": " + std::strerror(errno));
    refresh_environment();
    socket_ = listen_at(socket_path_);
}

bool Handler::awake() const
{
    return std::any_of(instances_.begin(), instances_.end(), [](auto const& i) { return i.process != 0; });
}

int Handler::awaited(Clock::time_point now) const
{
    return awake() || now < pause_until_ ? -1 : socket_.number();
}

std::optional<Clock::time_point> Handler::due() const
{
    // Asleep: then the end of the pause is when the socket is awaited again.
    auto const failed =
        std::any_of(instances_.begin(), instances_.end(), [](auto const& i) { return i.failed; });
    if (!failed) return std::nullopt;
    return pause_until_;
}

void Handler::wake(Clock::time_point now)
{
    for (auto& instance : instances_)
        if (instance.process == 0) start(instance, now);
}

void Handler::tend(Clock::time_point now)
{
    if (now < pause_until_) return;
    auto const serving = awake();
    for (auto& instance : instances_) {
        if (!instance.failed) continue;
        instance.failed = false;
        if (serving) start(instance, now);
    }
}

bool Handler::ended(pid_t process, int status, Clock::time_point now)
{
    auto const instance = std::find_if(instances_.begin(), instances_.end(),
                                       [&](auto const& candidate) { return candidate.process == process; });
    if (instance == instances_.end()) return false;
    instance->process = 0;
    auto const clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    instance->failed = !clean || now - instance->started < shortest_life;
    if (instance->failed) pause_until_ = now + pause_after_failure;
    if (!clean) std::cerr << "activator: " << name_ << " " << describe(status) << std::endl;
    return true;
}

void Handler::signal(int number) const
{
    for (auto const& instance : instances_)
        if (instance.process != 0) kill(instance.process, number);
}

void Handler::close()
{
    unlink(socket_path_.c_str());
    socket_.reset();
}

server::Descriptor Handler::open_log() const
{
    if (!settings_.log_dir) return {};
    auto const path = *settings_.log_dir / (name_ + ".log");
    auto log = server::Descriptor(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!log.open()) std::cerr << "activator: " << path.string() << ": " << std::strerror(errno) << std::endl;
    return log;
}

void Handler::refresh_environment()
{
    auto const written = std::filesystem::last_write_time(program_);
    if (written == environment_of_ && !environment_.empty()) return;
    environment_ = environment_of(program_);
    environment_of_ = written;
}

void Handler::start(Instance& instance, Clock::time_point now)
{
    try {
        refresh_environment();
    } catch (std::exception const& failure) {
        // In the middle of an upgrade. What is known still is better than no answer at all.
        std::cerr << "activator: " << failure.what() << std::endl;
    }
    auto environment = std::vector<char*>();
    for (auto& variable : environment_)
        environment.push_back(variable.data());
    environment.push_back(nullptr);
    // Opened for each start, so that a log that was rotated away is left behind.
    auto const log = open_log();
    auto const parent = getpid();
    auto const process = fork();
    if (process == 0) become(program_.c_str(), environment.data(), socket_.number(), log.number(), parent);
    instance.started = now;
    instance.failed = process < 0;
    if (process > 0) {
        instance.process = process;
        return;
    }
    pause_until_ = now + pause_after_failure;
    std::cerr << "activator: " << name_ << " cannot be started: " << std::strerror(errno) << std::endl;
}

} // namespace activator
