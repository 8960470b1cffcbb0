#include "shared/server/waiting.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace server {
namespace {

constexpr std::uint32_t something = EPOLLIN | EPOLLRDHUP;

[[noreturn]] void fail(char const* what)
{
    throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

Waiting::Waiting(Tell tell) : tell_(tell), epoll_(epoll_create1(EPOLL_CLOEXEC))
{
    if (!epoll_.open()) fail("epoll_create1");
}

std::optional<Waiting::Id> Waiting::wait(int timeout_ms)
{
    // One at a time: what this thread does not take is for the next one.
    auto event = epoll_event{};
    if (epoll_wait(epoll_.number(), &event, 1, timeout_ms) != 1) return {};
    return Id{event.data.u64};
}

void Waiting::control(int operation, int descriptor, std::uint32_t events, Id id) const
{
    auto event = epoll_event{.events = events, .data = {.u64 = id}};
    if (epoll_ctl(epoll_.number(), operation, descriptor, &event) == 0) return;
    // A connection seen for the first time is not known yet, and one that only came back already is.
    if (operation == EPOLL_CTL_MOD && errno == ENOENT) return control(EPOLL_CTL_ADD, descriptor, events, id);
    if (operation == EPOLL_CTL_ADD && errno == EEXIST) return;
    fail("epoll_ctl");
}

void Waiting::put(Id id, Descriptor connection, Clock::time_point since)
{
    auto const descriptor = connection.number();
    // Under the lock: nobody may take it, close it and have its number given to another connection before it
    // is registered.
    auto const lock = std::lock_guard(mutex_);
    auto const place = connections_.insert_or_assign(id, One{std::move(connection), since}).first;
    // To modify tells at once of what lies unread: that is what one that is told once needs, and the other
    // kind must not have.
    try {
        if (tell_ == Tell::once)
            control(EPOLL_CTL_MOD, descriptor, something | EPOLLONESHOT, id);
        else
            control(EPOLL_CTL_ADD, descriptor, something | EPOLLET, id);
    } catch (...) {
        connections_.erase(place);
        throw;
    }
}

Waiting::One Waiting::take(Id id)
{
    auto const lock = std::lock_guard(mutex_);
    auto node = connections_.extract(id);
    if (node.empty()) return {};
    // One that was told once says nothing more until it is put back.
    if (tell_ == Tell::arrival) unwatch(node.mapped().connection.number());
    return std::move(node.mapped());
}

std::optional<int> Waiting::number_of(Id id) const
{
    auto const lock = std::lock_guard(mutex_);
    auto const found = connections_.find(id);
    if (found == connections_.end()) return {};
    return found->second.connection.number();
}

std::size_t Waiting::close_older(Clock::time_point moment)
{
    auto const lock = std::lock_guard(mutex_);
    return std::erase_if(connections_, [&](auto const& entry) { return entry.second.since < moment; });
}

std::optional<Waiting::Clock::time_point> Waiting::oldest() const
{
    auto const lock = std::lock_guard(mutex_);
    auto const first =
        std::min_element(connections_.begin(), connections_.end(),
                         [](auto const& a, auto const& b) { return a.second.since < b.second.since; });
    if (first == connections_.end()) return {};
    return first->second.since;
}

void Waiting::watch_once(Id id, int descriptor)
{
    control(EPOLL_CTL_MOD, descriptor, EPOLLIN | EPOLLONESHOT, id);
}

void Waiting::watch_always(Id id, int descriptor)
{
    control(EPOLL_CTL_MOD, descriptor, EPOLLIN, id);
}

void Waiting::unwatch(int descriptor)
{
    epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, descriptor, nullptr);
}

} // namespace server
