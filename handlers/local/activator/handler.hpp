// One handler program: its socket and its processes.
//
//   asleep    no process runs; the activator waits for a connection
//   awake     processes run and accept for themselves; the activator leaves the socket alone
//
// A process that leaves by itself (idle exit) stays away until all of them have left and a connection comes.
// One that fails comes back after a pause, however often: a request that crashes a handler must not close the
// endpoint for everyone else.
//
// A process gets the variables that its program needs (environment.hpp), and is asked again when the file has changed.
#pragma once

#include "shared/server/descriptor.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace activator {

using Clock = std::chrono::steady_clock;

struct Settings {
    std::filesystem::path run_dir;
    std::filesystem::path bin_dir;
    std::optional<std::filesystem::path> log_dir; // empty: processes write to our standard error
    int instances = 1;                            // processes a handler, all accepting from its one socket
};

class Handler {
  public:
    // Listens at run_dir/<name>.sock for bin_dir/<name>. `settings` must outlive this. Throws
    // std::runtime_error when the program or the socket is not usable.
    Handler(std::string name, Settings const& settings);

    // The socket when a connection on it is awaited, else -1.
    int awaited(Clock::time_point now) const;

    // When there is something to do without a connection; empty: never.
    std::optional<Clock::time_point> due() const;

    // A connection waits: starts all processes.
    void wake(Clock::time_point now);

    // Starts again what failed, when its pause is over.
    void tend(Clock::time_point now);

    // Notes that a process ended; false when it was none of this handler's.
    bool ended(pid_t process, int status, Clock::time_point now);

    // Sends a signal to every process that runs.
    void signal(int number) const;

    bool awake() const;

    // No new connection from now on: the file is gone and our end is closed.
    void close();

  private:
    struct Instance {
        pid_t process = 0; // 0: none
        Clock::time_point started;
        bool failed = false;
    };

    void start(Instance& instance, Clock::time_point now);
    void refresh_environment();
    server::Descriptor open_log() const;

    std::string name_;
    Settings const& settings_;
    std::filesystem::path program_;
    std::vector<std::string> environment_;           // for its processes
    std::filesystem::file_time_type environment_of_; // the program of that time
    std::filesystem::path socket_path_;
    server::Descriptor socket_;
    std::vector<Instance> instances_;
    Clock::time_point pause_until_;
};

} // namespace activator
