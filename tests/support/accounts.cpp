#include "tests/support/accounts.hpp"

#include "tests/support/database.hpp"
#include "tests/support/wallet.hpp"

#include <stdexcept>

namespace support {

std::string an_email()
{
    return "tests-" + a_phone() + "@example.com";
}

Person a_person()
{
    auto const email = an_email();
    auto const reply =
        post("/api/v1/auth/register", body({{"email", email}, {"password", a_password}}), anonymously());
    if (reply.status != 201)
        throw std::runtime_error("registering: " + std::to_string(reply.status) + " " + reply.body);
    return {.id = reply["user"]["id"].text(),
            .email = email,
            .access_token = reply["tokens"]["access_token"].text(),
            .refresh_token = reply["tokens"]["refresh_token"].text()};
}

Person an_admin()
{
    auto admin = a_person();
    database().rows("select farebox.add_admin($1, 'tests')", {admin.id});
    return admin;
}

} // namespace support
