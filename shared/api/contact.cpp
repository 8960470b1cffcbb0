#include "shared/api/contact.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace api {
namespace {

constexpr std::size_t email_chars_min = 3;
constexpr std::size_t email_chars_max = 255;
constexpr std::size_t phone_chars_max = 64;
constexpr std::size_t phone_digits_min = 5;
constexpr std::size_t phone_digits_max = 15;

// No more than a shape: whether it is anybody's is found out by writing to it.
bool looks_like_email(std::string_view text)
{
    auto const at = text.find('@');
    auto const is_blank = [](char c) { return (c >= '\0' && c <= ' ') || c == '\x7f'; };
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find('@', at + 1) == std::string_view::npos &&
           std::none_of(text.begin(), text.end(), is_blank);
}

// A text of a length that was refused reads as empty and is not judged twice.
std::string judged_email(json::Fields& fields, std::string email)
{
    if (email.empty()) return email;
    if (!looks_like_email(email)) fields.problem("email", "must be an email address", "email");
    std::transform(email.begin(), email.end(), email.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return email;
}

} // namespace

std::string digits_of(std::string_view phone)
{
    auto digits = std::string();
    std::copy_if(phone.begin(), phone.end(), std::back_inserter(digits),
                 [](char c) { return c >= '0' && c <= '9'; });
    return digits;
}

std::string read_email(json::Fields& fields)
{
    return judged_email(fields, fields.text("email", email_chars_min, email_chars_max));
}

std::optional<std::string> read_optional_email(json::Fields& fields)
{
    auto email = fields.optional_text("email", email_chars_min, email_chars_max);
    if (!email) return std::nullopt;
    return judged_email(fields, *std::move(email));
}

std::optional<std::string> read_optional_phone(json::Fields& fields)
{
    auto const text = fields.optional_text("phone", 1, phone_chars_max);
    if (!text) return std::nullopt;
    auto digits = digits_of(*text);
    if (!text->empty() && (digits.size() < phone_digits_min || digits.size() > phone_digits_max))
        fields.problem("phone", "must hold 5 to 15 digits", "phone");
    return digits;
}

} // namespace api
