// The environment as configuration: what is accepted, what is refused, and that all faults come at once.
#include "shared/config/config.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

bool contains(std::string const& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

// Exactly these variables, for the life of the object.
class Environment {
  public:
    explicit Environment(std::map<std::string, std::string> const& variables)
    {
        for (auto const* const name : names)
            unsetenv(name);
        for (auto const& [name, value] : variables)
            setenv(name.c_str(), value.c_str(), 1);
    }
    ~Environment()
    {
        for (auto const* const name : names)
            unsetenv(name);
    }
    Environment(Environment const&) = delete;
    Environment& operator=(Environment const&) = delete;

  private:
    static constexpr char const* names[] = {
        "DATABASE_URL",     "API_SECRET_KEY",           "INTERNAL_API_KEY",
        "FAREBOX_ENV",      "FAREBOX_WORKERS",          "REQUEST_TIMEOUT_MS",
        "IO_TIMEOUT_MS",    "IDLE_EXIT_SECONDS",        "CREDENTIALS_DIRECTORY",
        "SUPABASE_URL",     "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY",
        "SUPABASE_ISSUERS", "SUPABASE_JWT_SECRET",      "JWKS_CACHE",
        "SERVICE_NAME"};
};

class CredentialsDirectory {
  public:
    CredentialsDirectory()
    {
        auto name = (std::filesystem::temp_directory_path() / "farebox-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~CredentialsDirectory() { std::filesystem::remove_all(path_); }
    CredentialsDirectory(CredentialsDirectory const&) = delete;
    CredentialsDirectory& operator=(CredentialsDirectory const&) = delete;

    void put(std::string const& name, std::string const& content) const
    {
        std::ofstream(path_ / name, std::ios::binary) << content;
    }
    std::filesystem::path const& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

std::string refusal()
{
    try {
        config::load();
    } catch (std::runtime_error const& failure) {
        return failure.what();
    }
    return "accepted";
}

std::string const url = "host=/run/postgresql dbname=farebox";

TEST_CASE("a database url is all that is needed, and everything else has its default")
{
    auto const environment = Environment({{"DATABASE_URL", url}});

    auto const config = config::load();

    CHECK(config.database_url.reveal() == url);
    CHECK(config.api_secret_key.empty());
    CHECK(config.internal_api_key.empty());
    CHECK(config.environment == "development");
    CHECK(config.workers == 128);
    CHECK(config.request_timeout_ms == 4000);
    CHECK(config.io_timeout_ms == 5000);
    CHECK(config.idle_exit_s == 300);
}

TEST_CASE("every variable reaches its member")
{
    auto const environment = Environment({{"DATABASE_URL", url},
                                          {"API_SECRET_KEY", "first"},
                                          {"INTERNAL_API_KEY", "second"},
                                          {"FAREBOX_ENV", "development"},
                                          {"FAREBOX_WORKERS", "1024"},
                                          {"REQUEST_TIMEOUT_MS", "500"},
                                          {"IO_TIMEOUT_MS", "60000"},
                                          {"IDLE_EXIT_SECONDS", "0"}});

    auto const config = config::load();

    CHECK(config.api_secret_key.equals("first"));
    CHECK(config.internal_api_key.equals("second"));
    CHECK(config.workers == 1024);
    CHECK(config.request_timeout_ms == 500);
    CHECK(config.io_timeout_ms == 60'000);
    CHECK(config.idle_exit_s == 0);
}

TEST_CASE("a variable that is set but empty counts as not set")
{
    auto const environment =
        Environment({{"DATABASE_URL", url}, {"FAREBOX_WORKERS", ""}, {"API_SECRET_KEY", ""}});

    CHECK(config::load().workers == 128);
    CHECK(config::load().api_secret_key.empty());
}

TEST_CASE("a program has no secret that it does not need, wherever it lies")
{
    auto const credentials = CredentialsDirectory();
    credentials.put("SUPABASE_SECRET_KEY", "of-the-project");
    auto const environment = Environment({{"CREDENTIALS_DIRECTORY", credentials.path()},
                                          {"DATABASE_URL", url},
                                          {"API_SECRET_KEY", "first"},
                                          {"SUPABASE_URL", "https://project.supabase.co"},
                                          {"SUPABASE_PUBLISHABLE_KEY", "for-anybody"},
                                          {"SUPABASE_ISSUERS", "https://issuer.example"},
                                          {"SUPABASE_JWT_SECRET", std::string(40, 'k')}});

    auto const nothing = config::load({});
    CHECK(nothing.database_url.empty());
    CHECK(nothing.api_secret_key.empty());
    CHECK_FALSE(nothing.supabase.configured());

    auto const callers = config::load({.callers = true});
    CHECK(callers.database_url.empty());
    CHECK(callers.api_secret_key.equals("first"));
    CHECK(callers.supabase.jwt_secret.equals(std::string(40, 'k')));
    CHECK(callers.supabase.secret_key.empty());

    auto const auth = config::load({.database = true, .supabase_auth = true});
    CHECK(auth.database_url.reveal() == url);
    CHECK(auth.api_secret_key.empty());
    CHECK(auth.supabase.jwt_secret.empty());
    CHECK(auth.supabase.secret_key.equals("of-the-project"));
    CHECK(auth.supabase.issuers == std::vector<std::string>{"https://issuer.example"});
}

TEST_CASE("what the service is called is known to who says it, and is text of a size to be shown")
{
    auto const named = [](std::string const& name, config::Needs const& needs = {.service_name = true}) {
        auto const environment = Environment({{"SERVICE_NAME", name}});
        return config::load(needs).service_name;
    };
    CHECK(named("") == "farebox");
    CHECK(named("AI Chat Platform API") == "AI Chat Platform API");
    CHECK(named("AI Chat Platform API", {}) == "farebox");
    CHECK_NOTHROW(named(std::string(99, 'x') + "\xD1\x82"));
    CHECK_THROWS_AS(named(std::string(101, 'x')), std::runtime_error);
    CHECK_THROWS_AS(named("\xFF"), std::runtime_error);
}

TEST_CASE("what a program needs has a name each, and none twice")
{
    auto const all = config::variables(
        {.database = true, .callers = true, .supabase_auth = true, .local_auth = true, .service_name = true});
    auto names = std::set<std::string>();
    for (auto const& variable : all) {
        CHECK(names.insert(variable.name).second);
        CHECK(variable.unless.empty()); // whoever reads it anyway reads it always
    }
    CHECK(names.contains("SUPABASE_SECRET_KEY"));
    auto const least = config::variables({});
    auto const has = [&](std::string const& name) {
        return std::any_of(least.begin(), least.end(), [&](auto const& one) { return one.name == name; });
    };
    CHECK(has("FAREBOX_ENV"));
    CHECK_FALSE(has("DATABASE_URL"));
}

TEST_CASE("who recognises callers reads the secret key only where there is no publishable one")
{
    auto const needs = config::Needs{.database = true, .callers = true};
    auto const secret = std::string("of-the-project");
    auto const read = [&](std::map<std::string, std::string> more) {
        more.insert({{"DATABASE_URL", url}, {"SUPABASE_URL", "https://p.example"}});
        auto const environment = Environment(std::move(more));
        return config::load(needs).supabase.secret_key.reveal();
    };

    CHECK(read({{"SUPABASE_SECRET_KEY", secret}}) == secret);
    CHECK(read({{"SUPABASE_SECRET_KEY", secret}, {"SUPABASE_PUBLISHABLE_KEY", ""}}) == secret);
    CHECK(read({{"SUPABASE_SECRET_KEY", secret}, {"SUPABASE_PUBLISHABLE_KEY", "p"}}).empty());
}

TEST_CASE("all faults are named at once, and no value is shown")
{
    auto const environment = Environment({{"FAREBOX_ENV", "staging-7f3a"},
                                          {"FAREBOX_WORKERS", "many-7f3a"},
                                          {"REQUEST_TIMEOUT_MS", "499"},
                                          {"IO_TIMEOUT_MS", "60001"},
                                          {"IDLE_EXIT_SECONDS", "-1"},
                                          {"API_SECRET_KEY", "has space-7f3a"},
                                          {"INTERNAL_API_KEY", "caf\xc3\xa9-7f3a"}});

    auto const sentence = refusal();

    for (auto const* const name :
         {"DATABASE_URL", "FAREBOX_ENV", "FAREBOX_WORKERS", "REQUEST_TIMEOUT_MS", "IO_TIMEOUT_MS",
          "IDLE_EXIT_SECONDS", "API_SECRET_KEY", "INTERNAL_API_KEY"})
        CHECK(contains(sentence, name));
    CHECK_FALSE(contains(sentence, "7f3a"));
}

TEST_CASE("a number must be whole, written plainly and within its limits")
{
    auto const text =
        GENERATE("0", "1025", "12.0", "1e2", " 12", "12 ", "+12", "0x10", "99999999999999999999");
    auto const environment = Environment({{"DATABASE_URL", url}, {"FAREBOX_WORKERS", text}});

    CHECK(contains(refusal(), "FAREBOX_WORKERS must be a whole number from 1 to 1024"));
}

TEST_CASE("production refuses a service key shorter than 32 characters, development takes it")
{
    auto const name = GENERATE("API_SECRET_KEY", "INTERNAL_API_KEY");
    auto variables = std::map<std::string, std::string>{
        {"DATABASE_URL", url}, {"FAREBOX_ENV", "production"}, {name, std::string(31, 'k')}};
    {
        auto const environment = Environment(variables);
        CHECK(contains(refusal(), std::string(name) + " is too short for production"));
        CHECK_FALSE(contains(refusal(), "kkk"));
    }
    {
        variables[name] = std::string(32, 'k');
        auto const environment = Environment(variables);
        CHECK(refusal() == "accepted");
    }
    variables[name] = "short";
    variables["FAREBOX_ENV"] = "development";
    auto const environment = Environment(variables);
    CHECK(refusal() == "accepted");
}

TEST_CASE("a secret may be a credential file, without the newline that ends it")
{
    auto const credentials = CredentialsDirectory();
    credentials.put("DATABASE_URL", url + "\n");
    credentials.put("API_SECRET_KEY", "from-a-file\r\n");
    auto const environment = Environment({{"CREDENTIALS_DIRECTORY", credentials.path()}});

    auto const config = config::load();

    CHECK(config.database_url.reveal() == url);
    CHECK(config.api_secret_key.equals("from-a-file"));
    CHECK(config.internal_api_key.empty());
}

TEST_CASE("a secret given twice is refused: nobody could say which one holds")
{
    auto const credentials = CredentialsDirectory();
    credentials.put("API_SECRET_KEY", "one");
    auto const environment = Environment(
        {{"CREDENTIALS_DIRECTORY", credentials.path()}, {"DATABASE_URL", url}, {"API_SECRET_KEY", "other"}});

    CHECK(contains(refusal(), "API_SECRET_KEY is given both"));
}

TEST_CASE("only secrets are read from credential files")
{
    auto const credentials = CredentialsDirectory();
    credentials.put("FAREBOX_WORKERS", "7");
    auto const environment =
        Environment({{"CREDENTIALS_DIRECTORY", credentials.path()}, {"DATABASE_URL", url}});

    CHECK(config::load().workers == 128);
}

TEST_CASE("a credential file that cannot be read, or is no secret's size, is a fault")
{
    auto const credentials = CredentialsDirectory();
    SECTION("a directory")
    {
        std::filesystem::create_directory(credentials.path() / "API_SECRET_KEY");
    }
    SECTION("too large")
    {
        credentials.put("API_SECRET_KEY", std::string(17UL * 1024, 'x'));
    }
    auto const environment =
        Environment({{"CREDENTIALS_DIRECTORY", credentials.path()}, {"DATABASE_URL", url}});

    CHECK(contains(refusal(), "credential file of API_SECRET_KEY"));
}

TEST_CASE("an empty credential file is an absent secret")
{
    auto const credentials = CredentialsDirectory();
    credentials.put("DATABASE_URL", "\n");
    auto const environment = Environment({{"CREDENTIALS_DIRECTORY", credentials.path()}});

    CHECK(contains(refusal(), "DATABASE_URL is missing"));
}

TEST_CASE("without a project nobody's token is accepted, and nothing else of Supabase may be set")
{
    {
        auto const environment = Environment({{"DATABASE_URL", url}});
        CHECK_FALSE(config::load().supabase.configured());
    }
    for (auto const* const name :
         {"SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY", "SUPABASE_ISSUERS", "SUPABASE_JWT_SECRET"}) {
        auto const environment = Environment({{"DATABASE_URL", url}, {name, std::string(40, 'k')}});
        CHECK(contains(refusal(), "SUPABASE_URL is missing"));
        CHECK_FALSE(contains(refusal(), "kkk"));
    }
}

TEST_CASE("a project's address is all that is needed, and the issuer follows from it")
{
    auto const environment =
        Environment({{"DATABASE_URL", url}, {"SUPABASE_URL", "https://project.supabase.co/"}});

    auto const supabase = config::load().supabase;

    CHECK(supabase.configured());
    CHECK(supabase.url == "https://project.supabase.co");
    CHECK(supabase.issuers == std::vector<std::string>{"https://project.supabase.co/auth/v1"});
    CHECK(supabase.jwt_secret.empty());
    CHECK(supabase.jwks_cache.empty());
}

TEST_CASE("every variable of Supabase reaches its member")
{
    auto const environment = Environment({{"DATABASE_URL", url},
                                          {"SUPABASE_URL", "https://project.supabase.co"},
                                          {"SUPABASE_PUBLISHABLE_KEY", "sb_publishable_1"},
                                          {"SUPABASE_SECRET_KEY", "sb_secret_1"},
                                          {"SUPABASE_ISSUERS", " https://one/auth/v1  https://two/auth/v1 "},
                                          {"SUPABASE_JWT_SECRET", std::string(32, 's')},
                                          {"JWKS_CACHE", "/run/farebox/jwks.json"}});

    auto const supabase = config::load().supabase;

    CHECK(supabase.publishable_key.equals("sb_publishable_1"));
    CHECK(supabase.secret_key.equals("sb_secret_1"));
    CHECK(supabase.issuers == std::vector<std::string>{"https://one/auth/v1", "https://two/auth/v1"});
    CHECK(supabase.jwt_secret.equals(std::string(32, 's')));
    CHECK(supabase.jwks_cache == "/run/farebox/jwks.json");
}

TEST_CASE("tokens do not travel in the clear: a project elsewhere is reached over https alone")
{
    for (auto const* const address : {"http://127.0.0.1:54321", "http://localhost", "http://localhost:8080",
                                      "http://[::1]:9", "https://10.0.0.7"}) {
        auto const environment = Environment({{"DATABASE_URL", url}, {"SUPABASE_URL", address}});
        CHECK(refusal() == "accepted");
    }
    for (auto const* const address :
         {"http://project.supabase.co", "http://10.0.0.7", "http://localhost.example",
          "http://127.0.0.1.example:80", "http://[::2]:80", "http://127.0.0.10"}) {
        auto const environment = Environment({{"DATABASE_URL", url}, {"SUPABASE_URL", address}});
        CHECK(contains(refusal(), "SUPABASE_URL must begin with https://"));
    }
}

TEST_CASE("a project's address is scheme, host and port alone")
{
    for (auto const* const address :
         {"project.supabase.co", "https://", "https:///", "https://project.supabase.co/auth/v1",
          "ftp://project", "https://project.supabase.co//", "https://user:word@project",
          "https://project?x=1", "https://project#x", "https://pro ject", "https://:443",
          "https://project:", "HTTPS://project"}) {
        auto const environment = Environment({{"DATABASE_URL", url}, {"SUPABASE_URL", address}});
        CHECK(contains(refusal(), "SUPABASE_URL must be https://<host>"));
    }
}

TEST_CASE("a secret that is too short, a cache without a root, a key with a blank and no issuer are faults")
{
    auto const environment = Environment({{"DATABASE_URL", url},
                                          {"SUPABASE_URL", "https://project.supabase.co"},
                                          {"SUPABASE_JWT_SECRET", std::string(31, 's')},
                                          {"SUPABASE_SECRET_KEY", "two words"},
                                          {"SUPABASE_ISSUERS", "  "},
                                          {"JWKS_CACHE", "jwks.json"}});

    auto const sentence = refusal();

    for (auto const* const part :
         {"SUPABASE_JWT_SECRET is too short: at least 32 bytes", "SUPABASE_SECRET_KEY must be printable",
          "SUPABASE_ISSUERS names no issuer", "JWKS_CACHE must be an absolute path"})
        CHECK(contains(sentence, part));
    CHECK_FALSE(contains(sentence, "sss"));
    CHECK_FALSE(contains(sentence, "two words"));
}

TEST_CASE("the secrets of Supabase may be credential files")
{
    auto const credentials = CredentialsDirectory();
    credentials.put("SUPABASE_SECRET_KEY", "sb_secret_1\n");
    credentials.put("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_1\n");
    credentials.put("SUPABASE_JWT_SECRET", std::string(32, 's') + "\n");
    auto const environment = Environment({{"CREDENTIALS_DIRECTORY", credentials.path()},
                                          {"DATABASE_URL", url},
                                          {"SUPABASE_URL", "https://project.supabase.co"}});

    auto const supabase = config::load().supabase;

    CHECK(supabase.secret_key.equals("sb_secret_1"));
    CHECK(supabase.publishable_key.equals("sb_publishable_1"));
    CHECK(supabase.jwt_secret.equals(std::string(32, 's')));
}

} // namespace
