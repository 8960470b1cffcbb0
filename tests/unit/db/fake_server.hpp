// A server that does what a real one will not do on demand: speaks just enough of PostgreSQL's protocol 3.0
// on a Unix socket to answer, to fall silent, to lie and to hang up at a chosen moment.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace test {

// One accepted connection, as its script sees it. Every read gives up after five seconds.
class Peer {
  public:
    explicit Peer(int socket) : socket_(socket) {}
    ~Peer() { hang_up(); }
    Peer(Peer const&) = delete;
    Peer& operator=(Peer const&) = delete;

    // Reads the startup packet and lets the client in.
    void let_in();
    // The same, and answers the question for the clock.
    void let_in_at(std::int64_t clock_us);
    // Reads messages up to Sync; the text of the statement among them, "" when the client hung up instead.
    std::string query();

    void send(std::string_view bytes);
    // The startup packet, or a request to cancel (without its length).
    std::string first_packet();
    // Waits until the client has hung up.
    void wait_for_end();
    void hang_up();

  private:
    std::string read(std::size_t count);

    int socket_;
};

// Messages a server sends.
std::string message(char type, std::string_view body);
std::string ready();
std::string int8_rows(std::int64_t value); // up to CommandComplete, without ready()
std::string timestamp_rows(std::int64_t unix_us);
std::string error(std::string_view severity, std::string_view sqlstate, std::string_view text);

inline constexpr std::string_view cancel_key = "key!";

class FakeServer {
  public:
    using Script = std::function<void(Peer&)>;

    // The first connection gets the first script, and so on; one too many is closed at once.
    explicit FakeServer(std::vector<Script> scripts);
    ~FakeServer();

    std::string conninfo() const;
    int accepted() const { return accepted_; }

  private:
    void serve();

    std::vector<Script> scripts_;
    std::string directory_;
    int listener_ = -1;
    std::atomic<int> accepted_ = 0;
    std::list<std::thread> peers_;
    std::thread acceptor_;
};

} // namespace test
