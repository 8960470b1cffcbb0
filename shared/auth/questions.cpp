#include "shared/auth/questions.hpp"

#include "shared/base/failure.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <utility>

namespace auth {
namespace {

constexpr std::int64_t remembered_s = 60;
constexpr std::size_t remembered_max = 1000;
constexpr std::size_t asking_max = 4; // of one address
constexpr std::size_t waiting_max_address = 16;

base::Failure too_many(char const* what)
{
    return base::Failure(base::Error::auth_unavailable, what).retry_after(1);
}

// What counts as one address: of IPv6 a customer has a whole /64.
std::string address_of(std::string_view client)
{
    constexpr std::size_t network_bytes = 8;
    auto text = std::string(client);
    auto address = in6_addr{};
    if (inet_pton(AF_INET6, text.c_str(), &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address) != 0) return text;
    return {reinterpret_cast<char const*>(&address), network_bytes};
}

} // namespace

// One of those who wait. Made and ended under the lock.
class Questions::Place {
  public:
    Place(Questions& questions, std::string address) : questions_(questions), address_(std::move(address))
    {
        if (questions_.waiting_ >= questions_.waiting_max_)
            throw too_many("too many tokens are being asked about");
        if (auto const known = questions_.addresses_.find(address_);
            known != questions_.addresses_.end() && known->second.waiting >= waiting_max_address)
            throw too_many("too many tokens of one address are being asked about");
        ++questions_.addresses_[address_].waiting;
        ++questions_.waiting_;
    }
    ~Place()
    {
        --questions_.waiting_;
        auto const known = questions_.addresses_.find(address_);
        if (--known->second.waiting == 0) questions_.addresses_.erase(known);
    }
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;

    Address& address() { return questions_.addresses_[address_]; }

  private:
    Questions& questions_;
    std::string address_;
};

// The right to ask about one token. Made and ended under the lock, which is let go of in between.
class Questions::Turn {
  public:
    Turn(Questions& questions, Address& address, base::Sha256 const& hash, std::unique_lock<std::mutex>& lock)
        : questions_(questions), address_(address), hash_(hash), lock_(lock)
    {
        ++address_.asking;
        questions_.asked_.insert(hash_);
        lock_.unlock();
    }
    ~Turn()
    {
        lock_.lock();
        --address_.asking;
        questions_.asked_.erase(hash_);
        questions_.changed_.notify_all();
    }
    Turn(Turn const&) = delete;
    Turn& operator=(Turn const&) = delete;

  private:
    Questions& questions_;
    Address& address_;
    base::Sha256 const& hash_;
    std::unique_lock<std::mutex>& lock_;
};

Questions::Questions(Ask ask, std::size_t waiting_max, Clock clock)
    : ask_(std::move(ask)), waiting_max_(waiting_max), clock_(std::move(clock))
{
}

std::optional<base::Uuid> Questions::remembered(std::string_view token)
{
    auto const lock = std::lock_guard(mutex_);
    return find(base::sha256(token));
}

std::optional<base::Uuid> Questions::whose(std::string_view token, std::string_view client,
                                           base::Deadline deadline)
{
    auto const hash = base::sha256(token);
    auto lock = std::unique_lock(mutex_);
    if (auto const owner = find(hash)) return owner;
    auto place = Place(*this, address_of(client));
    while (place.address().asking >= asking_max || asked_.contains(hash)) {
        if (changed_.wait_until(lock, deadline) == std::cv_status::timeout)
            throw too_many("the tokens that were asked about before are slow to be judged");
        // Another request may have asked about the same token.
        if (auto const owner = find(hash)) return owner;
    }
    auto owner = [&] {
        auto const turn = Turn(*this, place.address(), hash, lock);
        return ask_(token, deadline);
    }();
    if (owner) remember(hash, *owner);
    return owner;
}

std::optional<base::Uuid> Questions::find(base::Sha256 const& hash)
{
    auto const known = known_.find(hash);
    if (known == known_.end() || known->second.until_s <= clock_()) return std::nullopt;
    return known->second.owner;
}

void Questions::remember(base::Sha256 const& hash, base::Uuid const& owner)
{
    auto const now_s = clock_();
    if (known_.size() >= remembered_max)
        std::erase_if(known_, [now_s](auto const& item) { return item.second.until_s <= now_s; });
    // All of them are young: to forget them costs a question each, to search for the oldest costs everybody.
    if (known_.size() >= remembered_max) known_.clear();
    known_.insert_or_assign(hash, Known{.owner = owner, .until_s = now_s + remembered_s});
}

} // namespace auth
