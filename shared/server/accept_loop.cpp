// Three ways that threads wait here:
//
//   workers      all of them wait for the same set of descriptors: the listening socket and the connections
//                that have nothing to say. The kernel wakes the one that slept last, which serves the request
//                it was woken for. No thread hands work to another, and an idle connection costs none.
//   this thread  waits for the stop, for connections whose request has arrived in part (a peer that sends a
//                byte a second costs no worker), and for the moments when something has waited too long.
//   nobody       once a connection was handed to a worker it is in no set until the worker puts it back.

#include "shared/server/accept_loop.hpp"

#include "shared/base/clock.hpp"
#include "shared/base/log.hpp"
#include "shared/server/waiting.hpp"
#include "shared/server/workers.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <thread>

namespace server {
namespace {

using Clock = Waiting::Clock;
using Id = Waiting::Id;
using namespace std::chrono_literals;

// After running out of descriptors: the listening socket stays readable, so without a pause accepting would
// spin until a connection is closed.
constexpr auto descriptors_pause = 50ms;

constexpr auto minute = 60s;

constexpr Id listener_id = 0;
constexpr Id leave_id = 1;
constexpr Id first_connection_id = 2;

Descriptor an_event()
{
    auto event = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event.open()) throw std::system_error(errno, std::generic_category(), "eventfd");
    return event;
}

void clear(Descriptor const& event)
{
    auto ignored = eventfd_t{};
    eventfd_read(event.number(), &ignored);
}

void make_ready(int listener)
{
    auto listens = 0;
    auto size = socklen_t{sizeof listens};
    if (getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || listens == 0)
        throw std::system_error(EINVAL, std::generic_category(), "listening socket");
    auto const flags = fcntl(listener, F_GETFL);
    if (flags < 0 || fcntl(listener, F_SETFL, flags | O_NONBLOCK) < 0)
        throw std::system_error(errno, std::generic_category(), "listening socket");
}

bool readable(int descriptor)
{
    auto wait = pollfd{.fd = descriptor, .events = POLLIN, .revents = 0};
    return poll(&wait, 1, 0) > 0;
}

class Loop {
  public:
    Loop(LoopOptions const& options, Protocol const& protocol)
        : options_(options), protocol_(protocol), last_closed_(Clock::now()),
          workers_(
              static_cast<std::size_t>(options.workers), [this] { return next(); },
              [this](Id id) { work(id); })
    {
        make_ready(options.listen_fd);
        quiet_.watch_always(leave_id, leave_.number());
    }

    Ended run()
    {
        workers_.start();
        listen();
        for (;;) {
            if (wait(idle_exit_time())) return stopped();
            if (Clock::now() >= idle_exit_time() && left()) {
                options_.each_minute();
                return Ended::idle;
            }
        }
    }

  private:
    // --- workers ----------------------------------------------------------------------------------------

    std::optional<Id> next()
    {
        for (;;) {
            auto const id = quiet_.wait(-1);
            if (id == leave_id) return {};
            if (id) return id;
        }
    }

    void work(Id id)
    {
        if (id == listener_id) return accept_one();
        // Not there any more: it has been silent for too long, and was closed just now.
        if (auto one = quiet_.take(id); one.connection.open()) look_at(id, std::move(one.connection));
    }

    void accept_one()
    {
        ++open_; // before it exists: a loop that is about to leave must not overlook it
        auto connection = Descriptor(accept4(options_.listen_fd, nullptr, nullptr, SOCK_CLOEXEC));
        auto const error = connection.open() ? 0 : errno;
        if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
            base::log::event(base::log::Level::warning, "descriptors_exhausted");
            std::this_thread::sleep_for(descriptors_pause);
        }
        listen();
        if (connection.open())
            look_at(next_id_++, std::move(connection));
        else
            closed(); // another process was faster, or the peer has left again
    }

    void look_at(Id id, Descriptor connection)
    {
        switch (protocol_.arrival(connection.number())) {
        case Arrival::whole:
            connection = protocol_.serve(std::move(connection));
            break;
        case Arrival::part:
            return put(partial_, id, std::move(connection));
        case Arrival::never:
            connection.reset();
            break;
        case Arrival::nothing:
            break;
        }
        if (connection.open())
            put(quiet_, id, std::move(connection));
        else
            closed();
    }

    void put(Waiting& where, Id id, Descriptor connection)
    {
        try {
            where.put(id, std::move(connection));
        } catch (std::system_error const&) {
            base::log::event(base::log::Level::warning, "descriptors_exhausted");
            closed();
        }
    }

    void listen()
    {
        if (!stopping_) quiet_.watch_once(listener_id, options_.listen_fd);
    }

    void closed(std::size_t count = 1)
    {
        if (count == 0) return;
        last_closed_ = Clock::now();
        if (open_.fetch_sub(count) == count && stopping_) eventfd_write(all_closed_.number(), 1);
    }

    // --- this thread ------------------------------------------------------------------------------------

    // Waits until `moment`, or for something that may change it. Whether a stop was asked for.
    bool wait(Clock::time_point moment)
    {
        auto waits = std::array<pollfd, 3>{{
            {.fd = stopping_ ? -1 : options_.stop_fd, .events = POLLIN, .revents = 0},
            {.fd = partial_.number(), .events = POLLIN, .revents = 0},
            {.fd = all_closed_.number(), .events = POLLIN, .revents = 0},
        }};
        auto const until = std::min(moment, next_sweep());
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        auto const ready = poll(waits.data(), waits.size(), static_cast<int>(std::max<long>(left, 0)));
        if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
        if (ready > 0 && waits[1].revents != 0) look_at_partial();
        sweep();
        return ready > 0 && waits[0].revents != 0;
    }

    void look_at_partial()
    {
        while (auto const id = partial_.wait(0)) {
            auto const number = partial_.number_of(*id);
            if (!number) continue;
            auto const arrival = protocol_.arrival(*number);
            if (arrival == Arrival::part) continue;
            auto one = partial_.take(*id);
            // A worker finds it whole.
            if (arrival == Arrival::never)
                closed();
            else
                put(quiet_, *id, std::move(one.connection));
        }
    }

    // At least once a silence_max: a new connection does not wake this thread.
    Clock::time_point next_sweep() const
    {
        auto moment = Clock::now() + options_.silence_max;
        if (auto const oldest = partial_.oldest()) moment = std::min(moment, *oldest + options_.arrival_max);
        return moment;
    }

    void sweep()
    {
        auto const now = Clock::now();
        if (now >= next_minute_) {
            options_.each_minute();
            next_minute_ = now + minute;
        }
        closed(partial_.close_older(now - options_.arrival_max));
        closed(quiet_.close_older(now - options_.silence_max));
    }

    // While a connection is open nobody knows: it is looked at again a full idle_exit later.
    Clock::time_point idle_exit_time() const
    {
        if (options_.idle_exit == 0ms) return Clock::time_point::max();
        return (open_ > 0 ? Clock::now() : last_closed_.load()) + options_.idle_exit;
    }

    // Ends the workers unless there is something to do after all, which is then served here, not by a cold
    // start.
    bool left()
    {
        if (open_ > 0 || readable(options_.listen_fd)) return false;
        stop_listening();
        end_workers();
        if (open_ == 0) return true;
        clear(leave_);
        clear(all_closed_);
        stopping_ = false;
        workers_.start();
        listen();
        return false;
    }

    Ended stopped()
    {
        auto const deadline = Clock::now() + options_.drain;
        stop_listening();
        while (open_ > 0) {
            if (Clock::now() >= deadline) overdue();
            wait(deadline);
        }
        end_workers();
        options_.each_minute();
        return Ended::stopped;
    }

    void stop_listening()
    {
        stopping_ = true;
        quiet_.unwatch(options_.listen_fd);
    }

    void end_workers()
    {
        eventfd_write(leave_.number(), 1); // stays readable, so each of them sees it
        workers_.join();
    }

    [[noreturn]] void overdue() const
    {
        base::log::event(base::log::Level::error, "drain_overdue",
                         {{"drain_ms", std::int64_t{options_.drain.count()}}});
        std::_Exit(1);
    }

    LoopOptions const& options_;
    Protocol const& protocol_;
    Clock::time_point next_minute_ = Clock::now() + minute;
    Descriptor leave_ = an_event();
    Descriptor all_closed_ = an_event();
    std::atomic<bool> stopping_{false};
    std::atomic<std::size_t> open_{0};
    std::atomic<Id> next_id_{first_connection_id};
    std::atomic<Clock::time_point> last_closed_;
    Waiting quiet_{Waiting::Tell::once};
    Waiting partial_{Waiting::Tell::arrival};
    Workers workers_; // last: its threads use all of the above
};

} // namespace

Ended accept_loop(LoopOptions const& options, Protocol const& protocol)
{
    return Loop(options, protocol).run();
}

} // namespace server
