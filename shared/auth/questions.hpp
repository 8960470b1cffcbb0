// What Supabase Auth is asked about tokens that nobody here can judge. A yes is remembered for at most a minute, a no never.
//
// Whoever asks waits, and while Supabase Auth is slow the workers of this process wait with them. So what an address (of IPv6
// its /64) may have under way is bounded: 4 questions, 16 requests that wait for an answer or for their turn; and of all
// addresses together `waiting_max` requests. What is beyond is told to come back. A token that is being asked about is not asked
// about twice: a page that sends ten requests at once costs one question.
#pragma once

#include "shared/auth/jwks.hpp"
#include "shared/base/clock.hpp"
#include "shared/base/secret.hpp"
#include "shared/base/uuid.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace auth {

class Questions {
  public:
    // Whose token Supabase Auth says this is; empty when it refuses the token. Throws Failure when it cannot
    // be asked: that is no reason to refuse and none to accept.
    using Ask = std::function<std::optional<base::Uuid>(std::string_view token, base::Deadline deadline)>;

    Questions(Ask ask, std::size_t waiting_max, Clock clock);

    // Whose it was found to be less than a minute ago.
    std::optional<base::Uuid> remembered(std::string_view token);

    // Whose it is, remembered or asked; empty when it is nobody's. `client` is the address that the token came from. Throws what
    // `ask` throws, and Failure auth_unavailable where too many wait or no turn comes until the deadline.
    std::optional<base::Uuid> whose(std::string_view token, std::string_view client, base::Deadline deadline);

  private:
    struct Known {
        base::Uuid owner;
        std::int64_t until_s = 0;
    };
    struct Address {
        std::size_t waiting = 0; // those who are asking included
        std::size_t asking = 0;
    };
    class Place;
    class Turn;

    std::optional<base::Uuid> find(base::Sha256 const& hash);
    void remember(base::Sha256 const& hash, base::Uuid const& owner);

    Ask ask_;
    std::size_t waiting_max_;
    Clock clock_;
    std::mutex mutex_; // guards all below
    std::condition_variable changed_;
    std::map<base::Sha256, Known> known_;
    std::map<std::string, Address> addresses_; // of which something waits
    std::set<base::Sha256> asked_;             // tokens that are being asked about
    std::size_t waiting_ = 0;
};

} // namespace auth
