// People who register, through the endpoints, at the target's own Supabase Auth.
#pragma once

#include "tests/support/client.hpp"

#include <string>

namespace support {

inline constexpr auto a_password = "correct horse 9";

// An address that nobody else has.
std::string an_email();

struct Person {
    std::string id; // UUID
    std::string email;
    std::string access_token;
    std::string refresh_token;

    Headers headers() const { return as(access_token); }
};

// Registers somebody new, with a_password. Throws std::runtime_error when the service refuses.
Person a_person();

// The same, and an operator.
Person an_admin();

} // namespace support
