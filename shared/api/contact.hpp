// Emails and phones in requests, read into the form in which Supabase stores them.
//
// An account is made only with an address that can reach somebody, and in one way, or one phone would be several accounts. One
// that is looked for may be written in any way: who registered before a rule still logs in.
#pragma once

#include "shared/json/fields.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace api {

// The digits: "+7 (900) 123-45-67" and "79001234567" are one phone.
std::string digits_of(std::string_view phone);

// The members "email" and "phone". Absent is what is not there, null or "". What is wrong with them is left in `fields` as
// problems, and the value is then of no use.

// Of an account that is to be made. The email in lower case: one that a mail server would take, with a dot in its domain, so
// without comments, quotes, two dots in a row or characters that nobody sees. The phone's digits, 7 to 15 of them (ITU-T E.164),
// after the country's code and no zero: an optional plus; blanks, hyphens, dots and brackets may stand between.
std::optional<std::string> read_new_email(json::Fields& fields);
std::optional<std::string> read_new_phone(json::Fields& fields);

// Of an account that is looked for: anything with an @ between, in lower case; the digits, 5 to 15 of them.
std::optional<std::string> read_known_email(json::Fields& fields);
std::optional<std::string> read_known_phone(json::Fields& fields);

} // namespace api
