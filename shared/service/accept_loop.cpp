// One thread waits and accepts, the workers serve: libfcgi's own accept would block a thread a connection
// without a timeout, end silently when descriptors run out, and not notice SIGTERM until the next request.

#include "shared/service/accept_loop.hpp"

#include "shared/base/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <system_error>

namespace service {
namespace {

using Clock = Workers::Clock;

// After running out of descriptors: the listening socket stays readable, so without a pause the loop would
// spin until a worker closes one.
constexpr auto descriptors_pause = std::chrono::milliseconds(50);

class Loop {
  public:
    Loop(LoopOptions const& options, Serve serve)
        : options_(options), workers_(static_cast<std::size_t>(options.workers), std::move(serve))
    {
        auto const flags = fcntl(options.listen_fd, F_GETFL);
        if (flags < 0 || fcntl(options.listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
            throw std::system_error(errno, std::generic_category(), "listening socket");
    }

    Ended run()
    {
        for (;;) {
            auto const room = workers_.room();
            auto waits = std::array<pollfd, 2>{{
                {.fd = options_.stop_fd, .events = POLLIN, .revents = 0},
                {.fd = room ? options_.listen_fd : workers_.room_event(), .events = POLLIN, .revents = 0},
            }};
            auto const ready = poll(waits.data(), waits.size(), timeout_ms());
            if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
            if (ready > 0 && waits[0].revents != 0) return stopped();
            if (ready > 0 && room) accept_all();
            if (ready > 0 && !room) workers_.clear_room_event();
            if (ready == 0 && Clock::now() >= idle_until() && !connection_waits()) return idle();
        }
    }

  private:
    // Accepts until the backlog is empty or the workers are full, but not so long that a stop goes unheard.
    void accept_all()
    {
        for (auto taken = 0; taken < options_.workers && workers_.room(); ++taken) {
            auto connection = Descriptor(accept4(options_.listen_fd, nullptr, nullptr, SOCK_CLOEXEC));
            if (connection.open()) {
                give(std::move(connection));
                continue;
            }
            switch (errno) {
            case EAGAIN:
                return; // another process was faster, or that was all
            case EINTR:
            case ECONNABORTED:
            case EPROTO:
                continue;
            case EMFILE:
            case ENFILE:
            case ENOBUFS:
            case ENOMEM:
                pause("descriptors_exhausted");
                return;
            default:
                throw std::system_error(errno, std::generic_category(), "accept");
            }
        }
    }

    void give(Descriptor connection)
    {
        try {
            workers_.give(std::move(connection));
        } catch (std::system_error const&) {
            pause("threads_exhausted");
        }
    }

    void pause(std::string_view reason)
    {
        base::log::event(base::log::Level::warning, reason);
        auto stop = pollfd{.fd = options_.stop_fd, .events = POLLIN, .revents = 0};
        poll(&stop, 1, static_cast<int>(descriptors_pause.count()));
    }

    // While something runs the clock does not: it is looked at again a full idle_exit later, and then counts
    // from the moment the last connection ended.
    Clock::time_point idle_until() const
    {
        return workers_.idle_since().value_or(Clock::now()) + options_.idle_exit;
    }

    // Only with an idle_exit does the wait end without an event.
    int timeout_ms() const
    {
        if (options_.idle_exit.count() == 0) return -1;
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(idle_until() - Clock::now()).count();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
    }

    // One more look before leaving: what came in the meantime is served here, not by a cold start.
    bool connection_waits() const
    {
        auto wait = pollfd{.fd = options_.listen_fd, .events = POLLIN, .revents = 0};
        return poll(&wait, 1, 0) > 0;
    }

    Ended idle()
    {
        workers_.finish(base::Deadline::max());
        return Ended::idle;
    }

    Ended stopped()
    {
        if (!workers_.finish(base::deadline_in(options_.drain))) {
            base::log::event(base::log::Level::error, "drain_overdue",
                             {{"drain_ms", std::int64_t{options_.drain.count()}}});
            std::_Exit(1);
        }
        return Ended::stopped;
    }

    LoopOptions const& options_;
    Workers workers_;
};

} // namespace

Ended accept_loop(LoopOptions const& options, Serve serve)
{
    return Loop(options, std::move(serve)).run();
}

} // namespace service
