#include "shared/auth/authenticator.hpp"

#include "shared/auth/jws.hpp"
#include "shared/base/failure.hpp"
#include "shared/base/log.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace auth {

namespace {

constexpr std::size_t header_bytes_max = token_bytes_max + 64; // the scheme, and blanks
constexpr std::size_t key_characters = 43;                     // 32 bytes in base64url
constexpr std::size_t remembered_credentials_max = 1000;

struct Shape {
    std::string_view prefix;
    std::string_view kind;
    bool remembered;
};

constexpr std::array shapes{
    Shape{"fb_", "api_key", true},
    Shape{"fd_", "device", true},
    Shape{"fa_", "admin_session", false},
    Shape{"sk-fb-", "billing_key", false},
};

bool is_base64url(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// nullptr: no secret of ours.
Shape const* shape_of(std::string_view text)
{
    auto const* const shape = std::find_if(shapes.begin(), shapes.end(),
                                           [&](Shape const& s) { return text.starts_with(s.prefix); });
    return shape == shapes.end() ? nullptr : shape;
}

// What cannot be one costs neither a hash nor a look-up.
bool is_whole(std::string_view text, Shape const& shape)
{
    return text.size() == shape.prefix.size() + key_characters &&
           std::all_of(text.begin() + static_cast<std::ptrdiff_t>(shape.prefix.size()), text.end(),
                       is_base64url);
}

bool is_remembered(std::string_view kind)
{
    return std::any_of(shapes.begin(), shapes.end(),
                       [&](Shape const& s) { return s.kind == kind && s.remembered; });
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

std::string credential_of(http::Request const& request)
{
    auto const header = request.header("authorization");
    if (!header) unauthorized("no authorization header");
    if (header->size() > header_bytes_max) unauthorized("the authorization header is too long");
    return std::string(without_scheme(*header));
}

Authenticator::Authenticator(std::vector<EnvironmentKey> environment, Lookup lookup,
                             std::chrono::milliseconds remember, Verify verify)
    : environment_(std::move(environment)), lookup_(std::move(lookup)), remember_(remember),
      verify_(std::move(verify))
{
}

Caller Authenticator::authenticate(http::Request const& request, base::Deadline deadline)
{
    auto const credential = credential_of(request);
    for (auto const& key : environment_)
        if (key.value.equals(credential)) {
            if (auto const known = find(base::sha256(credential), "api_key", deadline))
                return ApiKey{.name = known->name, .scopes = known->scopes, .hash = base::sha256(credential)};
            base::log::event(base::log::Level::warning, "environment_key_unknown", {{"variable", key.name}});
            unauthorized(key.name + " is not registered in the database: run scripts/key environment");
        }
    auto const* const shape = shape_of(credential);
    if (shape == nullptr && verify_) return User{.token = verify_(credential, request.remote_addr, deadline)};
    if (shape == nullptr || !is_whole(credential, *shape)) unauthorized("the credential is no key");
    return key_holder(credential, shape->kind, deadline);
}

Caller Authenticator::key_holder(std::string_view credential, std::string_view kind, base::Deadline deadline)
{
    auto const hash = base::sha256(credential);
    auto const known = find(hash, kind, deadline);
    if (!known) unauthorized("unknown " + std::string(kind));
    if (kind == "api_key") return ApiKey{.name = known->name, .scopes = known->scopes, .hash = hash};
    auto const owner = known->owner.value(); // the table's constraint: all but API keys have one
    if (kind == "device") return Device{.id = owner, .hash = hash};
    if (kind == "billing_key") return BillingKey{.user = owner, .hash = hash};
    return Operator{.name = "admin:" + base::to_string(owner), .proof = db::Caller("admin_session", hash)};
}

std::optional<KnownCredential> Authenticator::find(base::Sha256 const& hash, std::string_view kind,
                                                   base::Deadline deadline)
{
    auto const now = std::chrono::steady_clock::now();
    {
        auto const lock = std::lock_guard(mutex_);
        auto const known = remembered_.find(hash);
        if (known != remembered_.end() && now < known->second.until) return known->second.credential;
    }
    // Without the lock: one caller's slow look-up must not stop those whose keys are known.
    auto known = lookup_(hash, deadline);
    if (known && known->kind != kind) return std::nullopt;
    if (known && is_remembered(kind)) keep(hash, *known, now);
    return known;
}

void Authenticator::keep(base::Sha256 const& hash, KnownCredential const& credential, base::Deadline now)
{
    auto const lock = std::lock_guard(mutex_);
    if (remembered_.size() >= remembered_credentials_max)
        std::erase_if(remembered_, [now](auto const& item) { return item.second.until <= now; });
    if (remembered_.size() >= remembered_credentials_max)
        remembered_.erase(
            std::min_element(remembered_.begin(), remembered_.end(),
                             [](auto const& a, auto const& b) { return a.second.until < b.second.until; }));
    remembered_.insert_or_assign(hash, Remembered{credential, now + remember_});
}

void Authenticator::forget(Caller const& caller)
{
    auto const lock = std::lock_guard(mutex_);
    remembered_.erase(proven(caller).proof);
}

} // namespace auth
