// Takes connections from the listening socket and gives each to a worker.
#pragma once

#include "shared/service/workers.hpp"

#include <chrono>

namespace service {

struct LoopOptions {
    int listen_fd; // a listening Unix socket; made non-blocking here, since other processes may accept from
                   // it
    int stop_fd;   // readable: stop accepting, finish what runs, return
    int workers;   // connections served at the same time; more wait in the backlog
    std::chrono::milliseconds idle_exit{0};  // return after so long without a connection; 0: never
    std::chrono::milliseconds drain{25'000}; // how long what runs may take after a stop
};

enum class Ended { stopped, idle };

// Runs until a stop or until nothing has happened for idle_exit. On return every accepted connection has been
// served; a connection that was not accepted stays in the backlog for the next process. Connections that are
// still being served `drain` after a stop end with the process: it exits 1 on the spot (a handler holds no
// state that matters). Throws std::system_error when the listening socket is not usable.
Ended accept_loop(LoopOptions const& options, Serve serve);

} // namespace service
