// Whom a TLS connection believes: a server with a name, a date and an authority that are right, and nobody
// else.
#include "shared/upstream/ca_store.hpp"
#include "shared/upstream/http.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/threads.hpp"
#include "tests/unit/upstream/tls_server.hpp"

#include <openssl/err.h>

#include <cstdlib>
#include <thread>

using test::Identity;
using test::Scratch;
using test::TlsServer;
using upstream::CaStore;
using upstream::Http;
using upstream::HttpFault;

namespace {

// An authority, and a file with its certificate.
struct Authority {
    Scratch scratch;
    Identity identity = Identity::authority("A test's authority");
    std::string file = test::write_file(scratch.path / "ca.pem", identity.pem());

    Http believer() const { return Http({.ca_store = std::make_shared<CaStore>(file, "")}); }
};

// 200 from the server, or the failure's fault, which is below 0.
int outcome(Http const& http, std::string const& url)
{
    auto request = upstream::HttpRequest();
    request.url = url;
    try {
        return http.send(request, base::deadline_in(std::chrono::seconds(20))).status;
    } catch (upstream::HttpFailed const& failed) {
        if (failed.sent) throw std::runtime_error("something was sent to a server that is not believed");
        return -1 - static_cast<int>(failed.fault);
    }
}

constexpr int unreachable = -1 - static_cast<int>(HttpFault::unreachable);

} // namespace

TEST_CASE("a server is believed whose authority, name and date are right, again and again", "[upstream]")
{
    auto const authority = Authority();
    auto const server = TlsServer(authority.scratch, authority.identity.server("IP:127.0.0.1,DNS:localhost"));
    auto const http = authority.believer();
    for (auto i = 0; i < 3; ++i)
        CHECK(outcome(http, server.url()) == 200);
    CHECK(outcome(http, server.url("localhost")) == 200);
}

TEST_CASE("a server of another authority is not believed, whatever that calls itself", "[upstream]")
{
    auto const authority = Authority();
    auto const twin = Identity::authority("A test's authority");
    auto const server = TlsServer(authority.scratch, twin.server("IP:127.0.0.1"), twin.pem());
    CHECK(outcome(authority.believer(), server.url()) == unreachable);
    CHECK(outcome(Http(), server.url()) == unreachable); // the system's authorities
}

TEST_CASE("a server that vouches for itself is not believed", "[upstream]")
{
    auto const authority = Authority();
    auto const itself = Identity::authority("127.0.0.1");
    auto const server = TlsServer(authority.scratch, itself);
    CHECK(outcome(authority.believer(), server.url()) == unreachable);
}

TEST_CASE("a server with another name is not believed", "[upstream]")
{
    auto const authority = Authority();
    auto const server = TlsServer(authority.scratch, authority.identity.server("DNS:localhost,IP:127.0.0.2"));
    auto const http = authority.believer();
    CHECK(outcome(http, server.url("127.0.0.1")) == unreachable);
    CHECK(outcome(http, server.url("localhost")) == 200);
}

TEST_CASE("a certificate that has expired, or is not good yet, is not believed", "[upstream]")
{
    auto const authority = Authority();
    auto const http = authority.believer();
    auto const [from_days, until_days] = GENERATE(std::pair(-5, -1), std::pair(1, 5));
    auto const server =
        TlsServer(authority.scratch, authority.identity.server("IP:127.0.0.1", from_days, until_days));
    CHECK(outcome(http, server.url()) == unreachable);
}

TEST_CASE("a server may send its intermediate along, and one without its own is not believed", "[upstream]")
{
    auto const authority = Authority();
    auto const intermediate = authority.identity.intermediate("In between");
    auto const leaf = intermediate.server("IP:127.0.0.1");
    auto const http = authority.believer();
    {
        auto const whole = TlsServer(authority.scratch, leaf, intermediate.pem());
        CHECK(outcome(http, whole.url()) == 200);
    }
    auto const half = TlsServer(authority.scratch, leaf);
    CHECK(outcome(http, half.url()) == unreachable);

    // As with libcurl's own store: what is in the store is believed, a root or not.
    auto const file = test::write_file(authority.scratch.path / "between.pem", intermediate.pem());
    CHECK(outcome(Http({.ca_store = std::make_shared<CaStore>(file, "")}), half.url()) == 200);
}

TEST_CASE("what one server is allowed another is not: stores do not mix", "[upstream]")
{
    auto const ours = Authority();
    auto const theirs = Authority();
    auto const our_server = TlsServer(ours.scratch, ours.identity.server("IP:127.0.0.1"));
    auto const their_server = TlsServer(theirs.scratch, theirs.identity.server("IP:127.0.0.1"));
    auto const we = ours.believer();
    auto const they = theirs.believer();
    for (auto i = 0; i < 2; ++i) {
        CHECK(outcome(we, our_server.url()) == 200);
        CHECK(outcome(they, our_server.url()) == unreachable);
        CHECK(outcome(they, their_server.url()) == 200);
        CHECK(outcome(we, their_server.url()) == unreachable);
    }
}

TEST_CASE("many threads share one store, and it is gone only after the last of them", "[upstream]")
{
    auto const authority = Authority();
    auto const good = TlsServer(authority.scratch, authority.identity.server("IP:127.0.0.1"));
    auto const other = Scratch();
    auto const bad = TlsServer(other, Identity::authority("Another").server("IP:127.0.0.1"));
    auto const http = authority.believer();
    auto const outcomes =
        support::at_once(16, 160, [&](int i) { return outcome(http, (i % 4 == 0 ? bad : good).url()); });
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        CHECK(outcomes[i] == (i % 4 == 0 ? unreachable : 200));
}

TEST_CASE("many threads may be the first to use the system's authorities", "[upstream]")
{
    auto const stores = support::at_once(16, 16, [](int) { return &CaStore::of_process(); });
    for (auto const* const store : stores)
        CHECK(store == stores.front());
}

TEST_CASE("where there are no certificates there is no connection, and none that is not verified",
          "[upstream]")
{
    auto const authority = Authority();
    auto const empty = test::write_file(authority.scratch.path / "empty.pem", "");
    auto const nonsense =
        test::write_file(authority.scratch.path / "nonsense.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    for (auto const& file : {std::string(), std::string("/nonexistent/ca.pem"), empty, nonsense}) {
        INFO(file);
        CHECK_THROWS_AS(CaStore(file, ""), upstream::NoCaStore);
        CHECK(ERR_peek_error() == 0);
    }

    auto const server = TlsServer(authority.scratch, authority.identity.server("IP:127.0.0.1"));
    auto const directory = std::make_shared<CaStore>("", (authority.scratch.path / "none").string());
    CHECK(outcome(Http({.ca_store = directory}), server.url()) == unreachable);
}

TEST_CASE("the environment adds no authority", "[upstream]")
{
    auto const authority = Authority();
    auto const server = TlsServer(authority.scratch, authority.identity.server("IP:127.0.0.1"));
    setenv("SSL_CERT_FILE", authority.file.c_str(), 1);
    setenv("SSL_CERT_DIR", authority.scratch.path.c_str(), 1);
    setenv("CURL_CA_BUNDLE", authority.file.c_str(), 1);
    CHECK(outcome(Http(), server.url()) == unreachable);
    for (auto const* const name : {"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"})
        unsetenv(name);
}

TEST_CASE("only the OpenSSL that this program is built with is handed a store", "[upstream]")
{
    CHECK(upstream::is_our_openssl(curl_version_info(CURLVERSION_NOW)->ssl_version));
    for (auto const* const other :
         {"", "GnuTLS/3.7.9", "OpenSSL", "OpenSSL/1.1.1w", "OpenSSL/33.0.0", "LibreSSL/3.8.1", "BoringSSL",
          "mbedTLS/3.5.0", "(OpenSSL/3.0.19) GnuTLS/3.7.9", "NSS/3.87"}) {
        INFO(other);
        CHECK_FALSE(upstream::is_our_openssl(other));
    }
}
