// What the tests of what serves requests share: a FastCGI peer that can say anything, processes, and waiting for a
// condition.
#pragma once

#include "shared/http/message.hpp"
#include "shared/server/descriptor.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

using server::Descriptor;
using Variables = std::vector<std::pair<std::string, std::string>>;

// --- FastCGI 1.0, written by hand -----------------------------------------------------------------------

enum class Type : unsigned char { begin = 1, end = 3, params = 4, in = 5, out = 6 };
enum class Keep { no, yes };

std::string record(Type type, std::string_view content);
std::string begin_record(Keep keep = Keep::no);
std::string params_records(Variables const& variables); // with the empty record that ends them
std::string body_records(std::string_view body);        // the same

// A whole request; CONTENT_LENGTH is added when there is a body.
std::string request(Variables variables, std::string_view body = {}, Keep keep = Keep::no);

// A request as nginx would pass it.
Variables post(std::string const& target, std::string const& key = {});
Variables get(std::string const& target);

struct Reply {
    std::string text;     // all of standard output
    bool ended = false;   // the end of the request was said
    std::string leftover; // what came after that
    bool closed = false;  // the connection was closed after all this
    int status() const;   // of the Status line, 0 when there is none
    std::string body() const;
};

// What these bytes say; `ended` once they hold the whole end of the request.
Reply parse_reply(std::string const& bytes);

// Reads until the peer closes or for five seconds.
Reply read_reply(int connection);

// Writes everything; false when the peer is gone.
bool send_all(int connection, std::string_view bytes);

// --- sockets, directories, processes --------------------------------------------------------------------

class Directory {
  public:
    Directory();
    ~Directory();
    Directory(Directory const&) = delete;
    Directory& operator=(Directory const&) = delete;
    std::filesystem::path operator/(std::string const& name) const { return path_ / name; }
    std::filesystem::path const& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

Descriptor listen_at(std::filesystem::path const& path, int backlog = 511);
Descriptor connect_to(std::filesystem::path const& path);
std::pair<Descriptor, Descriptor> socket_pair();

// A database that lets itself be connected to and never speaks: it keeps /health busy for a second.
class SilentDatabase {
  public:
    std::string url() const { return "host=" + directory_.path().string() + " dbname=farebox"; }
    void wait_for_caller() const;

  private:
    Directory directory_;
    Descriptor listener_ = listen_at(directory_ / ".s.PGSQL.5432");
};

// Sends a request to a handler's socket and reads the answer.
Reply ask(std::filesystem::path const& socket, std::string_view request);

// The programs that were built together with this test.
std::filesystem::path program(std::string const& name);

// An environment for a handler: development, a service key, a database that nobody answers for.
std::map<std::string, std::string> handler_environment();
inline constexpr auto service_key = "a-service-key-of-the-environment";

class Process {
  public:
    struct Start {
        std::filesystem::path program;
        std::vector<std::string> arguments = {};
        std::map<std::string, std::string> environment = {}; // and nothing else
        int in = -1;                                         // -1: /dev/null
    };
    explicit Process(Start const& start);
    ~Process(); // kills it if it still runs
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;

    pid_t id() const { return id_; }
    void signal(int number) const;
    // The exit code, or minus the signal that ended it. Waits ten seconds, then -1000.
    int wait();
    // Closes nothing: what it has written so far, and all of it after wait().
    std::string output();
    std::string errors();
    // The next line of its output; empty when none comes within ten seconds.
    std::string output_line();

  private:
    pid_t id_ = 0;
    int status_ = 0;
    Descriptor out_;
    Descriptor err_;
    std::string output_;
    std::string errors_;
};

std::vector<pid_t> children_of(pid_t parent);
bool runs(pid_t process);
std::chrono::milliseconds cpu_time(pid_t process);

// --- waiting --------------------------------------------------------------------------------------------

// True as soon as the condition holds; false when it does not within ten seconds.
bool eventually(std::function<bool()> const& condition);

} // namespace support
