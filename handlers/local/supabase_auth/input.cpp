#include "handlers/local/supabase_auth/input.hpp"

#include "handlers/local/supabase_auth/context.hpp"
#include "handlers/local/supabase_auth/refused.hpp"
#include "shared/base/utf8.hpp"

#include <algorithm>
#include <charconv>

namespace local_auth {
namespace {

using json::Kind;

constexpr std::size_t email_chars_max = 255;
constexpr std::size_t phone_digits_min = 2;
constexpr std::size_t phone_digits_max = 15; // ITU-T E.164
constexpr std::size_t password_chars_min = 6;
constexpr std::size_t password_bytes_max = 72;
constexpr std::size_t agent_bytes_max = 500;
constexpr std::int64_t ban_seconds_max = std::int64_t{100} * 365 * 24 * 60 * 60;

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The member, or nullptr when it is absent or null; of another kind it is refused.
json::Value const* member_of_kind(json::Value const& body, std::string_view name, Kind kind)
{
    auto const* const member = body.find(name);
    if (member == nullptr || member->kind == Kind::null) return nullptr;
    if (member->kind != kind)
        throw Refused("bad_json",
                      "Could not read request body: " + std::string(name) + " is of another kind");
    return member;
}

std::string email_of(std::string email)
{
    std::transform(email.begin(), email.end(), email.begin(), lower);
    auto const at = email.find('@');
    auto const is_blank = [](char c) { return (c >= '\0' && c <= ' ') || c == '\x7f'; };
    if (at == std::string::npos || at == 0 || at + 1 == email.size() ||
        email.find('@', at + 1) != std::string::npos || std::any_of(email.begin(), email.end(), is_blank))
        throw Refused("validation_failed", "Unable to validate email address: invalid format");
    if (base::count_characters(email) > email_chars_max)
        throw Refused("validation_failed", "An email address is too long");
    return email;
}

// Stored and shown without the plus.
std::string phone_of(std::string_view text)
{
    if (text.starts_with('+')) text.remove_prefix(1);
    auto phone = std::string();
    std::copy_if(text.begin(), text.end(), std::back_inserter(phone), [](char c) { return c != ' '; });
    auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (phone.size() < phone_digits_min || phone.size() > phone_digits_max || phone.front() == '0' ||
        !std::all_of(phone.begin(), phone.end(), is_digit))
        throw Refused("validation_failed", "Invalid phone number format (E.164 required)");
    return phone;
}

[[noreturn]] void refuse_duration()
{
    throw Refused("validation_failed", "ban_duration must be a time such as 24h, 1h30m or 90s, or none");
}

// Cuts "24h" off the front; its seconds.
std::int64_t take_seconds(std::string_view& duration)
{
    auto count = std::int64_t{0};
    auto const* const end = duration.data() + duration.size();
    auto const [stop, error] = std::from_chars(duration.data(), end, count);
    if (error != std::errc{} || stop == end || count < 0 || count > ban_seconds_max) refuse_duration();
    auto const unit = *stop;
    duration.remove_prefix(static_cast<std::size_t>(stop - duration.data()) + 1);
    if (unit == 'h') return count * 3600;
    if (unit == 'm') return count * 60;
    if (unit == 's') return count;
    refuse_duration();
}

// What stands after "Bearer ", in any case.
std::optional<std::string> bearer_of(http::Request const& request)
{
    constexpr std::string_view scheme = "bearer ";
    auto const header = request.header("authorization");
    if (!header || header->size() <= scheme.size() ||
        !std::equal(scheme.begin(), scheme.end(), header->begin(),
                    [](char wanted, char given) { return wanted == lower(given); }))
        return std::nullopt;
    auto token = header->substr(scheme.size());
    if (token.find_first_of(" \t") != std::string::npos) return std::nullopt;
    return token;
}

std::optional<Holder> holder_of_token(std::string_view token)
{
    auto const holder = context().signer.holder_of(token, context().settings.issuer);
    if (!holder) return std::nullopt;
    return Holder{.user = holder->user, .session = holder->session};
}

} // namespace

json::Value body_of(http::Request const& request)
{
    if (request.body.empty()) throw Refused("bad_json");
    auto body = json::parse(request.body, json::depth_most);
    if (body.kind != Kind::object) throw Refused("bad_json");
    return body;
}

std::optional<std::string> text_member(json::Value const& body, std::string_view name)
{
    auto const* const member = member_of_kind(body, name, Kind::string);
    if (member == nullptr || member->text.empty()) return std::nullopt;
    return member->text;
}

bool flag_member(json::Value const& body, std::string_view name)
{
    auto const* const member = member_of_kind(body, name, Kind::boolean);
    return member != nullptr && member->boolean;
}

std::optional<std::string> object_member(json::Value const& body, std::string_view name)
{
    auto const* const member = member_of_kind(body, name, Kind::object);
    if (member == nullptr) return std::nullopt;
    return json::write(*member);
}

Address address_members(json::Value const& body)
{
    auto address = Address();
    if (auto email = text_member(body, "email")) address.email = email_of(*std::move(email));
    if (auto const phone = text_member(body, "phone")) address.phone = phone_of(*phone);
    return address;
}

Address one_address(json::Value const& body, std::string const& otherwise)
{
    auto address = address_members(body);
    if (address.email.has_value() == address.phone.has_value()) throw Refused("validation_failed", otherwise);
    return address;
}

std::string storable_password(std::string password)
{
    if (password.size() > password_bytes_max)
        throw Refused("validation_failed", "Password cannot be longer than 72 bytes");
    return password;
}

std::string new_password(std::string password)
{
    password = storable_password(std::move(password));
    if (base::count_characters(password) < password_chars_min) throw Refused("weak_password");
    return password;
}

std::int64_t ban_seconds(std::string_view duration)
{
    if (duration == "none") return 0;
    if (duration.empty()) refuse_duration();
    auto sum = std::int64_t{0};
    while (!duration.empty()) {
        sum += take_seconds(duration);
        if (sum > ban_seconds_max) refuse_duration();
    }
    return sum;
}

Client client_of(http::Request const& request)
{
    auto const agent = base::repair_utf8(request.header("user-agent").value_or(""));
    return {.agent = std::string(base::cut_utf8(agent, agent_bytes_max)), .ip = request.remote_addr};
}

Holder holder_of(http::Request const& request)
{
    auto const token = bearer_of(request);
    if (!token) throw Refused("no_authorization");
    auto const holder = holder_of_token(*token);
    if (!holder) throw Refused("bad_jwt");
    return *holder;
}

bool has_service_key(http::Request const& request)
{
    auto const& key = context().settings.service_key;
    auto const bearer = bearer_of(request);
    auto const apikey = request.header("apikey");
    return apikey && key.equals(*apikey) && (!bearer || key.equals(*bearer));
}

void require_service_key(http::Request const& request)
{
    if (has_service_key(request)) return;
    auto const bearer = bearer_of(request);
    if (!bearer) throw Refused("no_authorization");
    if (!holder_of_token(*bearer)) throw Refused("bad_jwt");
    throw Refused("not_admin");
}

} // namespace local_auth
