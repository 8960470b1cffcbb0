#include "shared/server/workers.hpp"

#include "shared/base/log.hpp"

#include <system_error>
#include <utility>

namespace server {

Workers::Workers(std::size_t threads_max, Wait wait, Work work)
    : threads_max_(threads_max), wait_(std::move(wait)), work_(std::move(work))
{
}

Workers::~Workers()
{
    join();
}

void Workers::start()
{
    auto const lock = std::lock_guard(mutex_);
    threads_.emplace_back([this] { run(); });
    ++running_;
}

void Workers::run()
{
    while (auto const work = wait_()) {
        if (++busy_ >= running_ && running_ < threads_max_) start_another();
        work_(*work);
        --busy_;
    }
}

void Workers::start_another()
{
    auto const lock = std::lock_guard(mutex_);
    if (busy_ < running_ || running_ >= threads_max_) return; // somebody else just did
    try {
        threads_.emplace_back([this] { run(); });
        ++running_;
    } catch (std::system_error const&) {
        base::log::event(base::log::Level::warning, "threads_exhausted");
    }
}

void Workers::join()
{
    // A thread that still works may start another one meanwhile.
    for (;;) {
        auto threads = std::vector<std::thread>();
        {
            auto const lock = std::lock_guard(mutex_);
            threads.swap(threads_);
        }
        if (threads.empty()) break;
        for (auto& thread : threads)
            thread.join();
    }
    running_ = 0;
}

} // namespace server
