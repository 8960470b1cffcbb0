#include "shared/service/accounts.hpp"

#include <algorithm>
#include <iterator>

namespace service {
namespace {

constexpr std::size_t email_chars_min = 3;
constexpr std::size_t email_chars_max = 255;
constexpr std::size_t phone_chars_max = 64;
constexpr std::size_t phone_digits_min = 5;
constexpr std::size_t phone_digits_max = 15; // ITU-T E.164
constexpr std::size_t display_name_chars_max = 100;
// More than any password; what is too long for one is said in bytes.
constexpr std::size_t password_chars_max = 4096;

bool looks_like_email(std::string_view text)
{
    auto const at = text.find('@');
    auto const is_blank = [](char c) { return (c >= '\0' && c <= ' ') || c == '\x7f'; };
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find('@', at + 1) == std::string_view::npos &&
           std::none_of(text.begin(), text.end(), is_blank);
}

std::string read_email(json::Fields& fields)
{
    auto const problems_before = fields.problems().size();
    auto email = fields.text("email", email_chars_min, email_chars_max);
    if (fields.problems().size() > problems_before) return {};
    if (!looks_like_email(email)) fields.problem("email", "must be an email address", "email");
    std::transform(email.begin(), email.end(), email.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return email;
}

std::string digits_of(json::Fields& fields, std::string const& text)
{
    auto digits = std::string();
    std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
                 [](char c) { return c >= '0' && c <= '9'; });
    // A text that was refused already reads as empty.
    if (!text.empty() && (digits.size() < phone_digits_min || digits.size() > phone_digits_max))
        fields.problem("phone", "must hold 5 to 15 digits", "phone");
    return digits;
}

std::string trimmed(std::string const& text)
{
    auto const blanks = " \t\r\n";
    auto const from = text.find_first_not_of(blanks);
    if (from == std::string::npos) return {};
    return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

} // namespace

upstream::SupabaseAuth supabase_auth(config::Config const& config)
{
    auto const& supabase = config.supabase;
    if (!supabase.configured())
        throw base::Failure(base::Error::auth_unavailable, "SUPABASE_URL is not set").retry_after(60);
    auto options = upstream::SupabaseOptions();
    options.url = supabase.url;
    options.publishable_key = supabase.publishable_key;
    options.secret_key = supabase.secret_key;
    return upstream::SupabaseAuth(std::move(options),
                                  upstream::Http({.user_agent = "farebox/" FAREBOX_VERSION}));
}

upstream::Login read_login(json::Fields& fields, std::size_t password_bytes_max)
{
    auto login = upstream::Login();
    auto const phone = fields.optional_text("phone", 1, phone_chars_max);
    if (phone)
        login.phone = digits_of(fields, *phone);
    else
        login.email = read_email(fields);
    auto password = fields.text("password", 1, password_chars_max);
    // Supabase Auth hashes no more than 72 bytes, and says so only in its own words.
    if (password.size() > password_bytes_max)
        fields.problem("password", "must be at most " + std::to_string(password_bytes_max) + " bytes long",
                       "too_long");
    login.password = base::Secret(std::move(password));
    return login;
}

std::string read_display_name(json::Fields& fields)
{
    return trimmed(fields.optional_text("display_name", 0, display_name_chars_max).value_or(""));
}

void write_forge_members(json::Writer& body, ledger::Account const& account)
{
    body.field("id", account.number)
        .field("email", account.email.value_or(""))
        .field("display_name", account.display_name.value_or(""))
        .field("provider", account.provider)
        .field("is_admin", account.is_admin)
        .field("created_at", base::iso8601(account.created_at_us));
}

void write_forge_user(json::Writer& body, ledger::Account const& account)
{
    body.begin("user");
    write_forge_members(body, account);
    body.end();
}

void write_chat_tokens(json::Writer& body, upstream::AuthSession const& session)
{
    body.begin("tokens")
        .field("access_token", session.access_token.reveal())
        .field("refresh_token", session.refresh_token.reveal())
        .end();
}

void write_forge_tokens(json::Writer& body, upstream::AuthSession const& session)
{
    body.begin("tokens")
        .field("refresh", session.refresh_token.reveal())
        .field("access", session.access_token.reveal())
        .end();
}

} // namespace service
