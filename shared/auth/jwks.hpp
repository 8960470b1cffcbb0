// The keys that a project signs with, kept from one request to the next and from one process to the next.
//
//   up to 10 minutes   a document is used as it is
//   up to 1 hour       it still serves: one request fetches a new one while the others go on with the old,
//                      and when the project does not answer, all of them do
//   beyond             its keys are no longer believed, and until there is a document nobody can be judged
//
// A key id that the document lacks (the project may have rotated its keys) is a reason to fetch, but at most
// every 30 s for all processes that share the file, so that made-up ids cannot be used to flood the project.
// One thread of one process fetches at a time.
#pragma once

#include "shared/auth/jwks_file.hpp"
#include "shared/auth/key_set.hpp"
#include "shared/base/clock.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace auth {

// Seconds since 1970 UTC.
using Clock = std::function<std::int64_t()>;
std::int64_t wall_clock_s();

constexpr std::int64_t jwks_fresh_s = 600;
constexpr std::int64_t jwks_believed_s = 3600;
constexpr std::int64_t jwks_pause_s = 30;        // between two fetches, while there are keys
constexpr std::int64_t jwks_pause_without_s = 5; // and while there are none

class Jwks {
  public:
    // The body of a successful answer of the project's JWKS endpoint; throws for anything else. What it says
    // goes to the log.
    using Fetch = std::function<std::string(base::Deadline deadline)>;

    Jwks(Fetch fetch, std::string cache_path, Clock clock = wall_clock_s);

    // The keys to judge a token by. With an `id`, they have been fetched since the id became known or as
    // recently as may be; without one, only their age counts. They may be an empty set: the project signs
    // with a secret. Throws Failure auth_unavailable when no keys are to be had.
    std::shared_ptr<KeySet const> keys(std::optional<std::string_view> id, base::Deadline deadline);

  private:
    struct Known {
        std::shared_ptr<KeySet const> set; // nullptr: none yet
        std::string document;              // what it was made of, for the file
        std::int64_t fetched_at_s = 0;
        std::int64_t tried_at_s = 0;
    };

    bool believed(std::int64_t now_s) const;
    bool has(std::optional<std::string_view> id) const;
    bool content(std::optional<std::string_view> id, std::int64_t now_s) const;
    bool may_try(std::int64_t now_s) const;
    void adopt_stored(std::int64_t now_s);
    void adopt(std::string document, std::int64_t fetched_at_s, std::int64_t now_s);
    void refresh(std::unique_lock<std::mutex>& lock, base::Deadline deadline);
    std::optional<std::string> fetched(base::Deadline deadline) const;

    Fetch fetch_;
    Clock clock_;
    std::mutex mutex_; // guards all below
    std::condition_variable refreshed_;
    JwksFile file_;
    Known known_;
    bool refreshing_ = false;
};

} // namespace auth
