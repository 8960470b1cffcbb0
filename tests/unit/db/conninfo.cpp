#include "shared/db/conninfo.hpp"

#include "tests/support/catch.hpp"

#include <libpq-fe.h>

#include <map>
#include <memory>

namespace {

using Handle = std::unique_ptr<pg_conn, void (*)(pg_conn*)>;

std::map<std::string, std::string> in_force(std::string const& conninfo)
{
    Handle const handle(db::start_connect(base::Secret(conninfo), "unit"), PQfinish);
    REQUIRE(handle != nullptr);
    std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> const options(PQconninfo(handle.get()),
                                                                                 PQconninfoFree);
    std::map<std::string, std::string> values;
    for (auto const* option = options.get(); option->keyword != nullptr; ++option)
        values[option->keyword] = option->val == nullptr ? "" : option->val;
    return values;
}

} // namespace

TEST_CASE("a connection string gets our defaults under it", "[conninfo]")
{
    auto const options = in_force("host=/nonexistent user=u");

    CHECK(options.at("gssencmode") == "disable");
    CHECK(options.at("client_encoding") == "UTF8");
    CHECK(options.at("keepalives_idle") == "10");
    CHECK(options.at("fallback_application_name") == "unit");
}

TEST_CASE("what a connection string says wins over our defaults", "[conninfo]")
{
    auto const options = in_force("postgres://u@%2Fnonexistent/d?gssencmode=prefer&keepalives_idle=99");

    CHECK(options.at("gssencmode") == "prefer");
    CHECK(options.at("keepalives_idle") == "99");
    CHECK(options.at("dbname") == "d");
}

TEST_CASE("an unreadable connection string is refused without a word of it", "[conninfo]")
{
    CHECK(db::start_connect(base::Secret("postgres://u:secret@[::1"), "unit") == nullptr);
    CHECK(db::start_connect(base::Secret("pasword=secret"), "unit") == nullptr);
}

TEST_CASE("the state and the reason of a failed connect are told without host, user or file", "[conninfo]")
{
    std::string const refused =
        "connection to server at \"db.example\" (10.0.0.1), port 5432 failed: FATAL:  28P01\n";
    CHECK(db::connect_sqlstate(refused) == "28P01");
    CHECK(db::connect_reason(refused) == "FATAL:  28P01");

    std::string const down =
        "connection to server on socket \"/run/.s.PGSQL.5432\" failed: No such file or directory\n"
        "\tIs the server running locally and accepting connections on that socket?\n";
    CHECK(db::connect_sqlstate(down).empty());
    CHECK(db::connect_reason(down) == "No such file or directory");

    std::string const both = "connection to server at \"a\" (1.1.1.1), port 1 failed: Connection refused\n"
                             "connection to server at \"b\" (2.2.2.2), port 2 failed: FATAL:  57P03\n";
    CHECK(db::connect_sqlstate(both) == "57P03");

    std::string const unnamed = "could not translate host name \"db.example\" to address: Unknown\n";
    CHECK(db::connect_sqlstate(unnamed).empty());
    CHECK(db::connect_reason(unnamed) == "the host name could not be resolved");
    CHECK(db::connect_reason("secret") == "the connection could not be made");
    CHECK(db::connect_sqlstate("secret failed: short").empty());
}
