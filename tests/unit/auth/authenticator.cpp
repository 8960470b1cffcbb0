#include "shared/auth/authenticator.hpp"

#include "shared/base/failure.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <map>
#include <thread>

namespace {

using auth::Authenticator;
using auth::Scope;
using std::chrono::milliseconds;

std::string const good = "fb_" + std::string(43, 'a');

http::Request with_header(std::string value)
{
    http::Request request;
    request.headers.emplace_back("authorization", std::move(value));
    return request;
}

base::Deadline soon()
{
    return base::deadline_in(milliseconds(1000));
}

auth::KnownCredential an_api_key(std::string name)
{
    return {.kind = "api_key", .owner = {}, .name = std::move(name), .scopes = {}};
}

// A table with one key, which counts how often it is asked.
struct Table {
    std::optional<auth::KnownCredential> operator()(base::Sha256 const& hash, base::Deadline)
    {
        ++asked;
        if (!(present && hash == base::sha256(good))) return {};
        auto known = an_api_key("demo");
        known.scopes.add(Scope::read);
        return known;
    }

    int asked = 0;
    bool present = true;
};

Authenticator keys_of(Table& table, milliseconds remember = std::chrono::seconds(60))
{
    return Authenticator(
        {}, [&table](auto const& hash, auto deadline) { return table(hash, deadline); }, remember);
}

std::optional<base::Error> refusal(Authenticator& keys, http::Request const& request)
{
    try {
        keys.authenticate(request, soon());
        return {};
    } catch (base::Failure const& failure) {
        CHECK(failure.log().find("fb_") == std::string::npos);
        return failure.error();
    }
}

std::string numbered_key(int number)
{
    auto digits = std::to_string(number);
    return "fb_" + std::string(43 - digits.size(), 'n') + digits;
}

} // namespace

TEST_CASE("a key of the table is recognised by its hash, with the scopes of its row", "[authenticator]")
{
    Table table;
    auto keys = keys_of(table);

    auto const caller = keys.authenticate(with_header("Bearer " + good), soon());

    CHECK(auth::name_of(caller) == "key:demo");
    auto const& key = std::get<auth::ApiKey>(caller);
    CHECK(key.scopes.has(Scope::read));
    CHECK_FALSE(key.scopes.has(Scope::spend));
    CHECK(key.hash == base::sha256(good));
    CHECK(auth::proven(caller).kind == "api_key");
    CHECK(auth::proven(caller).proof == base::sha256(good));
}

TEST_CASE("a credential may come bare, or as a bearer in any case and with blanks around it",
          "[authenticator]")
{
    Table table;
    auto keys = keys_of(table);

    for (auto const& header :
         {good, "Bearer " + good, "bearer " + good, "BEARER\t " + good + " ", " " + good})
        CHECK_FALSE(refusal(keys, with_header(header)));
}

TEST_CASE("a header that cannot be a key is unauthorized and costs no look-up", "[authenticator]")
{
    Table table;
    auto keys = keys_of(table);

    CHECK(refusal(keys, http::Request{}) == base::Error::unauthorized);
    auto doubled = with_header(good);
    doubled.headers.emplace_back("authorization", good);
    CHECK(refusal(keys, doubled) == base::Error::unauthorized);
    for (auto const& header :
         {std::string(), std::string("Bearer"), std::string("Bearer "), std::string("Basic ") + good,
          good + "a", good.substr(1), "fb_" + std::string(42, 'a'), "fb_" + std::string(42, 'a') + "+",
          "FB_" + std::string(43, 'a'), good + " " + good, std::string("fb_") + std::string(43, '\xc3'),
          std::string(7 * 1024, 'k'), std::string(9 * 1024, 'k'),
          "fb_" + std::string(42, 'a') + std::string(1, '\0')})
        CHECK(refusal(keys, with_header(header)) == base::Error::unauthorized);
    CHECK(table.asked == 0);
}

TEST_CASE("an unknown key is unauthorized, and asked for again each time", "[authenticator]")
{
    Table table;
    table.present = false;
    auto keys = keys_of(table);

    CHECK(refusal(keys, with_header(good)) == base::Error::unauthorized);
    table.present = true;
    CHECK_FALSE(refusal(keys, with_header(good)));
    CHECK(table.asked == 2);
}

TEST_CASE("a known key is not looked up again until its time is over or it is forgotten", "[authenticator]")
{
    Table table;
    auto keys = keys_of(table);
    for (int i = 0; i < 3; ++i)
        keys.authenticate(with_header(good), soon());
    CHECK(table.asked == 1);

    keys.forget(keys.authenticate(with_header(good), soon()));
    keys.authenticate(with_header(good), soon());
    CHECK(table.asked == 2);

    Table other;
    auto forgetful = keys_of(other, milliseconds(0));
    forgetful.authenticate(with_header(good), soon());
    forgetful.authenticate(with_header(good), soon());
    CHECK(other.asked == 2);
}

TEST_CASE("no more than a thousand keys are remembered, and the oldest goes first", "[authenticator]")
{
    int asked = 0;
    Authenticator keys({}, [&asked](auto const&, auto) {
        ++asked;
        return std::optional(an_api_key("any"));
    });
    for (int number = 0; number < 1001; ++number)
        keys.authenticate(with_header(numbered_key(number)), soon());
    REQUIRE(asked == 1001);

    keys.authenticate(with_header(numbered_key(1000)), soon());
    keys.authenticate(with_header(numbered_key(1)), soon());
    CHECK(asked == 1001);
    keys.authenticate(with_header(numbered_key(0)), soon());
    CHECK(asked == 1002);
}

TEST_CASE("a key of the environment is a row like others: what the database says of it counts",
          "[authenticator]")
{
    auto known = std::map<base::Sha256, auth::KnownCredential>();
    known[base::sha256("correct horse")] = an_api_key("API_SECRET_KEY");
    known[base::sha256("correct horse")].scopes.add(Scope::grant);
    Authenticator keys(
        {{"API_SECRET_KEY", base::Secret("correct horse")}, {"INTERNAL_API_KEY", base::Secret("battery")}},
        [&](auto const& hash, auto) {
            auto const found = known.find(hash);
            return found == known.end() ? std::nullopt : std::optional(found->second);
        });

    for (auto const* header : {"Bearer correct horse", "correct horse"}) {
        auto const key = std::get<auth::ApiKey>(keys.authenticate(with_header(header), soon()));
        CHECK(key.name == "API_SECRET_KEY");
        CHECK(key.scopes.has(Scope::grant));
        CHECK_FALSE(key.scopes.has(Scope::spend));
        CHECK(key.hash == base::sha256("correct horse"));
    }
    // Set, but not registered: it opens nothing.
    CHECK(refusal(keys, with_header("Bearer battery")) == base::Error::unauthorized);
    CHECK(refusal(keys, with_header("Bearer correct hors")) == base::Error::unauthorized);
}

TEST_CASE("each kind of secret is told by its shape, and must be of that kind in the database",
          "[authenticator]")
{
    auto const owner = base::Uuid{.bytes = {7}};
    auto kind = std::string();
    Authenticator keys({}, [&](auto const&, auto) {
        return std::optional(auth::KnownCredential{.kind = kind, .owner = owner, .name = {}, .scopes = {}});
    });
    auto const secret = [](std::string const& prefix) { return with_header(prefix + std::string(43, 'k')); };

    kind = "device";
    CHECK(std::get<auth::Device>(keys.authenticate(secret("fd_"), soon())).id == owner);
    kind = "billing_key";
    CHECK(std::get<auth::BillingKey>(keys.authenticate(secret("sk-fb-"), soon())).user == owner);
    kind = "admin_session";
    auto const admin = keys.authenticate(secret("fa_"), soon());
    CHECK(auth::name_of(admin) == "admin:07000000-0000-0000-0000-000000000000");
    CHECK(auth::proven(admin).kind == "admin_session");
    CHECK(refusal(keys, secret("fb_")) == base::Error::unauthorized);
    CHECK(refusal(keys, with_header("fd_short")) == base::Error::unauthorized);
}

TEST_CASE("admin sessions and billing keys are asked about each time, devices once a minute",
          "[authenticator]")
{
    auto asked = 0;
    auto kind = std::string();
    Authenticator keys({}, [&](auto const&, auto) {
        ++asked;
        return std::optional(
            auth::KnownCredential{.kind = kind, .owner = base::Uuid{.bytes = {7}}, .name = {}, .scopes = {}});
    });
    auto const twice = [&](std::string const& prefix, std::string of_kind) {
        asked = 0;
        kind = std::move(of_kind);
        for (int i = 0; i < 2; ++i)
            keys.authenticate(with_header(prefix + std::string(43, 'k')), soon());
        return asked;
    };

    CHECK(twice("fd_", "device") == 1);
    CHECK(twice("fa_", "admin_session") == 2);
    CHECK(twice("sk-fb-", "billing_key") == 2);
}

TEST_CASE("a key that is not set in the environment matches nothing", "[authenticator]")
{
    Table table;
    Authenticator keys({{"API_SECRET_KEY", base::Secret()}},
                       [&table](auto const& hash, auto deadline) { return table(hash, deadline); });

    for (auto const* header : {"", " ", "Bearer", "Bearer ", "bearer  "})
        CHECK(refusal(keys, with_header(header)) == base::Error::unauthorized);
}

TEST_CASE("a header longer than a token of 16 KiB is unauthorized, whatever it says", "[authenticator]")
{
    std::string const value(17 * 1024, 'k');
    Authenticator keys({{"API_SECRET_KEY", base::Secret(value)}},
                       [](auto const&, auto) { return std::nullopt; });

    CHECK(refusal(keys, with_header(value)) == base::Error::unauthorized);
}

TEST_CASE("the credential of a request is what stands behind the scheme, whatever blanks there are",
          "[authenticator]")
{
    for (auto const* const header :
         {"Bearer a.b.c", "bearer\ta.b.c", "BEARER  \t a.b.c \t", "a.b.c", " a.b.c "})
        CHECK(auth::credential_of(with_header(header)) == "a.b.c");
    CHECK(auth::credential_of(with_header("Bearer")) == "Bearer");
    CHECK(auth::credential_of(with_header("Bearera.b.c")) == "Bearera.b.c");
    CHECK(auth::credential_of(with_header("Bearer " + std::string(16 * 1024, 'k'))).size() == 16 * 1024);
}

TEST_CASE("a database that does not answer is not an unknown key", "[authenticator]")
{
    Authenticator keys({}, [](auto const&, auto) -> std::optional<auth::KnownCredential> {
        throw base::Failure(base::Error::busy);
    });

    CHECK(refusal(keys, with_header(good)) == base::Error::busy);
}

TEST_CASE("many threads may ask at once while a key is forgotten", "[authenticator]")
{
    Authenticator keys({}, [](auto const&, auto) { return std::optional(an_api_key("any")); });
    std::atomic<int> recognised = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            for (int turn = 0; turn < 200; ++turn) {
                auto const key = numbered_key(turn % 5);
                recognised += auth::name_of(keys.authenticate(with_header(key), soon())) == "key:any" ? 1 : 0;
                if (i == 0) keys.forget(auth::ApiKey{.name = {}, .scopes = {}, .hash = base::sha256(key)});
            }
        });
    }
    for (auto& thread : threads)
        thread.join();

    CHECK(recognised == 1600);
}

TEST_CASE("what is no key is a token, where tokens are anybody's", "[authenticator]")
{
    Table table;
    auto tokens = std::vector<std::string>();
    auto clients = std::vector<std::string>();
    Authenticator keys(
        {{"API_SECRET_KEY", base::Secret("correct horse")}},
        [&table](auto const& hash, auto deadline) { return table(hash, deadline); }, std::chrono::seconds(60),
        [&](auto token, auto client, auto) {
            tokens.emplace_back(token);
            clients.emplace_back(client);
            if (token != "a.good.token") throw base::Failure(base::Error::unauthorized, "a bad token");
            return auth::UserToken{
                .user = {.bytes = {1}}, .session = {.bytes = {2}}, .email = {}, .phone = {}};
        });

    auto request = with_header("bearer\ta.good.token");
    request.remote_addr = "203.0.113.7";
    auto const caller = keys.authenticate(request, soon());

    CHECK(auth::name_of(caller) == "user:01000000-0000-0000-0000-000000000000");
    CHECK(std::get<auth::User>(caller).token.session.bytes[0] == 2);
    CHECK(auth::proven(caller).kind == "user");
    CHECK(auth::proven(caller).proof[0] == 2);  // the session
    CHECK(auth::proven(caller).proof[16] == 1); // and its user
    CHECK(auth::as_operator(std::get<auth::User>(caller)).proof.kind == "operator");
    CHECK(refusal(keys, with_header("Bearer a.bad.token")) == base::Error::unauthorized);
    CHECK(tokens == std::vector<std::string>{"a.good.token", "a.bad.token"});
    CHECK(clients.front() == "203.0.113.7");

    // Authenticator go on being keys, and what begins as one is never taken for a token.
    CHECK(std::holds_alternative<auth::ApiKey>(keys.authenticate(with_header(good), soon())));
    CHECK(refusal(keys, with_header("fb_short")) == base::Error::unauthorized);
    CHECK(refusal(keys, with_header("fb_." + std::string(43, 'a') + ".b")) == base::Error::unauthorized);
    CHECK(tokens.size() == 2);
}

TEST_CASE("scopes have the names that keys are made with, and nothing else is one", "[authenticator]")
{
    for (auto const* word : {"read", "spend", "hold", "grant", "users", "act_as"})
        CHECK(auth::name(auth::parse_scope(word).value()) == word);
    for (auto const* word : {"", "Read", "reads", "all"})
        CHECK_FALSE(auth::parse_scope(word));
}
