// The statements about accounts. None of them moves tokens but the first look at a new account, which gives
// the starting tokens once; so each may be sent again at will.
#include "shared/ledger/account.hpp"

#include "shared/ledger/move_row.hpp"

namespace ledger::calls {
namespace {

using db::Params;

void expect_ok(std::string const& status)
{
    if (status != "ok") throw refusal_of(status, Subject::user);
}

// A function that answers another number of rows is not the function we know.
db::Rows one_row(db::Rows rows, char const* function)
{
    if (rows.size() != 1)
        throw base::Failure(base::Error::internal,
                            std::string("unexpected rows from farebox_api.") + function);
    return rows;
}

} // namespace

Account account(db::Connection& connection, Person const& person, base::Deadline deadline)
{
    auto const rows = one_row(
        connection.call("select status, number, email, phone, display_name, provider, is_admin, created_at, "
                        "agent_id, agent_status, billing_key from farebox_api.account($1,$2)",
                        Params{}.uuid(person.user).uuid(person.session), deadline),
        "account");
    expect_ok(rows.text(0, 0));
    return {.id = person.user,
            .number = rows.int8(0, 1),
            .email = rows.optional_text(0, 2),
            .phone = rows.optional_text(0, 3),
            .display_name = rows.optional_text(0, 4),
            .provider = rows.text(0, 5),
            .is_admin = rows.boolean(0, 6),
            .created_at_us = rows.timestamp_us(0, 7),
            .agent_id = rows.optional_text(0, 8),
            .agent_status = rows.optional_text(0, 9),
            .billing_key = rows.optional_text(0, 10)};
}

void rename_account(db::Connection& connection, Person const& person,
                    std::optional<std::string> const& display_name, base::Deadline deadline)
{
    auto const rows =
        one_row(connection.call("select farebox_api.rename_account($1,$2,$3)",
                                Params{}.uuid(person.user).uuid(person.session).text(display_name), deadline),
                "rename_account");
    expect_ok(rows.text(0, 0));
}

std::string export_account(db::Connection& connection, Person const& person, base::Deadline deadline)
{
    auto const rows =
        one_row(connection.call("select status, document from farebox_api.export_account($1,$2)",
                                Params{}.uuid(person.user).uuid(person.session), deadline),
                "export_account");
    expect_ok(rows.text(0, 0));
    return rows.text(0, 1);
}

void erase_account(db::Connection& connection, Person const& person, base::Deadline deadline)
{
    auto const rows = one_row(connection.call("select farebox_api.erase_account($1,$2)",
                                              Params{}.uuid(person.user).uuid(person.session), deadline),
                              "erase_account");
    expect_ok(rows.text(0, 0));
}

std::int64_t unused_number(db::Connection& connection, base::Deadline deadline)
{
    return one_row(connection.call("select farebox_api.unused_number()", Params{}, deadline), "unused_number")
        .int8(0, 0);
}

} // namespace ledger::calls
