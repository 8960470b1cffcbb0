// Every endpoint of every handler, as the programs print them: whom each keeps out and lets in, the methods of its path, and
// how much it takes. An endpoint that is added is asked here without a line being written.
#include "tests/support/accounts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/keys.hpp"
#include "tests/support/process.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/target.hpp"
#include "tests/support/wallet.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <thread>

using namespace support;

namespace {

struct Endpoint {
    std::string method;
    std::string pattern;
    std::string dialect;
    std::set<std::string> access; // "anyone", "user", "admin", "key:<scope>"
    std::size_t body_max;

    bool admits(std::string const& word) const { return access.contains(word); }
};

std::vector<Endpoint> const& rows()
{
    static auto const all = [] {
        auto const printed =
            run({source_directory() + "/scripts/endpoints", "rows", "--bin", bin_directory()});
        REQUIRE(printed.exit_code == 0);
        auto result = std::vector<Endpoint>();
        auto lines = std::istringstream(printed.output);
        for (auto line = std::string(); std::getline(lines, line);) {
            auto const json = Json(line);
            auto row = Endpoint{json["method"].text(),
                                json["pattern"].text(),
                                json["dialect"].text(),
                                {},
                                static_cast<std::size_t>(json["body_max"].integer())};
            for (std::size_t i = 0; i < json["access"].size(); ++i)
                row.access.insert(json["access"][i].text());
            result.push_back(std::move(row));
        }
        return result;
    }();
    return all;
}

std::vector<Endpoint> closed_rows()
{
    auto closed = std::vector<Endpoint>();
    std::copy_if(rows().begin(), rows().end(), std::back_inserter(closed),
                 [](Endpoint const& row) { return !row.admits("anyone"); });
    return closed;
}

// All that a key may be allowed, whether an endpoint asks for it or not.
std::set<std::string> scopes()
{
    return {
#define SCOPE(name) #name,
#include "shared/auth/scopes.def"
#undef SCOPE
    };
}

// A path of this pattern: a user who exists, and of everything else something that does not.
std::string path_of(std::string const& pattern)
{
    static auto const wallet = a_user().holding(100);
    auto path = pattern;
    for (auto open = path.find('{'); open != std::string::npos; open = path.find('{', open)) {
        auto const name = path.substr(open + 1, path.find('}', open) - open - 1);
        auto const value = name == "user_id"       ? std::to_string(wallet.number)
                           : name.ends_with("...") ? "a/b"
                                                   : "01900000-0000-7000-8000-ffffffffffff";
        path.replace(open, name.size() + 2, value);
    }
    return path;
}

Headers authorization(std::string const& value)
{
    return {{"Authorization", value}};
}

// Of all tests together an address may ask no more often than nginx lets it; what is told to wait, waits.
Reply ask(std::string_view method, std::string const& path, std::string const& body,
          Headers const& credential)
{
    for (auto tries = 0;; ++tries) {
        auto reply = send(method, path, body, credential);
        if (reply.status != 429 || tries == 20) return reply;
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}

// The refusal in the words of the row's dialect, whether a handler says it or nginx.
void check_refused(Reply const& reply, Endpoint const& row, int status, std::string const& name)
{
    INFO(row.method << " " << row.pattern << " in " << row.dialect);
    if (row.dialect == "supabase") {
        INFO("answer: " << reply.status << " " << reply.body);
        CHECK(reply.status == status);
        CHECK(reply["code"].text() == reply["error_code"].text());
        CHECK_FALSE(reply["message"].text().empty());
        return;
    }
    check_refusal(reply, status, name);
    auto const says_name = row.dialect == "token" || row.dialect == "chat";
    CHECK(reply["error"].text() == (says_name ? name : reply["message"].text()));
}

// What a dialect's document prints for a request without a credential, and for one that is not accepted; empty: no document of it
// prints anything.
std::string sentence_of_401(std::string const& dialect, bool missing)
{
    if (dialect == "chat") return "Not authenticated";
    if (dialect == "token") return missing ? "Missing API key" : "Invalid API key";
    if (dialect == "forge")
        return missing ? "Authentication credentials were not provided."
                       : "Given token not valid for any token type";
    return {};
}

std::set<std::string> words_of(std::string const& list)
{
    auto words = std::set<std::string>();
    auto text = std::istringstream(list);
    for (auto word = std::string(); text >> word;)
        words.insert(word.ends_with(',') ? word.substr(0, word.size() - 1) : word);
    return words;
}

std::string const& key_with(std::string const& scope)
{
    static auto keys = std::map<std::string, std::string>();
    auto& key = keys[scope];
    if (key.empty()) key = an_api_key(scope).secret;
    return key;
}

} // namespace

TEST_CASE("the handlers print their endpoints, and each has a path of its own", "[endpoints]")
{
    CHECK(rows().size() >= 26);
    auto seen = std::set<std::string>();
    for (auto const& row : rows()) {
        INFO(row.method << " " << row.pattern);
        CHECK(seen.insert(row.method + " " + row.pattern).second);
        CHECK_FALSE(row.access.empty());
    }
}

TEST_CASE("no, an unknown and a malformed credential are 401 at every closed endpoint", "[endpoints]")
{
    auto const good = target().service_key;
    for (auto const& row : closed_rows()) {
        for (auto const& credential :
             {Headers{}, authorization(""), authorization("Bearer"), authorization("Bearer "), as("wrong"),
              as("fb_" + std::string(43, 'A')), as("fb_short"), as("fd_" + std::string(43, 'A')),
              as("fa_" + std::string(43, 'A')), as("sk-fb-" + std::string(43, 'A')), as(good + "x"),
              as(good.substr(1)), as("eyJhbGciOiJFUzI1NiJ9.e30.AAAA"), authorization("Basic " + good),
              authorization("Bearer " + good + " " + good), authorization("Bearer Bearer " + good)}) {
            INFO("with " << (credential.empty() ? "nothing" : credential[0].second.substr(0, 20)));
            auto const reply = ask(row.method, path_of(row.pattern), "{}", credential);
            check_refused(reply, row, 401, "unauthorized");
            auto const missing = credential.empty() || credential[0].second.empty();
            if (auto const sentence = sentence_of_401(row.dialect, missing); !sentence.empty()) {
                CHECK(reply["message"].text() == sentence);
                CHECK(reply["detail"].text() == sentence);
            }
        }
    }
}

TEST_CASE("a key without the scope is 403 at every closed endpoint, and so is one where only people may",
          "[endpoints]")
{
    REQUIRE(scopes().size() >= 5);
    for (auto const& row : closed_rows()) {
        for (auto const& scope : scopes()) {
            if (row.admits("key:" + scope)) continue;
            INFO("with the scope " << scope);
            check_refused(ask(row.method, path_of(row.pattern), "{}", as(key_with(scope))), row, 403,
                          "forbidden");
        }
        auto const any_key = std::any_of(row.access.begin(), row.access.end(),
                                         [](auto const& word) { return word.starts_with("key:"); });
        if (any_key) continue;
        INFO("with the key of the environment");
        check_refused(ask(row.method, path_of(row.pattern), "{}", as_service()), row, 403, "forbidden");
    }
}

TEST_CASE("a person is 403 wherever none is admitted, an admin as well", "[endpoints]")
{
    auto const person = a_person();
    auto const admin = an_admin();
    for (auto const& row : closed_rows()) {
        if (!row.admits("user"))
            check_refused(ask(row.method, path_of(row.pattern), "{}", person.headers()), row, 403,
                          "forbidden");
        if (!row.admits("user") && !row.admits("admin"))
            check_refused(ask(row.method, path_of(row.pattern), "{}", admin.headers()), row, 403,
                          "forbidden");
    }
}

TEST_CASE("whoever an endpoint admits comes in", "[endpoints]")
{
    auto const in = [](Endpoint const& row, Headers const& credential) {
        auto const reply = ask(row.method, path_of(row.pattern), "{}", credential);
        INFO(row.method << " " << row.pattern << ": " << reply.status << " " << reply.body.substr(0, 300));
        CHECK(reply.status != 401);
        CHECK(reply.status != 403);
        CHECK(reply.status != 405);
        CHECK(reply.status < 500);
        if (reply.status == 404) CHECK(reply["code"].text() != "NOT_FOUND");
    };
    for (auto const& row : closed_rows()) {
        for (auto const& word : row.access) {
            INFO("as " << word);
            if (word.starts_with("key:")) in(row, as(key_with(word.substr(4))));
            // A new one each time: there are endpoints that end a session or an account.
            if (word == "user") in(row, a_person().headers());
            if (word == "admin") in(row, an_admin().headers());
        }
    }
}

TEST_CASE("a method that a path does not answer is 405, and Allow names those that it does", "[endpoints]")
{
    auto methods = std::map<std::string, std::set<std::string>>();
    for (auto const& row : rows())
        methods[row.pattern].insert(row.method);
    for (auto const& row : rows()) {
        auto allowed = methods[row.pattern];
        if (allowed.contains("GET")) allowed.insert("HEAD");
        allowed.insert("OPTIONS");
        for (auto const* const method : {"GET", "POST", "PUT", "DELETE", "PATCH"}) {
            if (allowed.contains(method)) continue;
            INFO(method);
            auto const reply = ask(method, path_of(row.pattern), "", anonymously());
            check_refused(reply, row, 405, "method_not_allowed");
            CHECK(words_of(reply.header("allow")) == allowed);
        }
    }
}

TEST_CASE("a body past an endpoint's limit is 413, one at its limit is read", "[endpoints]")
{
    auto most = std::map<std::string, std::size_t>();
    for (auto const& row : rows())
        most[row.pattern] = std::max(most[row.pattern], row.body_max);
    for (auto const& row : rows()) {
        auto const blanks = std::string(most[row.pattern], ' ');
        check_refused(ask(row.method, path_of(row.pattern), blanks + ' ', as_service()), row, 413,
                      "payload_too_large");
        INFO(row.method << " " << row.pattern);
        CHECK(ask(row.method, path_of(row.pattern), blanks, anonymously()).status != 413);
    }
}
