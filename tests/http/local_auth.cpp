// /auth/v1, the stand-in for Supabase Auth, as an HTTP client sees it. What confirmation changes is in
// tests/run/local_auth.sh, what supabase-js makes of it all in tests/clients.
#include "shared/json/value.hpp"
#include "tests/support/accounts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/database.hpp"
#include "tests/support/target.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/wallet.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <set>

using namespace support;

namespace {

constexpr auto password = "correct horse 9";

Headers const key = {{"apikey", "any"}};
Headers const dated = {{"apikey", "any"}, {"X-Supabase-Api-Version", "2024-01-01"}};

Headers bearing(std::string const& token)
{
    return dated + as(token);
}

Headers as_operator()
{
    auto file = std::ifstream(target().directory + "/secrets/supabase_secret.key");
    auto secret = std::string();
    std::getline(file, secret);
    return {{"apikey", secret}, {"X-Supabase-Api-Version", "2024-01-01"}};
}

Reply sign_up(std::string const& email, Headers const& headers = dated)
{
    return post("/auth/v1/signup", body({{"email", email}, {"password", password}}), headers);
}

Reply sign_in(std::string const& email, std::string const& with = password)
{
    return post("/auth/v1/token?grant_type=password", body({{"email", email}, {"password", with}}), dated);
}

Reply refresh(std::string const& token)
{
    return post("/auth/v1/token?grant_type=refresh_token", body({{"refresh_token", token}}), dated);
}

Reply user_of(std::string const& token)
{
    return get("/auth/v1/user", bearing(token));
}

// Somebody who has signed up, and holds a session.
struct SignedUp {
    std::string email;
    std::string id;
    std::string access;
    std::string refresh;
};

SignedUp person_of(Reply const& reply)
{
    return {.email = reply["user"]["email"].text(),
            .id = reply["user"]["id"].text(),
            .access = reply["access_token"].text(),
            .refresh = reply["refresh_token"].text()};
}

SignedUp somebody_signed_up()
{
    return person_of(sign_up(an_email()));
}

void check_refused(Reply const& reply, int status, std::string_view code)
{
    INFO("answer: " << reply.status << " " << reply.body.substr(0, 600));
    CHECK(reply.status == status);
    CHECK(reply["code"].text() == code);
    CHECK_FALSE(reply["message"].text().empty());
    CHECK(reply.header("x-sb-error-code") == code);
    CHECK(reply.header("x-supabase-api-version") == "2024-01-01");
}

std::string decoded(std::string text)
{
    for (auto& c : text)
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    auto const padding = (4 - text.size() % 4) % 4;
    text.append(padding, '=');
    auto bytes = std::vector<unsigned char>(text.size());
    auto const size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<unsigned char const*>(text.data()),
                                      static_cast<int>(text.size()));
    return {bytes.begin(), bytes.begin() + size - static_cast<int>(padding)};
}

// The part of a token: 0 the header, 1 the claims.
Json part(std::string const& token, int which)
{
    auto const first = token.find('.');
    auto const second = token.find('.', first + 1);
    return Json(decoded(which == 0 ? token.substr(0, first) : token.substr(first + 1, second - first - 1)));
}

// As if a refresh token had been used so long ago.
void age(std::string const& token, std::string const& by)
{
    database().rows(
        "update auth.refresh_tokens set updated_at = updated_at - $2::text::interval where token = $1",
        {token, by});
}

} // namespace

TEST_CASE("signing up answers a session with the user, as Supabase Auth prints it", "[local_auth]")
{
    auto const email = an_email();
    auto const reply =
        post("/auth/v1/signup",
             body({{"email", email}, {"password", password}, {"data", raw(R"({"name":"Ada"})")}}), key);

    REQUIRE(reply.status == 200);
    CHECK(reply.json().names() == std::vector<std::string>{"access_token", "expires_at", "expires_in",
                                                           "refresh_token", "token_type", "user"});
    CHECK(reply["token_type"].text() == "bearer");
    CHECK(reply["expires_in"].integer() == 3600);
    auto const user = reply["user"];
    CHECK(user["email"].text() == email);
    CHECK(user["phone"].text().empty());
    CHECK(user["role"].text() == "authenticated");
    CHECK(user["email_confirmed_at"].text().ends_with("Z"));
    CHECK(user["app_metadata"].str() == R"({"provider":"email","providers":["email"]})");
    CHECK(user["user_metadata"]["name"].text() == "Ada");
    CHECK(user["user_metadata"]["sub"].text() == user["id"].text());
    CHECK(user["identities"][0]["provider"].text() == "email");
    CHECK(user["identities"][0]["user_id"].text() == user["id"].text());
    CHECK_FALSE(user["is_anonymous"].boolean());
    CHECK_FALSE(user.has("banned_until"));
}

TEST_CASE("an access token carries the claims of Supabase Auth, signed by the published key", "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const header = part(person.access, 0);
    auto const claims = part(person.access, 1);
    auto const keys = get("/auth/v1/.well-known/jwks.json", anonymously())["keys"];

    CHECK(header.names() == std::vector<std::string>{"alg", "kid", "typ"});
    CHECK(header["alg"].text() == "ES256");
    REQUIRE(keys.size() == 1);
    CHECK(keys[0]["kid"].text() == header["kid"].text());
    CHECK(keys[0]["crv"].text() == "P-256");
    CHECK(keys[0]["x"].text().size() == 43);
    CHECK_FALSE(keys[0].has("d"));
    CHECK(claims.names() == std::vector<std::string>{"aal", "amr", "app_metadata", "aud", "email", "exp",
                                                     "iat", "is_anonymous", "iss", "phone", "role",
                                                     "session_id", "sub", "user_metadata"});
    CHECK(claims["iss"].text() == target().url + "/auth/v1");
    CHECK(claims["sub"].text() == person.id);
    CHECK(claims["aud"].text() == "authenticated");
    CHECK(claims["exp"].integer() - claims["iat"].integer() == 3600);
    CHECK(claims["amr"][0]["method"].text() == "password");
    CHECK(database().integer(
              "select count(*) from auth.sessions where id = $1::text::uuid and user_id = $2::text::uuid",
              {claims["session_id"].text(), person.id}) == 1);
}

TEST_CASE("a phone is kept without plus and blanks", "[local_auth]")
{
    auto const phone = "1555" + std::to_string(a_number() % 10'000'000 + 10'000'000);
    auto const reply =
        post("/auth/v1/signup", body({{"phone", "+1 " + phone.substr(1)}, {"password", password}}), dated);

    REQUIRE(reply.status == 200);
    CHECK(reply["user"]["phone"].text() == phone);
    CHECK(reply["user"]["app_metadata"]["provider"].text() == "phone");
    CHECK(post("/auth/v1/token?grant_type=password", body({{"phone", phone}, {"password", password}}), dated)
              .status == 200);
}

TEST_CASE("a signup that is not fit is refused in Supabase Auth's words", "[local_auth]")
{
    auto const refused = [](std::string const& text, int status, std::string_view code) {
        INFO(text);
        check_refused(post("/auth/v1/signup", text, dated), status, code);
    };
    refused("", 400, "bad_json");
    refused("{", 400, "bad_json");
    refused("[]", 400, "bad_json");
    refused(R"({"email":5,"password":"correct horse 9"})", 400, "bad_json");
    refused("{}", 422, "anonymous_provider_disabled");
    refused(R"({"email":"a@wallet.example","phone":"15550001111","password":"correct horse 9"})", 400,
            "validation_failed");
    refused(R"({"email":"a@wallet.example"})", 400, "validation_failed");
    refused(R"({"email":"not an address","password":"correct horse 9"})", 400, "validation_failed");
    refused(R"({"phone":"0155","password":"correct horse 9"})", 400, "validation_failed");
    refused(R"({"email":"a@wallet.example","password":"short"})", 422, "weak_password");
    refused(body({{"email", an_email()}, {"password", std::string(73, 'p')}}), 400, "validation_failed");
}

TEST_CASE("72 bytes of password count, each of them", "[local_auth]")
{
    auto const email = an_email();
    auto const longest = std::string(72, 'p');
    REQUIRE(post("/auth/v1/signup", body({{"email", email}, {"password", longest}}), dated).status == 200);

    CHECK(sign_in(email, longest).status == 200);
    check_refused(sign_in(email, longest + "p"), 400, "invalid_credentials");
    check_refused(sign_in(email, longest.substr(1)), 400, "invalid_credentials");
}

TEST_CASE("errors come in the format that the version header asks for", "[local_auth]")
{
    auto const request = body({{"email", an_email()}, {"password", "short"}});
    auto const legacy = post("/auth/v1/signup", request, key);
    auto const modern = post("/auth/v1/signup", request, dated);

    CHECK(legacy.json().names() == std::vector<std::string>{"code", "error_code", "msg", "weak_password"});
    CHECK(legacy["code"].integer() == 422);
    CHECK(legacy["error_code"].text() == "weak_password");
    CHECK(legacy["weak_password"]["reasons"].str() == R"(["length"])");
    CHECK(legacy.header("x-supabase-api-version").empty());
    CHECK(modern.json().names() == std::vector<std::string>{"code", "message", "weak_password"});
    check_refused(modern, 422, "weak_password");
}

TEST_CASE("without an API key the gateway answers, in its own format", "[local_auth]")
{
    for (auto const* const path : {"/auth/v1/user", "/auth/v1/settings", "/auth/v1/admin/users"}) {
        auto const reply = get(path, anonymously());
        CHECK(reply.status == 401);
        CHECK(reply.json().names() == std::vector<std::string>{"hint", "message"});
    }
    CHECK(get("/auth/v1/settings?apikey=any", anonymously()).status == 200);
    CHECK(get("/auth/v1/health", key)["name"].text() == "farebox local auth");
    CHECK(get("/auth/v1/settings", key)["mailer_autoconfirm"].boolean());
}

TEST_CASE("an address is one user's, in any case and for two at once", "[local_auth]")
{
    auto const email = an_email();
    auto const replies = at_once(4, 4, [&](int) { return sign_up(email); });

    CHECK(std::count_if(replies.begin(), replies.end(),
                        [](auto const& reply) { return reply.status == 200; }) == 1);
    // Who looks before the first has inserted, and inserts after it, is told of a fault, as by Supabase Auth.
    for (auto const& reply : replies)
        if (reply.status == 500)
            check_refused(reply, 500, "unexpected_failure");
        else if (reply.status != 200)
            check_refused(reply, 422, "user_already_exists");
    auto upper = email;
    for (auto& letter : upper)
        letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    check_refused(sign_up(upper), 422, "user_already_exists");
    CHECK(sign_in(upper).status == 200);
}

TEST_CASE("a wrong password and an unknown address cannot be told apart, in body or in time", "[local_auth]")
{
    auto const email = somebody_signed_up().email;
    auto wrong_ms = std::vector<int>();
    auto unknown_ms = std::vector<int>();
    for (auto i = 0; i < 5; ++i) {
        auto const wrong = sign_in(email, "wrong horse 9");
        auto const unknown = sign_in(an_email());
        check_refused(wrong, 400, "invalid_credentials");
        CHECK(unknown.body == wrong.body);
        wrong_ms.push_back(wrong.elapsed_ms);
        unknown_ms.push_back(unknown.elapsed_ms);
    }
    // A bcrypt of cost 10 takes tens of milliseconds; without one the answer takes two.
    auto const fastest = [](std::vector<int> const& all) {
        return *std::min_element(all.begin(), all.end());
    };
    INFO("wrong " << fastest(wrong_ms) << " ms, unknown " << fastest(unknown_ms) << " ms");
    CHECK(fastest(unknown_ms) * 2 > fastest(wrong_ms));
    CHECK(fastest(wrong_ms) * 2 > fastest(unknown_ms));
}

TEST_CASE("a grant type that is not served is refused", "[local_auth]")
{
    check_refused(post("/auth/v1/token?grant_type=pkce", "{}", dated), 400, "invalid_credentials");
    check_refused(post("/auth/v1/token", "{}", dated), 400, "invalid_credentials");
    check_refused(post("/auth/v1/token?grant_type=password", "", dated), 400, "bad_json");
    check_refused(refresh("short"), 400, "validation_failed");
    check_refused(refresh(std::string(32, 'f')), 400, "refresh_token_not_found");
}

TEST_CASE("a refresh token is used once and gives the next one of the same session", "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const next = refresh(person.refresh);

    REQUIRE(next.status == 200);
    CHECK(next["refresh_token"].text() != person.refresh);
    CHECK(part(next["access_token"].text(), 1)["session_id"].text() ==
          part(person.access, 1)["session_id"].text());
    CHECK(database().value("select revoked::text from auth.refresh_tokens where token = $1",
                           {person.refresh}) == "true");
    CHECK(database().value("select parent from auth.refresh_tokens where token = $1",
                           {next["refresh_token"].text()}) == person.refresh);
}

TEST_CASE("the parent of the active token gives the active one again, at any time", "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const next = refresh(person.refresh)["refresh_token"].text();
    age(person.refresh, "1 day");

    auto const again = refresh(person.refresh);

    REQUIRE(again.status == 200);
    CHECK(again["refresh_token"].text() == next);
}

TEST_CASE("an older token is good within 10 seconds of its use, and revokes all of its session after them",
          "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const second = refresh(person.refresh)["refresh_token"].text();
    auto const third = refresh(second)["refresh_token"].text();

    age(person.refresh, "5 seconds");
    auto const in_time = refresh(person.refresh);
    REQUIRE(in_time.status == 200);
    CHECK(in_time["refresh_token"].text() != third);
    // Used again by that last answer's holder, so that it is no longer the parent of the active one.
    refresh(in_time["refresh_token"].text());
    // 11 s after the first use, and 6 s after the second, which does not count.
    age(person.refresh, "6 seconds");

    check_refused(refresh(person.refresh), 400, "refresh_token_already_used");
    // Supabase Auth leaves the row, and the newest token is good for two tabs; farebox lets nobody in.
    CHECK(database().integer(
              "select count(*) from auth.refresh_tokens t join auth.sessions s on s.id = t.session_id "
              "where s.user_id = $1::text::uuid and t.revoked = false",
              {person.id}) == 0);
    CHECK(user_of(person.access).status == 200);
    CHECK(get("/api/v1/auth/me", as(person.access)).status == 401);
    auto const newest = *database().value(
        "select t.token from auth.refresh_tokens t where t.user_id = $1 order by t.id desc limit 1",
        {person.id});
    for (auto const& token : {newest, third}) {
        age(token, "11 seconds");
        check_refused(refresh(token), 400, "refresh_token_already_used");
    }
}

TEST_CASE("whoever has the newest token when another was stolen may go on within 10 seconds", "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const second = refresh(person.refresh)["refresh_token"].text();
    auto const third = refresh(second)["refresh_token"].text();
    age(person.refresh, "11 seconds");
    check_refused(refresh(person.refresh), 400, "refresh_token_already_used");
    CHECK(get("/api/v1/auth/me", as(person.access)).status == 401);

    CHECK(refresh(third).status == 200);

    CHECK(get("/api/v1/auth/me", as(person.access)).status == 200);
}

TEST_CASE("what a hook or a CAPTCHA would refuse is played byte for byte", "[local_auth]")
{
    auto const email = an_email();
    auto const plays = [&](std::string const& moment, int status, std::string const& code,
                           std::string const& sentence, std::optional<std::string> const& captcha = {}) {
        database().rows(
            "insert into local_auth.played (address, moment, status, code, sentence, captcha_token) "
            "values ($1, $2, $3::text::int, $4, $5, $6)",
            {email, moment, std::to_string(status), code, sentence, captcha});
    };
    auto const with_captcha = [&](std::string const& token, Headers const& headers = dated) {
        return post("/auth/v1/signup",
                    body({{"email", email},
                          {"password", password},
                          {"gotrue_meta_security", raw(body({{"captcha_token", token}}))}}),
                    headers);
    };

    plays("captcha", 400, "captcha_failed", "captcha protection: request disallowed (invalid-input-response)",
          "solved");
    auto const unsolved = sign_up(email);
    CHECK(unsolved.status == 400);
    CHECK(unsolved.body ==
          R"-({"code":"captcha_failed",)-"
          R"-("message":"captcha protection: request disallowed (no captcha_token found)"})-");
    check_refused(with_captcha("guessed"), 400, "captcha_failed");

    plays("signup", 403, "unknown", "Only members.");
    auto const hooked = with_captcha("solved");
    CHECK(hooked.status == 403);
    CHECK(hooked.body == R"({"code":"unknown","message":"Only members."})");
    CHECK(hooked.header("x-sb-error-code").empty());
    CHECK(hooked.header("x-supabase-api-version") == "2024-01-01");
    CHECK(with_captcha("solved", key).body == R"({"code":403,"error_code":"unknown","msg":"Only members."})");

    database().rows("delete from local_auth.played where address = $1 and moment = 'signup'", {email});
    CHECK(sign_up(email, as_operator()).status == 200); // nobody asks an operator
}

TEST_CASE("many refreshes of one token at once leave one session that goes on", "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const replies = at_once(4, 8, [&](int) { return refresh(person.refresh); });

    auto tokens = std::set<std::string>();
    for (auto const& reply : replies) {
        REQUIRE(reply.status == 200);
        tokens.insert(reply["refresh_token"].text());
    }
    // All but the first find their token to be the parent of the active one.
    CHECK(tokens.size() == 1);
    CHECK(refresh(*tokens.begin()).status == 200);
}

TEST_CASE("a session past its end is not refreshed", "[local_auth]")
{
    auto const person = somebody_signed_up();
    database().rows("update auth.sessions set not_after = now() where user_id = $1::text::uuid", {person.id});
    check_refused(refresh(person.refresh), 400, "session_expired");
}

TEST_CASE("logout ends the sessions of its scope", "[local_auth]")
{
    auto const out = [](SignedUp const& who, std::string const& scope) {
        return post("/auth/v1/logout" + scope, "", bearing(who.access));
    };
    auto const one = somebody_signed_up();
    auto const two = person_of(sign_in(one.email));
    auto const three = person_of(sign_in(one.email));

    check_refused(out(one, "?scope=everywhere"), 400, "validation_failed");
    auto const reply = out(three, "?scope=local");
    CHECK(reply.status == 204);
    CHECK(reply.body.empty());
    check_refused(user_of(three.access), 403, "session_not_found");
    check_refused(refresh(three.refresh), 400, "refresh_token_not_found");
    CHECK(user_of(one.access).status == 200);

    CHECK(out(two, "?scope=others").status == 204);
    CHECK(user_of(two.access).status == 200);
    check_refused(user_of(one.access), 403, "session_not_found");

    auto const four = person_of(sign_in(one.email));
    CHECK(out(four, "").status == 204);
    check_refused(user_of(two.access), 403, "session_not_found");
    check_refused(out(four, ""), 403, "session_not_found");
}

TEST_CASE("only a living token that was made here says who calls", "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const other = somebody_signed_up();
    auto const signature = person.access.rfind('.');
    auto const head = person.access.substr(0, person.access.find('.'));
    auto const claims_of_other = other.access.substr(0, other.access.rfind('.'));

    CHECK(user_of(person.access)["id"].text() == person.id);
    check_refused(get("/auth/v1/user", dated), 401, "no_authorization");
    check_refused(get("/auth/v1/user", dated + Headers{{"Authorization", "Basic abc"}}), 401,
                  "no_authorization");
    for (auto const& forged :
         {std::string("x"), head + "..", claims_of_other + person.access.substr(signature),
          claims_of_other + ".", person.access + "A", person.access.substr(0, person.access.size() - 1),
          claims_of_other + "." + std::string(86, 'A'),
          "eyJhbGciOiJub25lIn0" + person.access.substr(head.size())})
        check_refused(user_of(forged), 403, "bad_jwt");
}

TEST_CASE("a user changes the own account", "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const put = [&](std::string const& text) {
        return send("PUT", "/auth/v1/user", text, bearing(person.access));
    };

    auto const changed = put(R"({"data":{"a":1,"b":{"c":null}}})");
    REQUIRE(changed.status == 200);
    CHECK(changed["user_metadata"]["b"]["c"].is_null());
    auto const merged = put(R"({"data":{"a":null,"d":2}})");
    CHECK_FALSE(merged["user_metadata"].has("a"));
    CHECK(merged["user_metadata"].has("b"));

    check_refused(put(R"({"app_metadata":{"role":"admin"}})"), 403, "not_admin");
    check_refused(put(R"({"password":"short"})"), 422, "weak_password");
    check_refused(put(body({{"password", password}})), 422, "same_password");
    check_refused(put(body({{"email", somebody_signed_up().email}})), 422, "email_exists");

    auto const email = an_email();
    CHECK(put(body({{"email", email}}))["email"].text() == email);
    CHECK(sign_in(email).status == 200);
    check_refused(sign_in(person.email), 400, "invalid_credentials");
}

TEST_CASE("a new password ends the other sessions and keeps this one", "[local_auth]")
{
    auto const one = somebody_signed_up();
    auto const two = person_of(sign_in(one.email));

    REQUIRE(
        send("PUT", "/auth/v1/user", body({{"password", "battery staple"}}), bearing(one.access)).status ==
        200);

    CHECK(user_of(one.access).status == 200);
    check_refused(user_of(two.access), 403, "session_not_found");
    check_refused(sign_in(one.email), 400, "invalid_credentials");
    CHECK(sign_in(one.email, "battery staple").status == 200);
}

TEST_CASE("the endpoints of the operator want the service key", "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const secret = as_operator()[0].second;
    auto const list = [](Headers const& headers) { return get("/auth/v1/admin/users?per_page=1", headers); };

    check_refused(list(dated), 401, "no_authorization");
    check_refused(list(bearing(person.access)), 403, "not_admin");
    check_refused(list(bearing(secret)), 403, "bad_jwt"); // as the bearer only: not what the gateway takes
    check_refused(list(as_operator() + as(person.access)), 403, "not_admin");
    CHECK(list(as_operator()).status == 200);
    CHECK(list(as_operator() + as(secret)).status == 200);
    check_refused(post("/auth/v1/admin/users", "{}", dated), 401, "no_authorization");
    check_refused(send("DELETE", "/auth/v1/admin/users/" + person.id, "", dated), 401, "no_authorization");
    CHECK(user_of(person.access).status == 200);
}

TEST_CASE("an operator creates, reads, changes and lists users", "[local_auth]")
{
    auto const admin = as_operator();
    auto const email = an_email();
    auto const created = post(
        "/auth/v1/admin/users",
        body({{"email", email}, {"password", "weak"}, {"app_metadata", raw(R"({"plan":"pro"})")}}), admin);

    REQUIRE(created.status == 200);
    CHECK_FALSE(created.json().has("email_confirmed_at"));
    CHECK(created["app_metadata"]["plan"].text() == "pro");
    auto const path = "/auth/v1/admin/users/" + created["id"].text();
    check_refused(sign_in(email, "weak"), 400, "email_not_confirmed");
    check_refused(post("/auth/v1/admin/users", body({{"email", email}}), admin), 422, "email_exists");
    check_refused(
        post("/auth/v1/admin/users", body({{"email", an_email()}, {"id", created["id"].text()}}), admin), 422,
        "user_already_exists");
    check_refused(post("/auth/v1/admin/users", "{}", admin), 400, "validation_failed");

    auto const updated =
        send("PUT", path, R"({"email_confirm":true,"app_metadata":{"plan":null,"seats":2}})", admin);
    CHECK(updated["app_metadata"]["seats"].integer() == 2);
    CHECK_FALSE(updated["app_metadata"].has("plan"));
    auto const session = person_of(sign_in(email, "weak"));
    CHECK(send("PUT", path, body({{"password", "stronger horse"}}), admin).status == 200);
    check_refused(user_of(session.access), 403, "session_not_found");

    CHECK(get(path, admin)["email"].text() == email);
    check_refused(get("/auth/v1/admin/users/00000000-0000-4000-8000-000000000000", admin), 404,
                  "user_not_found");
    check_refused(get("/auth/v1/admin/users/1", admin), 400, "validation_failed");

    auto const page = get("/auth/v1/admin/users?page=1&per_page=2", admin);
    CHECK(page["users"].size() == 2);
    CHECK(page["aud"].text() == "authenticated");
    CHECK(std::stoll(page.header("x-total-count")) >= 2);
    CHECK(page.header("link").find("rel=\"last\"") != std::string::npos);
    check_refused(get("/auth/v1/admin/users?page=0", admin), 400, "validation_failed");
}

TEST_CASE("a banned user neither signs in nor goes on, until the ban is lifted", "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const ban = [&](std::string const& duration) {
        return send("PUT", "/auth/v1/admin/users/" + person.id, body({{"ban_duration", duration}}),
                    as_operator());
    };

    check_refused(ban("for ever"), 400, "validation_failed");
    check_refused(ban("-1h"), 400, "validation_failed");
    CHECK(ban("1h30m").json().has("banned_until"));
    CHECK(database().value("select (banned_until between now() + interval '89 minutes' and now() + interval "
                           "'91 minutes')::text "
                           "from auth.users where id = $1::text::uuid",
                           {person.id}) == "true");
    check_refused(sign_in(person.email), 400, "user_banned");
    check_refused(sign_in(person.email, "wrong horse"), 400, "user_banned");
    check_refused(refresh(person.refresh), 400, "user_banned");
    check_refused(user_of(person.access), 403, "user_banned");

    CHECK_FALSE(ban("none").json().has("banned_until"));
    CHECK(user_of(person.access).status == 200);
    CHECK(refresh(person.refresh).status == 200);
}

TEST_CASE("a user who is deleted softly leaves a row that says nothing", "[local_auth]")
{
    auto const person = somebody_signed_up();
    auto const path = "/auth/v1/admin/users/" + person.id;

    auto const reply = send("DELETE", path, R"({"should_soft_delete":true})", as_operator());

    CHECK(reply.status == 200);
    CHECK(reply.body == "{}");
    check_refused(user_of(person.access), 403, "user_not_found");
    check_refused(sign_in(person.email), 400, "invalid_credentials");
    auto const left = get(path, as_operator());
    CHECK(left.json().has("deleted_at"));
    CHECK(left.body.find(person.email) == std::string::npos);
    CHECK(sign_up(person.email).status == 200);
    check_refused(
        send("DELETE", "/auth/v1/admin/users/00000000-0000-4000-8000-000000000000", "", as_operator()), 404,
        "user_not_found");
}

TEST_CASE("what never reaches an endpoint is refused in words that Supabase's clients read", "[local_auth]")
{
    struct Case {
        Reply reply;
        int status;
        std::string code;
    };
    auto const too_long = "{\"email\": \"" + std::string(80 * 1024, 'a') + "\"}";
    for (auto const& [reply, status, code] :
         {Case{get("/auth/v1/nothing", anonymously()), 404, "not_found"},
          Case{get("/auth/v1", anonymously()), 404, "not_found"},
          Case{send("DELETE", "/auth/v1/user", "", anonymously()), 405, "method_not_allowed"},
          Case{post("/auth/v1/signup", too_long, anonymously()), 413, "request_entity_too_large"}}) {
        INFO(reply.body);
        CHECK(reply.status == status);
        CHECK(reply.json().names() ==
              std::vector<std::string>{"code", "error_code", "message", "msg", "request_id"});
        CHECK(reply["code"].text() == code);
        CHECK(reply["error_code"].text() == code);
        CHECK_FALSE(reply["message"].text().empty());
        CHECK(reply["request_id"].text() == reply.header("x-request-id"));
    }
}
