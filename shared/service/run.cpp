// The life of a handler process: configuration, signals, then either the accept loop or one CGI request.

#include "shared/base/log.hpp"
#include "shared/server/accept_loop.hpp"
#include "shared/server/cgi.hpp"
#include "shared/server/fastcgi.hpp"
#include "shared/service/converse.hpp"
#include "shared/service/service.hpp"
#include "shared/service/table.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <system_error>

namespace service {
namespace {

using server::Descriptor;
using server::FastcgiRequest;

enum class Started { fastcgi, cgi };

int socket_option(int descriptor, int option)
{
    auto value = 0;
    auto size = socklen_t{sizeof value};
    return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : 0;
}

// FastCGI hands a listening socket as descriptor 0; everything else (a pipe, a file, /dev/null, a connected
// socket) is CGI. A TCP listener is refused: whoever reaches it could claim any REMOTE_ADDR, and libfcgi is
// not fit to face strangers.
Started how_started()
{
    if (socket_option(STDIN_FILENO, SO_ACCEPTCONN) == 0) return Started::cgi;
    if (socket_option(STDIN_FILENO, SO_DOMAIN) != AF_UNIX)
        throw std::runtime_error("descriptor 0 is not a Unix socket; FastCGI is served on Unix sockets only");
    return Started::fastcgi;
}

// Blocked in every thread, since they are blocked before the first one starts. SIGTERM and SIGINT are read
// from the descriptor; the others would only cut an answer in the middle of a write.
Descriptor stop_signals()
{
    auto blocked = sigset_t{};
    sigemptyset(&blocked);
    for (auto const signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE})
        sigaddset(&blocked, signal);
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);

    auto stops = sigset_t{};
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    auto descriptor = Descriptor(signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!descriptor.open()) throw std::system_error(errno, std::generic_category(), "signalfd");
    return descriptor;
}

void serve_fastcgi(std::vector<Endpoint> endpoints, config::Config const& config)
{
    auto const stop = stop_signals();
    FastcgiRequest::init();
    auto dispatcher = Dispatcher(std::move(endpoints), config);
    base::log::event(base::log::Level::info, "started",
                     {{"version", FAREBOX_VERSION}, {"workers", std::int64_t{config.workers}}});

    auto const protocol =
        server::Protocol{.arrival = server::fastcgi_arrival, .serve = [&](Descriptor connection) {
                             auto request = FastcgiRequest(std::move(connection), config.io_timeout_ms);
                             if (!request.begin() || !converse(request, dispatcher)) return Descriptor();
                             return request.end();
                         }};
    auto const ended = server::accept_loop({.listen_fd = STDIN_FILENO,
                                            .stop_fd = stop.number(),
                                            .workers = config.workers,
                                            .idle_exit = std::chrono::seconds(config.idle_exit_s),
                                            .arrival_max = std::chrono::milliseconds(config.io_timeout_ms),
                                            .each_minute = [&] { dispatcher.log_batches(); }},
                                           protocol);
    base::log::event(base::log::Level::info, "stopped",
                     {{"why", ended == server::Ended::idle ? "idle" : "signal"}});
}

void answer_cgi(std::vector<Endpoint> endpoints, config::Config config)
{
    // A client's "Proxy:" header arrives as HTTP_PROXY, which libraries read as configuration.
    unsetenv("HTTP_PROXY");
    auto exchange = server::CgiExchange(environ, STDIN_FILENO, STDOUT_FILENO);
    auto dispatcher = Dispatcher(std::move(endpoints), std::move(config));
    if (!converse(exchange, dispatcher))
        throw std::runtime_error("no whole request came; this program is started by farebox's activator, by "
                                 "a systemd socket unit or by a CGI server");
}

// Somebody who calls at a closed endpoint is recognised even where only others may, or a 403 would be a 401.
config::Needs needs_of(Program const& program)
{
    auto needs = program.needs;
    for (auto const& endpoint : program.endpoints)
        if (!endpoint.access.open) needs.callers = true;
    return needs;
}

// Answers the arguments of a person or of a script.
int tell(Program const& program, config::Needs const& needs, std::vector<std::string_view> const& arguments)
{
    if (arguments == std::vector<std::string_view>{"--endpoints"}) {
        for (auto const& endpoint : program.endpoints)
            std::cout << describe(endpoint) << '\n';
    } else if (arguments == std::vector<std::string_view>{"--needs"}) {
        for (auto const& variable : config::variables(needs))
            std::cout << config::written(variable) << '\n';
    } else {
        std::cerr << "usage: " << program.name << " [--endpoints | --needs]\n";
        return 2;
    }
    return std::cout.flush() ? 0 : 1;
}

} // namespace

int run(int count, char** arguments, Program program)
try {
    check(program);
    auto const needs = needs_of(program);
    if (count > 1 && !config::started_for_one_request())
        return tell(program, needs, std::vector<std::string_view>(arguments + 1, arguments + count));

    base::log::set_handler(std::string(program.name));
    auto const config = config::load(needs);
    if (program.prepare != nullptr) program.prepare();
    if (how_started() == Started::fastcgi)
        serve_fastcgi(std::move(program.endpoints), config);
    else
        answer_cgi(std::move(program.endpoints), config);
    return 0;
} catch (std::exception const& failure) {
    std::cerr << program.name << ": " << failure.what() << '\n';
    return 1;
}

} // namespace service
