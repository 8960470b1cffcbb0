// The hands behind support.hpp: records byte by byte, and processes that never outlive their test.
#include "tests/unit/support/support.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace support {
namespace {

constexpr auto patience = std::chrono::seconds(10);
constexpr std::size_t record_content_max = 65'535;

char byte(std::size_t value)
{
    return static_cast<char>(static_cast<unsigned char>(value & 0xff));
}

std::string length(std::size_t value)
{
    if (value < 128) return {byte(value)};
    return {byte((value >> 24) | 0x80), byte(value >> 16), byte(value >> 8), byte(value)};
}

std::string stream(Type type, std::string_view content)
{
    auto records = std::string();
    while (!content.empty()) {
        records += record(type, content.substr(0, record_content_max));
        content.remove_prefix(std::min(content.size(), record_content_max));
    }
    return records + record(type, {});
}

sockaddr_un address_of(std::filesystem::path const& path)
{
    auto address = sockaddr_un{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) throw std::runtime_error("socket path too long");
    path.native().copy(address.sun_path, path.native().size());
    return address;
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

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    auto all = std::vector<char*>();
    for (auto& text : texts)
        all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

} // namespace

std::string record(Type type, std::string_view content)
{
    auto text = std::string{byte(1),
                            static_cast<char>(type),
                            byte(0),
                            byte(1), // request id
                            byte(content.size() >> 8),
                            byte(content.size()),
                            byte(0),
                            byte(0)};
    text += content;
    return text;
}

std::string begin_record(Keep keep)
{
    auto body = std::string(8, '\0');
    body[1] = 1; // responder
    body[2] = keep == Keep::yes ? 1 : 0;
    return record(Type::begin, body);
}

std::string params_records(Variables const& variables)
{
    auto content = std::string();
    for (auto const& [name, value] : variables)
        content += length(name.size()) + length(value.size()) + name + value;
    return stream(Type::params, content);
}

std::string body_records(std::string_view body)
{
    return stream(Type::in, body);
}

std::string request(Variables variables, std::string_view body, Keep keep)
{
    if (!body.empty()) variables.emplace_back("CONTENT_LENGTH", std::to_string(body.size()));
    return begin_record(keep) + params_records(variables) + body_records(body);
}

Variables post(std::string const& target, std::string const& key)
{
    auto variables = Variables{{"REQUEST_METHOD", "POST"},
                               {"REQUEST_URI", target},
                               {"REMOTE_ADDR", "192.0.2.7"},
                               {"CONTENT_TYPE", "application/json"}};
    if (!key.empty()) variables.emplace_back("HTTP_AUTHORIZATION", "Bearer " + key);
    return variables;
}

Variables get(std::string const& target)
{
    return {{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", target}, {"REMOTE_ADDR", "192.0.2.7"}};
}

int Reply::status() const
{
    return text.starts_with("Status: ") ? std::atoi(text.c_str() + 8) : 0;
}

std::string Reply::body() const
{
    auto const end_of_head = text.find("\r\n\r\n");
    return end_of_head == std::string::npos ? std::string() : text.substr(end_of_head + 4);
}

Reply parse_reply(std::string const& bytes)
{
    auto reply = Reply();
    auto const at = [&](std::size_t index) {
        return static_cast<std::size_t>(static_cast<unsigned char>(bytes[index]));
    };
    auto next = std::size_t{0};
    while (!reply.ended && next + 8 <= bytes.size()) {
        auto const size = at(next + 4) * 256 + at(next + 5);
        auto const end = next + 8 + size + at(next + 6);
        if (at(next + 1) == static_cast<std::size_t>(Type::out)) reply.text += bytes.substr(next + 8, size);
        reply.ended = at(next + 1) == static_cast<std::size_t>(Type::end) && end <= bytes.size();
        next = end;
    }
    if (next < bytes.size()) reply.leftover = bytes.substr(next);
    return reply;
}

Reply read_reply(int connection)
{
    auto bytes = std::string();
    auto closed = false;
    auto chunk = std::array<char, 8192>();
    for (;;) {
        auto wait = pollfd{.fd = connection, .events = POLLIN, .revents = 0};
        if (poll(&wait, 1, 5000) <= 0) break;
        auto const count = read(connection, chunk.data(), chunk.size());
        closed = count == 0;
        if (count <= 0) break;
        bytes.append(chunk.data(), static_cast<std::size_t>(count));
    }
    auto reply = parse_reply(bytes);
    reply.closed = closed;
    return reply;
}

bool send_all(int connection, std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const count = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

Directory::Directory()
{
    auto name = (std::filesystem::temp_directory_path() / "farebox-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
}

Directory::~Directory()
{
    std::filesystem::remove_all(path_);
}

Descriptor listen_at(std::filesystem::path const& path, int backlog)
{
    auto listener = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const address = address_of(path);
    if (bind(listener.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0 ||
        listen(listener.number(), backlog) != 0)
        throw std::runtime_error("cannot listen at " + path.string());
    return listener;
}

Descriptor connect_to(std::filesystem::path const& path)
{
    auto connection = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const address = address_of(path);
    if (connect(connection.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot connect to " + path.string());
    return connection;
}

std::pair<Descriptor, Descriptor> socket_pair()
{
    auto ends = std::array<int, 2>();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw std::runtime_error("socketpair");
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void SilentDatabase::wait_for_caller() const
{
    // The connection lies in the backlog and stays there; it is seen, not taken.
    auto wait = pollfd{.fd = listener_.number(), .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, 10'000) <= 0) throw std::runtime_error("nobody called the database");
}

Reply ask(std::filesystem::path const& socket, std::string_view request)
{
    auto const connection = connect_to(socket);
    send_all(connection.number(), request);
    return read_reply(connection.number());
}

std::filesystem::path program(std::string const& name)
{
    auto const here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    return std::filesystem::canonical(here / ".." / "bin") / name;
}

std::map<std::string, std::string> handler_environment()
{
    return {{"DATABASE_URL", "host=/nonexistent dbname=farebox"},
            {"API_SECRET_KEY", service_key},
            {"REQUEST_TIMEOUT_MS", "1000"}};
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
    auto const id = std::to_string(parent);
    auto file = std::ifstream("/proc/" + id + "/task/" + id + "/children");
    auto children = std::vector<pid_t>();
    for (auto child = pid_t{0}; file >> child;)
        children.push_back(child);
    return children;
}

bool runs(pid_t process)
{
    auto file = std::ifstream("/proc/" + std::to_string(process) + "/stat");
    auto line = std::string();
    if (!std::getline(file, line)) return false;
    return line.substr(line.rfind(')') + 2, 1) != "Z";
}

std::chrono::milliseconds cpu_time(pid_t process)
{
    auto file = std::ifstream("/proc/" + std::to_string(process) + "/stat");
    auto line = std::string();
    std::getline(file, line);
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

bool eventually(std::function<bool()> const& condition)
{
    auto const until = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

} // namespace support
