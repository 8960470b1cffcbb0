// A line between the handlers and Postgres that does what networks do and no server does on demand: it breaks
// before a call, in the middle of it, while it is being done, and after its commit, or brings the answer when
// nobody waits for it any more. These are the moments in which a repeat can charge twice.
#pragma once

#include "tests/support/sockets.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace support {

enum class Fault {
    none,
    cut_before,  // the call never leaves, and the connection breaks
    cut_inside,  // half of the call's bytes arrive
    cut_waiting, // the call arrives whole; the connection breaks before any answer
    cut_after,   // the call is answered, so committed, and the answer is lost with the connection
    delay, // the answer comes, but late: the handler may have given up, it must not be taken for another's
};

class Line {
  public:
    struct Plan {
        Fault fault = Fault::none;
        int each = 1;                       // every how many-th call it hits
        std::chrono::milliseconds delay{0}; // with Fault::delay: how late the answer is
    };

    // Stands in for the socket of the target's Postgres; only the handlers' calls are hit. Connections made
    // before stay as they are: end them to have all calls pass here.
    explicit Line(Plan plan);
    // A way of its own to the target's Postgres, for whoever takes it: libpq's host is `directory`. Its every
    // call counts.
    Line(Plan plan, std::string const& directory);
    // Ends the connections that pass here and gives the socket back.
    ~Line();
    Line(Line const&) = delete;
    Line& operator=(Line const&) = delete;

    // For the calls from here on.
    void follow(Plan plan);
    // How many calls were hit so far.
    int hits() const { return hits_; }

  private:
    class Relay;

    void open();
    void accept_all(std::stop_token const& stop);
    Plan next_call();

    std::string path_; // where clients look for Postgres
    std::string real_path_;
    bool in_place_;
    Descriptor listener_;
    std::mutex mutex_;
    Plan plan_;
    int calls_ = 0;
    std::atomic<int> hits_{0};
    std::vector<std::jthread> relays_; // of the accepting thread only
    std::jthread acceptor_;
};

} // namespace support
