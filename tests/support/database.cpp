#include "tests/support/database.hpp"

#include "tests/support/target.hpp"

#include <libpq-fe.h>

#include <stdexcept>

namespace support {

Database::Database(std::string const& conninfo) : connection_(PQconnectdb(conninfo.c_str()), &PQfinish)
{
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        throw std::runtime_error(std::string("no database: ") + PQerrorMessage(connection_.get()));
    }
    // A server that is being broken says so on every connection; the test knows.
    PQsetNoticeProcessor(
        connection_.get(), [](void*, char const*) {}, nullptr);
}

std::vector<Row> Database::rows(std::string const& sql, Arguments const& arguments)
{
    auto values = std::vector<char const*>();
    for (auto const& argument : arguments)
        values.push_back(argument ? argument->c_str() : nullptr);
    auto const result = std::unique_ptr<PGresult, void (*)(PGresult*)>(
        PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                     nullptr, nullptr, 0),
        &PQclear);
    auto const status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    auto rows = std::vector<Row>(static_cast<std::size_t>(PQntuples(result.get())));
    for (auto row = 0; row < PQntuples(result.get()); ++row) {
        for (auto column = 0; column < PQnfields(result.get()); ++column) {
            auto& cell = rows[static_cast<std::size_t>(row)].emplace_back();
            if (PQgetisnull(result.get(), row, column) == 0) cell = PQgetvalue(result.get(), row, column);
        }
    }
    return rows;
}

std::optional<std::string> Database::value(std::string const& sql, Arguments const& arguments)
{
    auto const found = rows(sql, arguments);
    if (found.size() != 1 || found[0].size() != 1) {
        throw std::runtime_error("not one value, but " + std::to_string(found.size()) + " rows: " + sql);
    }
    return found[0][0];
}

std::int64_t Database::integer(std::string const& sql, Arguments const& arguments)
{
    auto const text = value(sql, arguments);
    if (!text) throw std::runtime_error("null where a number was expected: " + sql);
    return std::stoll(*text);
}

Database& database()
{
    thread_local auto conninfo = std::string();
    thread_local auto connection = std::optional<Database>();
    if (connection && conninfo == target().database_url) {
        try {
            connection->value("select 1");
        } catch (std::runtime_error const&) {
            connection.reset(); // the server was stopped in between: a test's own doing
        }
    }
    if (!connection || conninfo != target().database_url) {
        conninfo = target().database_url;
        connection.emplace(conninfo);
    }
    return *connection;
}

} // namespace support
