#include "shared/auth/tokens.hpp"

#include "shared/base/failure.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace auth {
namespace {

constexpr std::int64_t remembered_s = 60;
constexpr std::size_t remembered_max = 1000;

// Whoever sends made-up tokens while Supabase Auth is slow must not take every worker of the process.
constexpr int asking_max = 16;

constexpr std::string_view hs256 = "HS256";

[[noreturn]] void refuse(char const* why)
{
    throw base::Failure(base::Error::unauthorized, why);
}

bool is_asymmetric(std::string_view algorithm)
{
    return algorithm == name(Algorithm::es256) || algorithm == name(Algorithm::rs256);
}

// One of those who ask at this moment.
class Asking {
  public:
    Asking(std::mutex& mutex, int& count) : mutex_(mutex), count_(count)
    {
        auto const lock = std::lock_guard(mutex_);
        if (count_ >= asking_max)
            throw base::Failure(base::Error::auth_unavailable, "too many tokens are being asked about")
                .retry_after(1);
        ++count_;
    }
    ~Asking()
    {
        auto const lock = std::lock_guard(mutex_);
        --count_;
    }
    Asking(Asking const&) = delete;
    Asking& operator=(Asking const&) = delete;

  private:
    std::mutex& mutex_;
    int& count_;
};

// `jws` names a key and an algorithm of public keys.
void judge_signature(KeySet const& keys, Jws const& jws)
{
    auto const* const key = keys.find(*jws.key_id);
    if (key == nullptr) refuse("the token's key is not one of the project's");
    // Not a reason to try another key: whoever signed it knew which one it was.
    if (name(key->algorithm()) != jws.algorithm) refuse("the token's algorithm is not its key's");
    if (!key->verify(jws.signed_text, jws.signature)) refuse("the token's signature is not its key's");
}

} // namespace

Tokens::Tokens(Options options, Jwks::Fetch fetch, Ask ask)
    : options_(std::move(options)), jwks_(std::move(fetch), options_.jwks_cache, options_.clock),
      ask_(std::move(ask))
{
}

UserToken Tokens::verify(std::string_view token, base::Deadline deadline)
{
    auto const jws = parse_jws(token);
    auto const shared_secret = jws.algorithm == hs256;
    if (!shared_secret && !is_asymmetric(jws.algorithm)) refuse("the token's algorithm is not accepted");
    if (!shared_secret && !jws.key_id) refuse("the token names no key");

    if (shared_secret && !options_.secret.empty()) {
        if (!verify_hs256(options_.secret, jws.signed_text, jws.signature))
            refuse("the token's signature is not the secret's");
    } else {
        auto const keys = jwks_.keys(shared_secret ? std::nullopt : jws.key_id, deadline);
        if (keys->empty() && options_.secret.empty()) return asked(token, jws, deadline);
        if (shared_secret) refuse("the token's algorithm is not accepted");
        judge_signature(*keys, jws);
    }
    return read_claims(jws.payload, options_.issuers, options_.clock());
}

UserToken Tokens::asked(std::string_view token, Jws const& jws, base::Deadline deadline)
{
    auto const now_s = options_.clock();
    auto user = read_claims(jws.payload, options_.issuers, now_s);
    auto const hash = base::sha256(token);
    if (remembered(hash, now_s)) return user;

    auto const owner = [&] {
        auto const asking = Asking(mutex_, asking_);
        return ask_(token, deadline);
    }();
    if (owner != user.user) refuse("Supabase Auth refuses the token");
    remember(hash, now_s);
    return user;
}

bool Tokens::remembered(base::Sha256 const& hash, std::int64_t now_s)
{
    auto const lock = std::lock_guard(mutex_);
    auto const known = good_until_s_.find(hash);
    return known != good_until_s_.end() && now_s < known->second;
}

void Tokens::remember(base::Sha256 const& hash, std::int64_t now_s)
{
    auto const lock = std::lock_guard(mutex_);
    if (good_until_s_.size() >= remembered_max)
        std::erase_if(good_until_s_, [now_s](auto const& item) { return item.second <= now_s; });
    // All of them are young: to forget them costs a question each, to search for the oldest costs everybody.
    if (good_until_s_.size() >= remembered_max) good_until_s_.clear();
    good_until_s_.insert_or_assign(hash, now_s + remembered_s);
}

} // namespace auth
