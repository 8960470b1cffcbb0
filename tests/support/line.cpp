#include "tests/support/line.hpp"

#include "tests/support/target.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

namespace support {
namespace {

using std::chrono::steady_clock;

constexpr int tick_ms = 50; // how soon a thread notices that it is to end
constexpr auto socket_name = "/.s.PGSQL.5432";

// What came; empty when the peer has left.
std::string receive(int fd)
{
    auto buffer = std::array<char, 65'536>();
    auto const got = ::recv(fd, buffer.data(), buffer.size(), 0);
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

// ReadyForQuery outside a transaction: the server has committed and waits for the next query.
bool completes_a_call(std::string const& chunk)
{
    return chunk.ends_with(std::string("Z\0\0\0\5I", 6));
}

} // namespace

// One connection that passes the line.
class Line::Relay {
  public:
    Relay(Line& line, Descriptor client) : line_(line), client_(std::move(client))
    {
        try {
            server_ = connect_to(line_.real_path_);
        } catch (std::runtime_error const&) {
            open_ = false; // Postgres is away: the client is left at once
        }
    }
    Relay(Relay const&) = delete;
    Relay& operator=(Relay const&) = delete;

    void relay(std::stop_token const& stop)
    {
        while (open_ && !stop.stop_requested()) {
            auto ends = std::array<pollfd, 2>{pollfd{.fd = client_.number(), .events = POLLIN, .revents = 0},
                                              pollfd{.fd = server_.number(), .events = POLLIN, .revents = 0}};
            auto const ready = ::poll(ends.data(), ends.size(), wait_ms());
            if (late_ && steady_clock::now() >= due_)
                open_ = send_all(client_.number(), *std::exchange(late_, {}));
            if (ready <= 0) continue;
            if (open_ && ends[0].revents != 0) open_ = from_client(receive(client_.number()));
            if (open_ && ends[1].revents != 0) open_ = from_server(receive(server_.number()));
        }
    }

  private:
    int wait_ms() const
    {
        if (!late_) return tick_ms;
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(due_ - steady_clock::now()).count();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, tick_ms));
    }

    // Each returns whether the connection goes on.
    bool from_client(std::string const& chunk)
    {
        if (chunk.empty()) return false;
        if (!asked_) { // the first message names the role
            handler_ = chunk.find("farebox_app") != std::string::npos;
            asked_ = true;
        }
        // A connection begins with its login and, a handler's, with a question for the time.
        auto const greetings = line_.in_place_ ? 2 : 1;
        auto const counts = (handler_ || !line_.in_place_) && answers_ >= greetings;
        if (counts && !in_call_) plan_ = line_.next_call();
        in_call_ = true;
        if (plan_.fault == Fault::cut_before) return false;
        if (plan_.fault == Fault::cut_inside) {
            send_all(server_.number(), chunk.substr(0, chunk.size() / 2));
            return false;
        }
        return send_all(server_.number(), chunk) && plan_.fault != Fault::cut_waiting;
    }

    bool from_server(std::string const& chunk)
    {
        if (chunk.empty()) return false;
        if (!completes_a_call(chunk)) {
            if (plan_.fault == Fault::none) return send_all(client_.number(), chunk);
            withheld_ += chunk;
            return true;
        }
        ++answers_;
        in_call_ = false;
        auto const plan = std::exchange(plan_, {});
        auto const answer = std::exchange(withheld_, {}) + chunk;
        if (plan.fault == Fault::cut_after) return false;
        if (plan.fault != Fault::delay) return send_all(client_.number(), answer);
        late_ = answer;
        due_ = steady_clock::now() + plan.delay;
        return true;
    }

    Line& line_;
    Descriptor client_;
    Descriptor server_;
    bool open_ = true;
    bool asked_ = false;
    bool handler_ = false;
    bool in_call_ = false;
    int answers_ = 0;
    Plan plan_;            // of the call that is under way
    std::string withheld_; // of an answer that is not whole yet
    std::optional<std::string> late_;
    steady_clock::time_point due_;
};

Line::Line(Plan plan)
    : path_(target().directory + "/pg" + socket_name), real_path_(path_ + ".real"), in_place_(true),
      plan_(plan)
{
    std::filesystem::rename(path_, real_path_);
    open();
}

Line::Line(Plan plan, std::string const& directory)
    : path_(directory + socket_name), real_path_(target().directory + "/pg" + socket_name), in_place_(false),
      plan_(plan)
{
    open();
}

void Line::open()
{
    listener_ = listen_at(path_, 64);
    std::filesystem::permissions(
        path_, std::filesystem::perms::all); // as Postgres's own: the handlers are another user
    acceptor_ = std::jthread([this](std::stop_token const& stop) { accept_all(stop); });
}

Line::~Line()
{
    acceptor_.request_stop();
    acceptor_.join();
    listener_.reset();
    if (in_place_)
        std::filesystem::rename(real_path_, path_);
    else
        std::filesystem::remove(path_);
}

void Line::follow(Plan plan)
{
    auto const lock = std::lock_guard(mutex_);
    plan_ = plan;
}

// What becomes of the call that begins now.
Line::Plan Line::next_call()
{
    auto const lock = std::lock_guard(mutex_);
    if (plan_.fault == Fault::none || ++calls_ % plan_.each != 0) return {};
    ++hits_;
    return plan_;
}

void Line::accept_all(std::stop_token const& stop)
{
    auto waiting = pollfd{.fd = listener_.number(), .events = POLLIN, .revents = 0};
    while (!stop.stop_requested()) {
        if (::poll(&waiting, 1, tick_ms) <= 0) continue;
        auto const client = ::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        relays_.emplace_back(
            [this, client](std::stop_token const& end) { Relay(*this, Descriptor(client)).relay(end); });
    }
    relays_.clear(); // joins
}

} // namespace support
