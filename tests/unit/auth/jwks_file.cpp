// The file that processes share: whole or not at all, and only from one who may.
#include "shared/auth/jwks_file.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/auth/project.hpp"

#include <sys/stat.h>

#include <fstream>

namespace {

auth::StoredJwks const sample{
    .fetched_at_s = 100, .tried_at_s = 130, .document = R"({"keys":[{"kid":"a\n\"b"}]})"};

void put(std::string const& path, std::string const& text, mode_t mode = 0600)
{
    std::ofstream(path, std::ios::binary) << text;
    REQUIRE(chmod(path.c_str(), mode) == 0);
}

std::string const good = R"({"fetched_at":1,"tried_at":2,"document":"{}"})";

} // namespace

TEST_CASE("what one wrote another reads, once", "[jwks_file]")
{
    Directory directory;
    auth::JwksFile(directory / "jwks.json").write(sample);
    auth::JwksFile reader(directory / "jwks.json");

    auto const stored = reader.read_if_changed();

    REQUIRE(stored);
    CHECK(stored->fetched_at_s == 100);
    CHECK(stored->tried_at_s == 130);
    CHECK(stored->document == sample.document);
    CHECK_FALSE(reader.read_if_changed());
    auth::JwksFile(directory / "jwks.json").write(sample);
    CHECK(reader.read_if_changed());
}

TEST_CASE("who wrote a file need not read it", "[jwks_file]")
{
    Directory directory;
    auth::JwksFile file(directory / "jwks.json");
    file.write(sample);

    CHECK_FALSE(file.read_if_changed());
}

TEST_CASE("the file is its owner's alone, and nothing half-written is left beside it", "[jwks_file]")
{
    Directory directory;
    auth::JwksFile(directory / "jwks.json").write(sample);

    struct stat state {};
    REQUIRE(stat((directory / "jwks.json").c_str(), &state) == 0);
    CHECK((state.st_mode & 0777) == 0600);
    auto const files = std::distance(std::filesystem::directory_iterator(directory / "."), {});
    CHECK(files == 1);
}

TEST_CASE("a file that others could have written, or a link, is not read", "[jwks_file]")
{
    Directory directory;
    put(directory / "mine", good);
    CHECK(auth::JwksFile(directory / "mine").read_if_changed());

    put(directory / "group", good, 0620);
    CHECK_FALSE(auth::JwksFile(directory / "group").read_if_changed());
    put(directory / "world", good, 0602);
    CHECK_FALSE(auth::JwksFile(directory / "world").read_if_changed());
    std::filesystem::create_symlink(directory / "mine", directory / "link");
    CHECK_FALSE(auth::JwksFile(directory / "link").read_if_changed());
    std::filesystem::create_directory(directory / "directory");
    CHECK_FALSE(auth::JwksFile(directory / "directory").read_if_changed());
    CHECK_FALSE(auth::JwksFile(directory / "missing").read_if_changed());
}

TEST_CASE("a file that is torn, foreign or too long is not read", "[jwks_file]")
{
    Directory directory;
    for (auto const& text :
         {std::string(), good.substr(0, good.size() - 1), std::string("{}"), std::string("[]"),
          std::string(R"({"fetched_at":-1,"tried_at":2,"document":"{}"})"),
          std::string(R"({"fetched_at":"1","tried_at":2,"document":"{}"})"),
          std::string(R"({"fetched_at":1,"tried_at":1.5,"document":"{}"})"),
          std::string(R"({"fetched_at":1,"tried_at":2,"document":{}})"),
          good + std::string(200UL * 1024, ' ')}) {
        put(directory / "jwks.json", text);
        CHECK_FALSE(auth::JwksFile(directory / "jwks.json").read_if_changed());
    }
}

TEST_CASE("one process at a time has the turn, and it ends with its holder", "[jwks_file]")
{
    Directory directory;
    auth::JwksFile const one(directory / "jwks.json");
    auth::JwksFile const other(directory / "jwks.json");
    auto const a_moment = [] { return base::deadline_in(std::chrono::milliseconds(30)); };
    {
        auto const turn = one.take_turn(a_moment());
        REQUIRE(turn);
        CHECK_FALSE(other.take_turn(a_moment()));
    }
    CHECK(other.take_turn(a_moment()));
}

TEST_CASE("without a path, or where nothing can be written, each process keeps its keys to itself",
          "[jwks_file]")
{
    for (auto const* const path : {"", "/nonexistent/directory/jwks.json"}) {
        auth::JwksFile file(path);
        file.write(sample);
        CHECK_FALSE(file.read_if_changed());
        CHECK(file.take_turn(soon()));
    }
}
