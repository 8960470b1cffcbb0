// A web server on 127.0.0.1 that says what a test tells it to, byte for byte, and remembers what it was
// asked: a service of others in all its moods.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace support {

struct Asked {
    std::string method;
    std::string target;                                       // "/auth/v1/token?grant_type=password"
    std::vector<std::pair<std::string, std::string>> headers; // names in lower case
    std::string body;

    // The value of the one header of that (lower case) name; "" when absent.
    std::string header(std::string_view name) const;
};

class FakeHttp {
  public:
    // Answers the bytes that are sent for a request; "" leaves the client waiting until the server goes.
    using Answer = std::function<std::string(Asked const&)>;

    explicit FakeHttp(Answer answer);
    ~FakeHttp();
    FakeHttp(FakeHttp const&) = delete;
    FakeHttp& operator=(FakeHttp const&) = delete;

    std::string url() const; // "http://127.0.0.1:40123"
    std::vector<Asked> asked() const;

  private:
    void accept_all();
    void serve(int connection);

    Answer answer_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<bool> ending_{false};
    mutable std::mutex mutex_;
    std::vector<Asked> asked_;
    std::vector<int> open_;
    std::vector<std::thread> clients_;
    std::thread acceptor_;
};

// A whole response; `headers` are lines that end in \r\n.
std::string http_answer(int status, std::string_view body, std::string_view content_type = "application/json",
                        std::string_view headers = "");

} // namespace support
