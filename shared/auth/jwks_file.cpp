#include "shared/auth/jwks_file.hpp"

#include "shared/auth/key_set.hpp"
#include "shared/base/failure.hpp"
#include "shared/base/log.hpp"
#include "shared/json/fields.hpp"
#include "shared/json/value.hpp"
#include "shared/json/writer.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace auth {
namespace {

// A document is JSON, of which every byte takes at most two inside a JSON string.
constexpr std::size_t file_bytes_max = 2 * jwks_bytes_max + 1024;
constexpr std::chrono::milliseconds turn_pause{20};

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor()
    {
        if (number_ >= 0) close(number_);
    }
    Descriptor(Descriptor const&) = delete;
    Descriptor& operator=(Descriptor const&) = delete;
    int number() const { return number_; }
    bool open() const { return number_ >= 0; }
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

std::string error_text()
{
    return std::generic_category().message(errno);
}

void tell(char const* what, std::string why)
{
    base::log::event(base::log::Level::warning, "jwks_file", {{"what", what}, {"reason", std::move(why)}});
}

bool is_private(struct stat const& file)
{
    return S_ISREG(file.st_mode) && file.st_uid == geteuid() && (file.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// All of it; empty when it is longer than a file of ours gets.
std::optional<std::string> read_all(int descriptor)
{
    auto text = std::string(file_bytes_max + 1, '\0');
    auto size = std::size_t{0};
    while (size < text.size()) {
        auto const count = read(descriptor, text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::nullopt;
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    if (size == text.size()) return std::nullopt;
    text.resize(size);
    return text;
}

bool write_all(int descriptor, std::string_view text)
{
    while (!text.empty()) {
        auto const count = write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

// The file's text as it was written; empty for anything else. The document in it is judged by KeySet.
std::optional<StoredJwks> parse(std::string const& text)
try {
    auto const value = json::parse(text);
    auto fields = json::Fields(value);
    auto stored = StoredJwks();
    stored.fetched_at_s = fields.integer("fetched_at", 0, std::numeric_limits<std::int64_t>::max());
    stored.tried_at_s = fields.integer("tried_at", 0, std::numeric_limits<std::int64_t>::max());
    stored.document = fields.text("document", 0, jwks_bytes_max);
    fields.done();
    return stored;
} catch (base::Failure const&) {
    return std::nullopt;
}

} // namespace

std::optional<StoredJwks> JwksFile::read_if_changed()
{
    if (path_.empty()) return std::nullopt;
    auto const file = Descriptor(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat state {};
    if (!file.open() || fstat(file.number(), &state) != 0) return std::nullopt;
    auto const version =
        Version{.file = state.st_ino, .changed_s = state.st_mtim.tv_sec, .changed_ns = state.st_mtim.tv_nsec};
    if (version == seen_) return std::nullopt;
    seen_ = version;
    if (!is_private(state)) {
        tell("not read", "it is not a file of this user that nobody else can write");
        return std::nullopt;
    }
    auto const text = read_all(file.number());
    return text ? parse(*text) : std::nullopt;
}

void JwksFile::write(StoredJwks const& stored)
{
    if (path_.empty()) return;
    auto const text = json::Writer()
                          .begin()
                          .field("fetched_at", stored.fetched_at_s)
                          .field("tried_at", stored.tried_at_s)
                          .field("document", stored.document)
                          .end()
                          .str();
    auto temporary = path_ + ".XXXXXX";
    auto const file = Descriptor(mkostemp(temporary.data(), O_CLOEXEC)); // mode 0600
    if (!file.open()) {
        tell("not written", error_text());
        return;
    }
    // No fsync: what a power cut leaves is either whole or not JSON, and then it is fetched again.
    struct stat state {};
    if (!write_all(file.number(), text) || fstat(file.number(), &state) != 0 ||
        rename(temporary.c_str(), path_.c_str()) != 0) {
        tell("not written", error_text());
        unlink(temporary.c_str());
        return;
    }
    seen_ = {.file = state.st_ino, .changed_s = state.st_mtim.tv_sec, .changed_ns = state.st_mtim.tv_nsec};
}

JwksFile::Turn::~Turn()
{
    if (descriptor_ >= 0) close(descriptor_); // and with it ends the lock
}

std::optional<JwksFile::Turn> JwksFile::take_turn(base::Deadline deadline) const
{
    if (path_.empty()) return Turn();
    // A file of its own: the other one is replaced, and a lock on what was replaced locks nothing.
    auto file = Descriptor(open((path_ + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.open()) {
        tell("not locked", error_text());
        return Turn();
    }
    // flock cannot wait until a moment, so it is asked again and again. That happens only while another
    // process fetches.
    while (flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            tell("not locked", error_text());
            return Turn();
        }
        if (base::left_ms(deadline) == 0) return std::nullopt;
        std::this_thread::sleep_for(turn_pause);
    }
    return Turn(file.release());
}

} // namespace auth
