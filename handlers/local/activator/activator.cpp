// activator: owns the handlers' sockets where there is no systemd.
//
//   activator --run-dir DIR --bin-dir DIR [--instances N] [--log-dir DIR] [--user NAME] name...
//
// Listens at DIR/<name>.sock for each name, prints "activator ready", and starts BIN/<name> with the
// listening socket as descriptor 0 when the first connection comes. Since the socket stays open here, a
// connection that meets no process waits in the backlog for the next one: nothing is lost when a handler
// leaves or dies. SIGTERM and SIGINT: the sockets are removed, the handlers finish what they serve (30 s at
// most), exit 0. Exit 1 with a sentence on standard error when a directory, a program or a socket is not
// usable, 2 when the arguments are not understood.

#include "handlers/local/activator/arguments.hpp"
#include "handlers/local/activator/handler.hpp"
#include "handlers/local/activator/listener.hpp"
#include "handlers/local/activator/user.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <deque>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace activator {
namespace {

constexpr auto stop_budget = std::chrono::seconds(30);
// A socket that came to be descriptor 0, 1 or 2 would be handed on or written to by mistake.
void fill_standard_descriptors()
{
    for (auto const descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (fcntl(descriptor, F_GETFD) < 0) open("/dev/null", O_RDWR);
}

// Stop requests and ends of children are read from the descriptor. SIGPIPE is only kept away: a reader of our
// standard error that left must not take the handlers with it.
server::Descriptor take_signals()
{
    // A parent that ignored SIGCHLD would have passed that on, and no end would ever be heard of.
    struct sigaction heard = {};
    heard.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &heard, nullptr);
    auto taken = sigset_t{};
    sigemptyset(&taken);
    for (auto const number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD})
        sigaddset(&taken, number);
    auto descriptor = server::Descriptor(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!descriptor.open()) throw std::system_error(errno, std::generic_category(), "signalfd");
    sigaddset(&taken, SIGPIPE);
    sigprocmask(SIG_BLOCK, &taken, nullptr);
    return descriptor;
}

class Activator {
  public:
    // `arguments` must outlive this.
    explicit Activator(Arguments const& arguments)
        : claim_(claim_directory(arguments.settings.run_dir)), signals_(take_signals())
    {
        try {
            for (auto const& name : arguments.names)
                handlers_.emplace_back(name, arguments.settings);
        } catch (...) {
            close_all();
            throw;
        }
    }

    void run()
    {
        std::cout << "activator ready" << std::endl;
        while (!stop_asked_) {
            auto const now = Clock::now();
            for (auto& handler : handlers_)
                handler.tend(now);
            wait(now);
        }
        stop();
    }

  private:
    void wait(Clock::time_point now)
    {
        auto waits = std::vector<pollfd>{{.fd = signals_.number(), .events = POLLIN, .revents = 0}};
        auto until = std::optional<Clock::time_point>();
        for (auto const& handler : handlers_) {
            // A descriptor of -1 is one that poll() passes over.
            waits.push_back({.fd = handler.awaited(now), .events = POLLIN, .revents = 0});
            if (auto const due = handler.due()) until = std::min(*due, until.value_or(*due));
        }
        if (!poll_until(waits, until)) return;
        for (auto i = std::size_t{0}; i < handlers_.size(); ++i)
            if (waits[i + 1].revents != 0) handlers_[i].wake(Clock::now());
        if (waits[0].revents != 0) read_signals();
    }

    static bool poll_until(std::vector<pollfd>& waits, std::optional<Clock::time_point> until)
    {
        auto timeout_ms = -1;
        if (until) {
            auto const left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now()).count();
            timeout_ms = static_cast<int>(std::max<std::int64_t>(left, 0));
        }
        auto const ready = poll(waits.data(), waits.size(), timeout_ms);
        if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
        return ready > 0;
    }

    void read_signals()
    {
        auto info = signalfd_siginfo{};
        while (read(signals_.number(), &info, sizeof info) == sizeof info)
            if (info.ssi_signo != SIGCHLD) stop_asked_ = true;
        // One SIGCHLD may stand for many ends.
        auto status = 0;
        for (auto process = waitpid(-1, &status, WNOHANG); process > 0;
             process = waitpid(-1, &status, WNOHANG))
            for (auto& handler : handlers_)
                if (handler.ended(process, status, Clock::now())) break;
    }

    bool any_awake() const
    {
        return std::any_of(handlers_.begin(), handlers_.end(), [](auto const& h) { return h.awake(); });
    }

    void signal_all(int number) const
    {
        for (auto const& handler : handlers_)
            handler.signal(number);
    }

    void close_all()
    {
        for (auto& handler : handlers_)
            handler.close();
    }

    // The sockets go first: a client is better told at once than left waiting in a backlog nobody will serve.
    void stop()
    {
        close_all();
        signal_all(SIGTERM);
        auto const until = Clock::now() + stop_budget;
        while (any_awake()) {
            if (Clock::now() >= until) signal_all(SIGKILL);
            auto waits = std::vector<pollfd>{{.fd = signals_.number(), .events = POLLIN, .revents = 0}};
            auto const next = std::max(until, Clock::now() + std::chrono::milliseconds(100));
            if (poll_until(waits, next)) read_signals();
        }
    }

    server::Descriptor claim_;
    server::Descriptor signals_;
    std::deque<Handler> handlers_;
    bool stop_asked_ = false;
};

} // namespace
} // namespace activator

int main(int count, char** values)
try {
    auto arguments = activator::parse(count, values);
    if (arguments.help) {
        std::cout << activator::usage();
        return 0;
    }
    activator::fill_standard_descriptors();
    auto logs = server::Descriptor();
    if (arguments.user) logs = activator::become_user(*arguments.user, arguments.settings);
    activator::Activator(arguments).run();
    return 0;
} catch (activator::UsageError const& mistake) {
    std::cerr << "activator: " << mistake.what() << "\n\n" << activator::usage();
    return 2;
} catch (std::exception const& failure) {
    std::cerr << "activator: " << failure.what() << std::endl;
    return 1;
}
