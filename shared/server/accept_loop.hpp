// Accepts connections, lets them wait for requests without a thread, and gives each request to a worker.
#pragma once

#include "shared/server/descriptor.hpp"

#include <chrono>
#include <functional>

namespace server {

// What has arrived on a connection.
enum class Arrival {
    nothing, // the peer is silent
    part,    // of a request
    whole,   // enough of a request that serving it waits for nothing that an honest peer has not sent yet
    never,   // the peer has closed, or what it sent is no request
};

// What the loop must know of the protocol. Both are called from any thread and must not throw.
struct Protocol {
    // Looks and takes nothing.
    std::function<Arrival(int connection)> arrival;
    // Reads one request and answers it. Gives the connection back when it may carry another, else closes it.
    std::function<Descriptor(Descriptor connection)> serve;
};

struct LoopOptions {
    int listen_fd; // a listening socket; made non-blocking here, since other processes may accept from it
    int stop_fd;   // readable: stop accepting, finish what runs, return
    int workers;   // requests served at the same time; more wait where they are, new connections in the
                   // backlog
    std::chrono::milliseconds idle_exit{0};      // return after so long without a connection; 0: never
    std::chrono::milliseconds drain{25'000};     // how long what is open may stay after a stop
    std::chrono::milliseconds arrival_max{5000}; // from a request's first byte until it has arrived
    // How long a connection may wait for a request. Only a web server that closes its idle connections sooner
    // can be sure that none is closed under a request it is about to send.
    std::chrono::milliseconds silence_max{15'000};
    // Called on this thread about once a minute, and once more before the loop returns.
    std::function<void()> each_minute = [] {};
};

enum class Ended { stopped, idle };

// Runs until a stop or until no connection has been open for idle_exit.
//
// After a stop nothing more is accepted, but connections go on carrying requests until the peer closes them:
// closing first would lose a request that is just being sent. A connection that was not accepted stays in the
// backlog for the next process. What is open `drain` after the stop ends with the process: it exits 1 on the
// spot (a handler holds no state that matters).
//
// Throws std::system_error when the listening socket is not usable.
Ended accept_loop(LoopOptions const& options, Protocol const& protocol);

} // namespace server
