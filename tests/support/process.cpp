#include "tests/support/process.hpp"

#include "tests/support/eventually.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace support {
namespace {

namespace fs = std::filesystem;

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    auto result = std::vector<char*>();
    for (auto& text : texts)
        result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> environment_with(Variables const& variables)
{
    auto result = std::vector<std::string>();
    for (auto** entry = environ; *entry != nullptr; ++entry) {
        auto const text = std::string(*entry);
        auto const overridden = std::any_of(variables.begin(), variables.end(), [&](auto const& variable) {
            return text.starts_with(variable.first + "=");
        });
        if (!overridden) result.push_back(text);
    }
    for (auto const& [name, value] : variables)
        result.push_back(name + "=" + value);
    return result;
}

// A file whole; empty when it cannot be read. A file of /proc may fail in mid-read, when its process goes,
// and the iterators of a stream would throw then.
std::string content(fs::path const& path)
{
    auto text = std::ostringstream();
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// Output of a child goes into memory, not through a pipe: a daemon that a script leaves behind may keep the
// descriptor open, and a reader of a pipe would then wait for it for ever.
class Capture {
  public:
    Capture() : fd_(::memfd_create("output", MFD_CLOEXEC))
    {
        if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
    }
    ~Capture() { ::close(fd_); }
    Capture(Capture const&) = delete;
    Capture& operator=(Capture const&) = delete;

    int fd() const { return fd_; }
    std::string text() const { return content("/proc/self/fd/" + std::to_string(fd_)); }

  private:
    int fd_;
};

pid_t start(std::vector<std::string> command, Variables const& variables, int output)
{
    auto environment = environment_with(variables);
    auto const arguments = pointers(command);
    auto const entries = pointers(environment);
    auto actions = posix_spawn_file_actions_t{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    auto pid = pid_t{0};
    auto const error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), entries.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::system_error(error, std::generic_category(), command[0]);
    return pid;
}

// The name of a process; empty when it has gone or ended.
std::string name_of(pid_t process)
{
    auto const line = content("/proc/" + std::to_string(process) + "/stat");
    auto const open = line.find('(');
    auto const close = line.rfind(')');
    if (open == std::string::npos || close == std::string::npos) return "";
    auto state = char{};
    std::istringstream(line.substr(close + 1)) >> state;
    return state == 'Z' ? "" : line.substr(open + 1, close - open - 1);
}

std::string read_available(int descriptor)
{
    auto text = std::string();
    auto chunk = std::array<char, 4096>();
    for (;;) {
        auto const count = read(descriptor, chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(count));
    }
}

} // namespace

Ended run(std::vector<std::string> const& command, Variables const& variables)
{
    auto const capture = Capture();
    auto const pid = start(command, variables, capture.fd());
    auto status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    auto const exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return {.exit_code = exit_code, .output = capture.text()};
}

Process::Process(Start const& start)
{
    auto arguments = std::vector<std::string>{start.program.string()};
    arguments.insert(arguments.end(), start.arguments.begin(), start.arguments.end());
    auto environment = std::vector<std::string>();
    for (auto const& [name, value] : start.environment)
        environment.push_back(name + "=" + value);
    auto const argument_pointers = pointers(arguments);
    auto const environment_pointers = pointers(environment);

    auto out = std::array<int, 2>();
    auto err = std::array<int, 2>();
    if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("pipe");
    auto const nothing = Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
    auto const in = start.in >= 0 ? start.in : nothing.number();

    id_ = fork();
    if (id_ < 0) throw std::runtime_error("fork");
    if (id_ == 0) {
        dup2(in, STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    out_ = Descriptor(out[0]);
    err_ = Descriptor(err[0]);
    for (auto const* const end : {&out_, &err_})
        fcntl(end->number(), F_SETFL, O_NONBLOCK);
}

Process::~Process()
{
    if (id_ == 0) return;
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
}

void Process::signal(int number) const
{
    if (id_ != 0) kill(id_, number);
}

int Process::wait()
{
    // Read meanwhile, or a full pipe would keep it from ending.
    auto const ended = eventually([this] {
        output();
        errors();
        return waitpid(id_, &status_, WNOHANG) == id_;
    });
    if (!ended) return -1000;
    id_ = 0;
    return WIFSIGNALED(status_) ? -WTERMSIG(status_) : WEXITSTATUS(status_);
}

std::string Process::output()
{
    return output_ += read_available(out_.number());
}

std::string Process::errors()
{
    return errors_ += read_available(err_.number());
}

std::string Process::output_line()
{
    eventually([this] { return output().find('\n') != std::string::npos; });
    auto const end = output_.find('\n');
    if (end == std::string::npos) return {};
    auto line = output_.substr(0, end);
    output_.erase(0, end + 1);
    return line;
}

std::vector<pid_t> children_of(pid_t parent)
{
    auto result = std::vector<pid_t>();
    auto const process = std::to_string(parent);
    auto children = std::istringstream(content("/proc/" + process + "/task/" + process + "/children"));
    for (auto child = pid_t{0}; children >> child;)
        result.push_back(child);
    return result;
}

std::vector<pid_t> children_of(pid_t parent, std::string const& name)
{
    auto result = children_of(parent);
    std::erase_if(result, [&](pid_t child) { return name_of(child) != name; });
    return result;
}

bool runs(pid_t process)
{
    return !name_of(process).empty();
}

std::chrono::milliseconds cpu_time(pid_t process)
{
    auto const line = content("/proc/" + std::to_string(process) + "/stat");
    auto fields = std::istringstream(line.substr(line.rfind(')') + 2));
    auto skipped = std::string();
    // proc(5): after the name come the state and ten more fields, then user and system time.
    for (auto i = 0; i < 11; ++i)
        fields >> skipped;
    auto user = 0L;
    auto system = 0L;
    fields >> user >> system;
    return std::chrono::milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
}

} // namespace support
