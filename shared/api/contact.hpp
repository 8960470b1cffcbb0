// Emails and phones in requests, read into the form in which Supabase stores them.
#pragma once

#include "shared/json/fields.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace api {

// The digits: "+7 (900) 123-45-67" and "79001234567" are one phone.
std::string digits_of(std::string_view phone);

// The members "email" and "phone". What is wrong with them is left in `fields` as problems, and the value is then of no use.

// In lower case.
std::string read_email(json::Fields& fields);
std::optional<std::string> read_optional_email(json::Fields& fields);

// Digits, 5 to 15 of them (ITU-T E.164).
std::optional<std::string> read_optional_phone(json::Fields& fields);

} // namespace api
