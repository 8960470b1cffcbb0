#include "shared/accounts/accounts.hpp"

#include "shared/db/status.hpp"

namespace accounts {

namespace {

using db::Connection;
using db::Params;

Params params_of(Person const& person)
{
    return Params{}.caller(person.caller).uuid(person.user);
}

Account account(Connection& connection, Person const& person, base::Deadline deadline)
{
    auto const rows = connection.one("farebox_api.account", params_of(person), deadline);
    auto const row = rows[0];
    db::expect_ok(row.text("status"));
    return {.id = person.user,
            .number = row.int8("number"),
            .email = row.optional_text("email"),
            .phone = row.optional_text("phone"),
            .display_name = row.optional_text("display_name"),
            .provider = row.text("provider"),
            .is_admin = row.boolean("is_admin"),
            .created_at_us = row.timestamp_us("created_at"),
            .agent_id = row.optional_text("agent_id"),
            .agent_status = row.optional_text("agent_status"),
            .billing_key = row.optional_text("billing_key")};
}

} // namespace

Account read(db::Session& session, Person const& person, base::Deadline deadline)
{
    return session.read(
        deadline, [&](Connection& connection, auto until) { return account(connection, person, until); });
}

Account rename(db::Session& session, Person const& person, std::optional<std::string> const& display_name,
               base::Deadline deadline)
{
    return session.read(deadline, [&](Connection& connection, auto until) {
        auto const rows =
            connection.one("farebox_api.rename_account", params_of(person).text(display_name), until);
        db::expect_ok(rows[0].text("status"));
        return account(connection, person, until);
    });
}

std::string export_all(db::Session& session, Person const& person, base::Deadline deadline)
{
    return session.read(deadline, [&](Connection& connection, auto until) {
        auto const rows = connection.one("farebox_api.export_account", params_of(person), until);
        db::expect_ok(rows[0].text("status"));
        return rows[0].text("document");
    });
}

void erase(db::Session& session, Person const& person, base::Deadline deadline)
{
    session.read(deadline, [&](Connection& connection, auto until) {
        auto const rows = connection.one("farebox_api.erase_account", params_of(person), until);
        db::expect_ok(rows[0].text("status"));
    });
}

RegistrationIds registration_ids(db::Session& session, std::optional<std::string> const& email,
                                 std::optional<std::string> const& phone, base::Deadline deadline)
{
    return session.read(deadline, [&](Connection& connection, auto until) {
        auto const rows =
            connection.one("farebox_api.registration_ids", Params{}.text(email).text(phone), until);
        return RegistrationIds{.id = rows[0].uuid("id"), .number = rows[0].int8("number")};
    });
}

} // namespace accounts
