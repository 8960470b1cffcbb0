#include "shared/auth/keys.hpp"

#include "shared/base/failure.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace auth {

namespace {

constexpr std::size_t header_bytes_max = 8UL * 1024;
constexpr std::string_view key_prefix = "fb_";
constexpr std::size_t key_characters = 43; // 32 bytes in base64url
constexpr std::size_t remembered_max = 1000;

bool is_base64url(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// Whether this can be a key of our table at all. What cannot be costs neither a hash nor a look-up.
bool is_key(std::string_view text)
{
    return text.size() == key_prefix.size() + key_characters && text.starts_with(key_prefix) &&
           std::all_of(text.begin(), text.end(), is_base64url);
}

std::string_view trimmed(std::string_view text)
{
    auto const begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// The credential without its scheme; a bare one is taken as it is.
std::string_view without_scheme(std::string_view header)
{
    constexpr std::string_view scheme = "bearer";
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    auto const value = trimmed(header);
    if (value.size() > scheme.size() && (value[scheme.size()] == ' ' || value[scheme.size()] == '\t') &&
        std::equal(scheme.begin(), scheme.end(), value.begin(),
                   [&](char ours, char theirs) { return ours == lower(theirs); }))
        return trimmed(value.substr(scheme.size()));
    return value;
}

[[noreturn]] void unauthorized(std::string why)
{
    throw base::Failure(base::Error::unauthorized, std::move(why));
}

} // namespace

Keys::Keys(std::vector<EnvironmentKey> environment, Lookup lookup, std::chrono::milliseconds remember,
           Verify verify)
    : environment_(std::move(environment)), lookup_(std::move(lookup)), remember_(remember),
      verify_(std::move(verify))
{
}

Caller Keys::authenticate(http::Request const& request, base::Deadline deadline)
{
    auto const header = request.header("authorization");
    if (!header) unauthorized("no authorization header");
    if (header->size() > header_bytes_max) unauthorized("the authorization header is too long");
    auto const credential = without_scheme(*header);

    for (auto const& key : environment_)
        if (key.value.equals(credential))
            return {.name = "env:" + key.name, .scopes = Scopes::all(), .api_key = {}};
    if (!credential.starts_with(key_prefix) && verify_) return bearer_of(credential, deadline);
    if (!is_key(credential)) unauthorized("the credential is not an API key");

    auto const hash = base::sha256(credential);
    auto const row = find(hash, deadline);
    if (!row) unauthorized("unknown API key");
    return {.name = "key:" + row->name, .scopes = row->scopes, .api_key = hash};
}

Caller Keys::bearer_of(std::string_view token, base::Deadline deadline) const
{
    auto caller = Caller{.name = {}, .scopes = {}, .api_key = {}, .user = verify_(token, deadline)};
    caller.name = "user:" + base::to_string(caller.user->user);
    return caller;
}

std::optional<KeyRow> Keys::find(base::Sha256 const& hash, base::Deadline deadline)
{
    auto const now = std::chrono::steady_clock::now();
    {
        std::lock_guard const lock(mutex_);
        auto const known = remembered_.find(hash);
        if (known != remembered_.end() && now < known->second.until) return known->second.row;
    }
    // Without the lock: one caller's slow look-up must not stop those whose keys are known.
    auto row = lookup_(hash, deadline);
    if (row) keep(hash, *row, now);
    return row;
}

void Keys::keep(base::Sha256 const& hash, KeyRow const& row, base::Deadline now)
{
    std::lock_guard const lock(mutex_);
    if (remembered_.size() >= remembered_max)
        std::erase_if(remembered_, [now](auto const& item) { return item.second.until <= now; });
    if (remembered_.size() >= remembered_max)
        remembered_.erase(
            std::min_element(remembered_.begin(), remembered_.end(),
                             [](auto const& a, auto const& b) { return a.second.until < b.second.until; }));
    remembered_.insert_or_assign(hash, Remembered{row, now + remember_});
}

void Keys::forget(base::Sha256 const& hash)
{
    std::lock_guard const lock(mutex_);
    remembered_.erase(hash);
}

} // namespace auth
