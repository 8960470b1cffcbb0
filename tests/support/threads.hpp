// Many clients at once. Assertions are not for these threads: they return what they saw, and the test judges it.
#pragma once

#include <atomic>
#include <barrier>
#include <exception>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace support {

// Calls act(0) ... act(count - 1) from `threads` threads that start together; the results in order. The first
// exception is thrown on.
template <class Act>
auto at_once(int threads, int count, Act act) -> std::vector<std::invoke_result_t<Act, int>>
{
    auto results = std::vector<std::invoke_result_t<Act, int>>(static_cast<std::size_t>(count));
    auto next = std::atomic<int>{0};
    auto failed = std::atomic_flag();
    auto failure = std::exception_ptr();
    auto start = std::barrier<>(threads);
    auto pool = std::vector<std::jthread>();
    for (auto thread = 0; thread < threads; ++thread) {
        pool.emplace_back([&] {
            start.arrive_and_wait();
            try {
                for (auto i = next++; i < count; i = next++)
                    results[static_cast<std::size_t>(i)] = act(i);
            } catch (...) {
                if (!failed.test_and_set()) failure = std::current_exception();
            }
        });
    }
    pool.clear(); // joins
    if (failure) std::rethrow_exception(failure);
    return results;
}

} // namespace support
