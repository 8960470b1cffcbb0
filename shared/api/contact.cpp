#include "shared/api/contact.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace api {
namespace {

constexpr std::size_t email_chars_max = 255;
constexpr std::size_t phone_chars_max = 64;
constexpr std::size_t phone_digits_max = 15;
constexpr std::size_t known_phone_digits_min = 5;
constexpr std::size_t new_phone_digits_min = 7;
// RFC 5321, 4.5.3.1, and RFC 1035, 2.3.4.
constexpr std::size_t mailbox_bytes_max = 64;
constexpr std::size_t domain_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_ascii(char c)
{
    return static_cast<unsigned char>(c) < 0x80;
}

// Beyond ASCII, what shows nothing: controls, blanks, what joins, splits and directs others, and letters without ink
// (Unicode 15: Default_Ignorable_Code_Point, White_Space, Cc).
constexpr auto invisible = std::array<std::pair<char32_t, char32_t>, 21>{{
    {0x80, 0xA0},       {0xAD, 0xAD},     {0x34F, 0x34F},   {0x61C, 0x61C},     {0x115F, 0x1160},
    {0x1680, 0x1680},   {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x2000, 0x200F},   {0x2028, 0x202F},
    {0x205F, 0x206F},   {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF},
}};

// The characters of a text that is UTF-8, as every text of a body is.
std::u32string characters(std::string_view text)
{
    auto points = std::u32string();
    for (auto const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) == 0x80U)
            points.back() = points.back() << 6U | (byte & 0x3FU);
        else
            points += static_cast<char32_t>(byte < 0x80U ? byte
                                                         : byte & (byte < 0xE0U   ? 0x1FU
                                                                   : byte < 0xF0U ? 0xFU
                                                                                  : 0x7U));
    }
    return points;
}

bool is_visible(std::string_view text)
{
    auto const points = characters(text);
    return std::none_of(points.begin(), points.end(), [](char32_t point) {
        return std::any_of(invisible.begin(), invisible.end(),
                           [&](auto const& range) { return point >= range.first && point <= range.second; });
    });
}

// Whether each part between dots is good. Between two dots in a row lies one that is empty.
template <class Good>
bool is_dotted(std::string_view text, Good&& good)
{
    for (;;) {
        auto const end = std::min(text.find('.'), text.size());
        if (!good(text.substr(0, end))) return false;
        if (end == text.size()) return true;
        text.remove_prefix(end + 1);
    }
}

// RFC 5322, 3.2.3, and letters of other alphabets (RFC 6531).
bool is_atom(std::string_view text)
{
    constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return is_letter(c) || is_digit(c) || !is_ascii(c) || others.find(c) != std::string_view::npos;
    });
}

bool is_label(std::string_view text)
{
    return !text.empty() && text.size() <= label_bytes_max && text.front() != '-' && text.back() != '-' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || !is_ascii(c) || c == '-'; });
}

// With a dot, and no number as its last part, as an IP address has.
bool is_domain(std::string_view text)
{
    if (text.ends_with('.')) text.remove_suffix(1);
    auto const dot = text.rfind('.');
    if (dot == std::string_view::npos || text.size() > domain_bytes_max || !is_dotted(text, is_label))
        return false;
    auto const last = text.substr(dot + 1);
    return !std::all_of(last.begin(), last.end(), is_digit);
}

bool takes_mail(std::string_view email)
{
    auto const at = email.find('@');
    if (at > mailbox_bytes_max) return false; // or there is none
    return is_dotted(email.substr(0, at), is_atom) && is_domain(email.substr(at + 1)) && is_visible(email);
}

bool looks_like_email(std::string_view text)
{
    auto const at = text.find('@');
    auto const is_blank = [](char c) { return (c >= '\0' && c <= ' ') || c == '\x7f'; };
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find('@', at + 1) == std::string_view::npos &&
           std::none_of(text.begin(), text.end(), is_blank);
}

// "+44 (0)20 7946 0000" has a zero that is dialled only within the country, "0044" a prefix that is dialled only from some.
bool reaches_a_phone(std::string_view text)
{
    constexpr std::string_view separators = " -.()";
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.empty() || text.front() == '0' || !is_digit(text.front()) || !is_digit(text.back()))
        return false;
    if (!std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_digit(c) || separators.find(c) != std::string_view::npos; }))
        return false;
    auto brackets = std::string();
    std::copy_if(text.begin(), text.end(), std::back_inserter(brackets),
                 [](char c) { return is_digit(c) || c == '(' || c == ')'; });
    auto const digits = digits_of(text).size();
    return brackets.find("(0)") == std::string::npos && digits >= new_phone_digits_min &&
           digits <= phone_digits_max;
}

std::optional<std::string> read_text(json::Fields& fields, std::string_view name, std::size_t chars_max)
{
    auto text = fields.optional_text(name, 0, chars_max);
    return text && text->empty() ? std::nullopt : text;
}

template <class Good>
std::optional<std::string> read_email(json::Fields& fields, Good&& good)
{
    auto email = read_text(fields, "email", email_chars_max);
    if (!email) return std::nullopt;
    if (!good(*email)) fields.problem("email", "must be an email address", "email");
    std::transform(email->begin(), email->end(), email->begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return email;
}

} // namespace

std::string digits_of(std::string_view phone)
{
    auto digits = std::string();
    std::copy_if(phone.begin(), phone.end(), std::back_inserter(digits), is_digit);
    return digits;
}

std::optional<std::string> read_new_email(json::Fields& fields)
{
    return read_email(fields, takes_mail);
}

std::optional<std::string> read_known_email(json::Fields& fields)
{
    return read_email(fields, looks_like_email);
}

std::optional<std::string> read_new_phone(json::Fields& fields)
{
    auto const text = read_text(fields, "phone", phone_chars_max);
    if (!text) return std::nullopt;
    auto digits = digits_of(*text);
    if (!reaches_a_phone(*text))
        fields.problem(
            "phone",
            "must be a phone's number with the code of its country: 7 to 15 digits, such as +44 20 7946 0000",
            "phone");
    return digits;
}

std::optional<std::string> read_known_phone(json::Fields& fields)
{
    auto const text = read_text(fields, "phone", phone_chars_max);
    if (!text) return std::nullopt;
    auto digits = digits_of(*text);
    if (digits.size() < known_phone_digits_min || digits.size() > phone_digits_max)
        fields.problem("phone", "must hold 5 to 15 digits", "phone");
    return digits;
}

} // namespace api
