// Threads that wait for work themselves, so that no other thread stands between what arrives and who serves
// it. There is always one that waits, up to a limit: who finds work and leaves nobody waiting starts another.
// Once started they stay, so a busy process pays for no thread twice.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace server {

class Workers {
  public:
    // Blocks until there is work; empty: the thread ends.
    using Wait = std::function<std::optional<std::uint64_t>()>;
    using Work = std::function<void(std::uint64_t)>;

    // Starts nothing yet. Neither function may throw.
    Workers(std::size_t threads_max, Wait wait, Work work);

    // Waits for the threads; they end when `wait` says so.
    ~Workers();

    // Starts the first thread. Throws std::system_error when the system refuses it; later refusals only mean
    // that work waits for a thread.
    void start();

    // Returns when every thread has ended. start() may follow.
    void join();

  private:
    void run();
    void start_another();

    std::size_t threads_max_;
    Wait wait_;
    Work work_;
    std::atomic<std::size_t> running_{0};
    std::atomic<std::size_t> busy_{0};
    std::mutex mutex_;
    std::vector<std::thread> threads_;
};

} // namespace server
