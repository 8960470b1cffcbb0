// A look into the database behind the service, as an operator with psql would have.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct pg_conn;

namespace support {

using Row = std::vector<std::optional<std::string>>;
using Arguments = std::vector<std::optional<std::string>>;

// One connection. What goes wrong throws std::runtime_error with the server's words: in a test that is a
// failure to set up, never a case.
class Database {
  public:
    explicit Database(std::string const& conninfo);

    std::vector<Row> rows(std::string const& sql, Arguments const& arguments = {});
    // The one column of the one row.
    std::optional<std::string> value(std::string const& sql, Arguments const& arguments = {});
    std::int64_t integer(std::string const& sql, Arguments const& arguments = {});

  private:
    std::unique_ptr<pg_conn, void (*)(pg_conn*)> connection_;
};

// This thread's connection to the target's database, reopened when the target changed or the server left.
Database& database();

} // namespace support
