#include "shared/auth/jwks.hpp"

#include "shared/base/failure.hpp"
#include "shared/base/log.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace auth {
namespace {

using base::log::Level;

// A clock that was set back must not make something young for ever.
bool within(std::int64_t since_s, std::int64_t span_s, std::int64_t now_s)
{
    return since_s <= now_s + jwks_pause_s && now_s - since_s < span_s;
}

// Half of what is left: a project that does not answer must leave time to serve the request without it.
base::Deadline half_way(base::Deadline deadline)
{
    return base::deadline_in(std::chrono::milliseconds(base::left_ms(deadline) / 2));
}

} // namespace

std::int64_t wall_clock_s()
{
    return base::now_us() / 1'000'000;
}

Jwks::Jwks(Fetch fetch, std::string cache_path, Clock clock)
    : fetch_(std::move(fetch)), clock_(std::move(clock)), file_(std::move(cache_path))
{
}

std::shared_ptr<KeySet const> Jwks::keys(std::optional<std::string_view> id, base::Deadline deadline)
{
    auto lock = std::unique_lock(mutex_);
    for (;;) {
        auto const now_s = clock_();
        if (content(id, now_s)) return known_.set;
        adopt_stored(now_s); // another process may have fetched
        if (content(id, now_s)) return known_.set;

        auto const can_serve = believed(now_s) && has(id);
        if (!refreshing_ && may_try(now_s)) {
            refresh(lock, deadline);
        } else if (can_serve || (believed(now_s) && !refreshing_)) {
            return known_.set;
        } else if (!refreshing_) {
            throw base::Failure(base::Error::auth_unavailable,
                                "the keys of the Supabase project cannot be had")
                .retry_after(static_cast<int>(jwks_pause_without_s));
        } else if (!refreshed_.wait_until(lock, deadline, [this] { return !refreshing_; })) {
            throw base::Failure(base::Error::auth_unavailable,
                                "the keys of the Supabase project are slow to come")
                .retry_after(1);
        }
    }
}

bool Jwks::believed(std::int64_t now_s) const
{
    return known_.set != nullptr && within(known_.fetched_at_s, jwks_believed_s, now_s);
}

bool Jwks::has(std::optional<std::string_view> id) const
{
    return !id || (known_.set != nullptr && known_.set->find(*id) != nullptr);
}

// Whether nothing better than what is known need be looked for.
bool Jwks::content(std::optional<std::string_view> id, std::int64_t now_s) const
{
    return believed(now_s) && within(known_.fetched_at_s, jwks_fresh_s, now_s) && has(id);
}

bool Jwks::may_try(std::int64_t now_s) const
{
    return !within(known_.tried_at_s, believed(now_s) ? jwks_pause_s : jwks_pause_without_s, now_s);
}

void Jwks::adopt_stored(std::int64_t now_s)
{
    auto stored = file_.read_if_changed();
    if (!stored) return;
    known_.tried_at_s = std::max(known_.tried_at_s, stored->tried_at_s);
    if (stored->fetched_at_s > known_.fetched_at_s && within(stored->fetched_at_s, jwks_believed_s, now_s))
        adopt(std::move(stored->document), stored->fetched_at_s, now_s);
}

// A document without keys that we can use never takes the place of one that has them and is still believed:
// an empty answer of a broken endpoint would log everybody out.
void Jwks::adopt(std::string document, std::int64_t fetched_at_s, std::int64_t now_s)
{
    auto set = KeySet::parse(document);
    if (!set || (set->empty() && believed(now_s) && !known_.set->empty())) {
        base::log::event(Level::warning, "jwks_refused",
                         {{"reason", set ? "it has no usable keys" : "it is not a JWKS document"},
                          {"bytes", static_cast<std::int64_t>(document.size())}});
        return;
    }
    known_.set = std::make_shared<KeySet const>(*std::move(set));
    known_.document = std::move(document);
    known_.fetched_at_s = fetched_at_s;
}

// Lets go of the lock while it fetches; refreshing_ keeps every other thread from doing the same.
void Jwks::refresh(std::unique_lock<std::mutex>& lock, base::Deadline deadline)
{
    refreshing_ = true;
    struct Ended {
        Jwks& jwks;
        std::unique_lock<std::mutex>& lock;
        ~Ended()
        {
            if (!lock.owns_lock()) lock.lock();
            jwks.refreshing_ = false;
            jwks.refreshed_.notify_all();
        }
    } const ended{*this, lock};

    auto const until = half_way(deadline);
    auto const tried_before_s = known_.tried_at_s;
    lock.unlock();
    auto const turn = file_.take_turn(until);
    lock.lock();
    // Whoever had the turn before us has just tried: what they found is in the file.
    if (turn) adopt_stored(clock_());
    if (!turn || known_.tried_at_s > tried_before_s) {
        known_.tried_at_s = std::max(known_.tried_at_s, clock_());
        return;
    }

    lock.unlock();
    auto document = fetched(until);
    lock.lock();
    auto const now_s = clock_();
    known_.tried_at_s = now_s;
    if (document) adopt(*std::move(document), now_s, now_s);
    file_.write(
        {.fetched_at_s = known_.fetched_at_s, .tried_at_s = known_.tried_at_s, .document = known_.document});
}

std::optional<std::string> Jwks::fetched(base::Deadline deadline) const
{
    try {
        return fetch_(deadline);
    } catch (base::Failure const& failure) {
        base::log::event(Level::warning, "jwks_not_fetched", {{"reason", failure.log()}});
    } catch (std::exception const& failure) {
        base::log::event(Level::warning, "jwks_not_fetched", {{"reason", failure.what()}});
    }
    return std::nullopt;
}

} // namespace auth
