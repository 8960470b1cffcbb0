// How long a project's keys are used, when they are fetched, and by how many.
#include "shared/auth/jwks.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/auth/project.hpp"
#include "tests/unit/auth/refusal.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

using auth::Jwks;

mint::Key const& first()
{
    static auto const key = mint::Key::p256("first");
    return key;
}

mint::Key const& second()
{
    static auto const key = mint::Key::p256("second");
    return key;
}

bool knows(Jwks& jwks, std::string_view id)
{
    return jwks.keys(id, soon())->find(id) != nullptr;
}

std::string refusal(Jwks& jwks)
{
    return refusal_of([&] { jwks.keys({}, soon()); }, base::Error::auth_unavailable);
}

// How often this process has the file open.
std::ptrdiff_t times_open(std::string const& path)
{
    auto const descriptors = std::filesystem::directory_iterator("/proc/self/fd");
    return std::count_if(begin(descriptors), end(descriptors), [&](auto const& descriptor) {
        auto ignored = std::error_code();
        return std::filesystem::read_symlink(descriptor.path(), ignored) == path;
    });
}

// A fetch that ends when the test says so.
class SlowFetch {
  public:
    std::string operator()(std::string document)
    {
        std::unique_lock lock(mutex_);
        ++begun_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
        return document;
    }
    void wait_for_begin()
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return begun_ > 0; });
    }
    void open()
    {
        std::lock_guard const lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    int begun()
    {
        std::lock_guard const lock(mutex_);
        return begun_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int begun_ = 0;
    bool open_ = false;
};

} // namespace

TEST_CASE("keys are fetched once and used for ten minutes", "[jwks]")
{
    Project project;
    project.document = mint::jwks({first().jwk()});
    Jwks jwks(project.fetch(), "", project.clock());

    CHECK(knows(jwks, "first"));
    project.now_s += 599;
    CHECK(knows(jwks, "first"));
    CHECK(project.fetched == 1);
    project.now_s += 1;
    CHECK(knows(jwks, "first"));
    CHECK(project.fetched == 2);
}

TEST_CASE("a key that the project has just begun to use is fetched at once", "[jwks]")
{
    Project project;
    project.document = mint::jwks({first().jwk()});
    Jwks jwks(project.fetch(), "", project.clock());
    CHECK(knows(jwks, "first"));
    project.now_s += 30;

    project.document = mint::jwks({second().jwk(), first().jwk()});

    CHECK(knows(jwks, "second"));
    CHECK(knows(jwks, "first"));
    CHECK(project.fetched == 2);
}

TEST_CASE("a key that the project has revoked is gone with the next document", "[jwks]")
{
    Project project;
    project.document = mint::jwks({first().jwk(), second().jwk()});
    Jwks jwks(project.fetch(), "", project.clock());
    CHECK(knows(jwks, "first"));

    project.document = mint::jwks({second().jwk()});
    project.now_s += 600;

    CHECK_FALSE(knows(jwks, "first"));
    CHECK(knows(jwks, "second"));
}

TEST_CASE("made-up key ids cost the project one request in thirty seconds", "[jwks]")
{
    Project project;
    project.document = mint::jwks({first().jwk()});
    Jwks jwks(project.fetch(), "", project.clock());
    CHECK(knows(jwks, "first"));

    for (int number = 0; number < 100; ++number)
        CHECK_FALSE(knows(jwks, "made-up-" + std::to_string(number)));
    CHECK(project.fetched == 1);
    project.now_s += 29;
    CHECK_FALSE(knows(jwks, "made-up"));
    CHECK(project.fetched == 1);
    project.now_s += 1;
    CHECK_FALSE(knows(jwks, "made-up"));
    CHECK_FALSE(knows(jwks, "made-up-too"));
    CHECK(project.fetched == 2);
}

TEST_CASE("while the project is down its keys serve, for an hour and no longer", "[jwks]")
{
    Project project;
    project.document = mint::jwks({first().jwk()});
    Jwks jwks(project.fetch(), "", project.clock());
    CHECK(knows(jwks, "first"));
    project.down = true;

    project.now_s += 600;
    CHECK(knows(jwks, "first"));
    CHECK(knows(jwks, "first"));
    CHECK(project.fetched == 2);
    project.now_s += 2999;
    CHECK(knows(jwks, "first"));
    CHECK(project.fetched == 3);
    project.now_s += 1;
    CHECK(refusal(jwks) == "the keys of the Supabase project cannot be had");
    project.now_s += 5;
    project.down = false;
    CHECK(knows(jwks, "first"));
}

TEST_CASE("a process without keys asks again after five seconds", "[jwks]")
{
    Project project;
    project.down = true;
    Jwks jwks(project.fetch(), "", project.clock());

    CHECK_FALSE(refusal(jwks).empty());
    CHECK_FALSE(refusal(jwks).empty());
    CHECK(project.fetched == 1);
    project.now_s += 5;
    CHECK_FALSE(refusal(jwks).empty());
    CHECK(project.fetched == 2);
}

TEST_CASE("what is no better never takes the place of good keys", "[jwks]")
{
    for (auto const& document : {std::string("<html>Bad Gateway</html>"), std::string(), std::string("{}"),
                                 std::string(R"({"keys":[]})"), mint::jwks({mint::Key::p384("other").jwk()}),
                                 mint::jwks({second().jwk()}) + "x",
                                 R"({"keys":[],"filler":")" + std::string(10UL * 1024 * 1024, 'x') + "\"}"}) {
        Project project;
        project.document = mint::jwks({first().jwk()});
        Jwks jwks(project.fetch(), "", project.clock());
        CHECK(knows(jwks, "first"));

        project.document = document;
        project.now_s += 600;
        CHECK(knows(jwks, "first"));
        CHECK(project.fetched == 2);

        project.document = mint::jwks({second().jwk()});
        project.now_s += 30;
        CHECK(knows(jwks, "second"));
    }
}

TEST_CASE("no answer of ten megabytes, and no page of a proxy, becomes keys", "[jwks]")
{
    for (auto const& document : {std::string("<html>Bad Gateway</html>"),
                                 mint::jwks({first().jwk()}) + std::string(10UL * 1024 * 1024, ' ')}) {
        Project project;
        project.document = document;
        Jwks jwks(project.fetch(), "", project.clock());
        CHECK_FALSE(refusal(jwks).empty());
    }
}

TEST_CASE("a project without public keys has an empty set, also after an hour with keys", "[jwks]")
{
    Project project;
    Jwks jwks(project.fetch(), "", project.clock());
    CHECK(jwks.keys({}, soon())->empty());

    project.document = mint::jwks({first().jwk()});
    project.now_s += 600;
    CHECK_FALSE(jwks.keys({}, soon())->empty());
    project.document = R"({"keys":[]})";
    project.now_s += 3599;
    CHECK_FALSE(jwks.keys({}, soon())->empty());
    project.now_s += 30;
    CHECK(jwks.keys({}, soon())->empty());
}

TEST_CASE("many that want the same keys cause one fetch, and all of them get the answer", "[jwks]")
{
    SlowFetch slow;
    Jwks jwks([&](auto) { return slow(mint::jwks({first().jwk()})); }, "");
    std::atomic<int> found = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] { found += knows(jwks, "first") ? 1 : 0; });
    slow.wait_for_begin();
    slow.open();
    for (auto& thread : threads)
        thread.join();

    CHECK(found == 8);
    CHECK(slow.begun() == 1);
}

TEST_CASE("while one fetches, the old keys go on serving the others without a wait", "[jwks]")
{
    Project project;
    SlowFetch slow;
    std::atomic<bool> is_slow = false;
    auto const document = mint::jwks({first().jwk()});
    Jwks jwks([&](auto) { return is_slow ? slow(document) : document; }, "", project.clock());
    CHECK(knows(jwks, "first"));
    is_slow = true;
    project.now_s += 600;
    std::thread fetching([&] { knows(jwks, "first"); });
    slow.wait_for_begin();

    CHECK(knows(jwks, "first"));
    CHECK(refusal_of([&] { jwks.keys("unknown", base::deadline_in(std::chrono::milliseconds(50))); },
                     base::Error::auth_unavailable) == "the keys of the Supabase project are slow to come");

    slow.open();
    fetching.join();
}

TEST_CASE("a process that starts finds the keys that another one fetched", "[jwks]")
{
    Directory directory;
    Project project;
    project.document = mint::jwks({first().jwk()});
    Jwks one(project.fetch(), directory / "jwks.json", project.clock());
    CHECK(knows(one, "first"));

    Jwks other(project.fetch(), directory / "jwks.json", project.clock());
    CHECK(knows(other, "first"));
    CHECK(project.fetched == 1);

    project.document = mint::jwks({first().jwk(), second().jwk()});
    project.now_s += 30;
    CHECK(knows(one, "second"));
    CHECK(knows(other, "second"));
    CHECK(project.fetched == 2);
}

TEST_CASE("made-up key ids cost the project one request in thirty seconds, however many processes see them",
          "[jwks]")
{
    Directory directory;
    Project project;
    project.document = mint::jwks({first().jwk()});
    Jwks one(project.fetch(), directory / "jwks.json", project.clock());
    Jwks other(project.fetch(), directory / "jwks.json", project.clock());
    CHECK(knows(one, "first"));
    CHECK(knows(other, "first"));
    project.now_s += 30;

    CHECK_FALSE(knows(one, "made-up"));
    CHECK_FALSE(knows(other, "made-up"));
    CHECK_FALSE(knows(other, "made-up-too"));

    CHECK(project.fetched == 2);
}

TEST_CASE("a failed fetch is known to the other processes too", "[jwks]")
{
    Directory directory;
    Project project;
    project.down = true;
    Jwks one(project.fetch(), directory / "jwks.json", project.clock());
    Jwks other(project.fetch(), directory / "jwks.json", project.clock());

    CHECK_FALSE(refusal(one).empty());
    CHECK_FALSE(refusal(other).empty());

    CHECK(project.fetched == 1);
}

TEST_CASE("two processes that start together cause one fetch", "[jwks]")
{
    Directory directory;
    Project project;
    project.down = true;
    auto const path = directory / "jwks.json";
    auth::JwksFile one(path);
    auto turn = one.take_turn(soon());
    REQUIRE(turn);
    Jwks other(project.fetch(), path, project.clock());
    std::atomic<bool> found = false;
    std::thread second_process([&] { found = knows(other, "first"); });
    // It has seen that there is no file, and waits for its turn to fetch one.
    while (times_open(path + ".lock") < 2)
        std::this_thread::yield();

    one.write({.fetched_at_s = project.now_s,
               .tried_at_s = project.now_s,
               .document = mint::jwks({first().jwk()})});
    turn.reset();
    second_process.join();

    CHECK(found);
    CHECK(project.fetched == 0);
}

TEST_CASE("a stored document is judged like a fetched one, and never younger than it is", "[jwks]")
{
    Directory directory;
    Project project;
    auto const path = directory / "jwks.json";
    auto const stored = [&](std::string const& document, std::int64_t age_s) {
        auth::JwksFile(path).write({.fetched_at_s = project.now_s - age_s,
                                    .tried_at_s = project.now_s - age_s,
                                    .document = document});
        project.fetched = 0;
        Jwks jwks(project.fetch(), path, project.clock());
        return refusal(jwks).empty();
    };
    project.down = true;

    CHECK(stored(mint::jwks({first().jwk()}), 599));
    CHECK(project.fetched == 0);
    CHECK(stored(mint::jwks({first().jwk()}), 3599));
    CHECK(project.fetched == 1);
    CHECK_FALSE(stored(mint::jwks({first().jwk()}), 3600));
    CHECK_FALSE(stored(mint::jwks({first().jwk()}), -3600));
    CHECK_FALSE(stored("<html></html>", 10));
}

TEST_CASE("a clock that is set back makes no document eternal", "[jwks]")
{
    Project project;
    project.document = mint::jwks({first().jwk()});
    Jwks jwks(project.fetch(), "", project.clock());
    CHECK(knows(jwks, "first"));
    project.now_s -= 86'400;

    CHECK(knows(jwks, "first"));

    CHECK(project.fetched == 2);
}
