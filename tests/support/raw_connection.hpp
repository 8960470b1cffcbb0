// A client that does not keep to the rules: bytes as they are, at its own pace, over one TCP connection.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace support {

class RawConnection {
  public:
    // To the target. Throws std::system_error.
    RawConnection();
    ~RawConnection();
    RawConnection(RawConnection&& other) noexcept;
    RawConnection& operator=(RawConnection&&) = delete;

    // Whether all of it could be written.
    bool write(std::string_view bytes);

    // All that comes until the peer closes or nothing came for `silence`.
    std::string read(std::chrono::milliseconds silence = std::chrono::seconds(10));

    // Until one whole response (head and Content-Length) is here; "" when none came in time.
    std::string response(std::chrono::milliseconds silence = std::chrono::seconds(10));

    // Closes at once, by a reset when `reset`.
    void close(bool reset = false);

  private:
    int fd_ = -1;
};

// The head of a POST with the service's credential and that Content-Length.
std::string raw_post_head(std::string_view path, std::size_t content_length,
                          std::string_view more_headers = "");

// The status of a raw response; 0 when it is none.
int raw_status(std::string_view response);

} // namespace support
