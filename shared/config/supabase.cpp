#include "shared/config/supabase.hpp"

#include <algorithm>
#include <string_view>

namespace config {
namespace {

constexpr std::size_t jwt_secret_bytes_min = 32; // RFC 7518, 3.2: no shorter than the hash

// "host" or "host:port" of which every part is there; an IPv6 address stands in brackets.
bool is_authority(std::string_view text)
{
    auto const allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-' || c == ':' || c == '[' || c == ']';
    };
    return !text.empty() && text.front() != ':' && text.back() != ':' &&
           std::all_of(text.begin(), text.end(), allowed);
}

bool is_loopback(std::string_view authority)
{
    auto const port = authority.front() == '[' ? authority.find("]:") : authority.rfind(':');
    auto const bracket = authority.front() == '[' ? std::size_t{1} : std::size_t{0};
    auto const host = authority.substr(0, port == std::string_view::npos ? port : port + bracket);
    return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

std::string read_url(Reader& reader)
{
    constexpr std::string_view secure = "https://";
    constexpr std::string_view plain = "http://";
    auto url = reader.variable("SUPABASE_URL").value_or("");
    if (url.empty()) return url;
    // The dashboard shows the address without one, but an issuer built from it must not have two.
    if (url.back() == '/') url.pop_back();

    auto const text = std::string_view(url);
    auto const is_secure = text.starts_with(secure);
    auto const authority = is_secure                 ? text.substr(secure.size())
                           : text.starts_with(plain) ? text.substr(plain.size())
                                                     : std::string_view();
    if (!is_authority(authority))
        reader.fault("SUPABASE_URL must be https://<host> or https://<host>:<port>, without a path");
    else if (!is_secure && !is_loopback(authority))
        reader.fault("SUPABASE_URL must begin with https:// unless it is on this machine");
    return url;
}

std::vector<std::string> read_issuers(Reader& reader, std::string const& url)
{
    auto const text = reader.variable("SUPABASE_ISSUERS").value_or(url + "/auth/v1");
    auto issuers = std::vector<std::string>();
    for (std::size_t begin = 0; begin < text.size();) {
        auto const end = std::min(text.find(' ', begin), text.size());
        if (end > begin) issuers.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    if (issuers.empty()) reader.fault("SUPABASE_ISSUERS names no issuer");
    return issuers;
}

bool anything_set(Supabase const& supabase, Reader const& reader)
{
    return !supabase.publishable_key.empty() || !supabase.secret_key.empty() ||
           !supabase.jwt_secret.empty() || reader.variable("SUPABASE_ISSUERS");
}

} // namespace

Supabase read_supabase(Reader& reader)
{
    auto supabase = Supabase();
    supabase.url = read_url(reader);
    supabase.publishable_key = reader.header_secret("SUPABASE_PUBLISHABLE_KEY");
    supabase.secret_key = reader.header_secret("SUPABASE_SECRET_KEY");
    supabase.jwt_secret = reader.secret("SUPABASE_JWT_SECRET");
    supabase.jwks_cache = reader.variable("JWKS_CACHE").value_or("");

    if (!supabase.jwt_secret.empty() && supabase.jwt_secret.reveal().size() < jwt_secret_bytes_min)
        reader.fault("SUPABASE_JWT_SECRET is too short: at least " + std::to_string(jwt_secret_bytes_min) +
                     " bytes");
    if (!supabase.jwks_cache.empty() && supabase.jwks_cache.front() != '/')
        reader.fault("JWKS_CACHE must be an absolute path");
    if (supabase.configured())
        supabase.issuers = read_issuers(reader, supabase.url);
    else if (anything_set(supabase, reader))
        reader.fault("SUPABASE_URL is missing, though other variables of Supabase are set");
    return supabase;
}

} // namespace config
