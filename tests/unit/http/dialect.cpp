#include "shared/http/dialect.hpp"

#include "shared/json/fields.hpp"
#include "shared/json/value.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/base/failure_of.hpp"

#include <algorithm>
#include <iterator>
#include <set>

using base::Error;
using base::Failure;
using http::Dialect;

namespace {

// The dialects of the five documents, whose errors have one body; Supabase Auth's has another.
constexpr Dialect dialects[] = {Dialect::token, Dialect::chat, Dialect::mgmt, Dialect::track, Dialect::forge};

constexpr Error all[] = {
#define ROW(name, status, sqlstate, retry, message) Error::name,
#include "shared/base/errors.def"
#undef ROW
};

struct Override {
    Error error;
    Dialect dialect;
    int status;
    std::string_view code;
};

constexpr Override overrides[] = {
#define ROW(error, dialect, status, code, sentence) Override{Error::error, Dialect::dialect, status, #code},
#include "shared/http/dialects.def"
};

// An answer, its body read by the strict reader.
struct Answer {
    http::Response response;
    json::Value body;

    // A member as JSON text; "" when it is absent.
    std::string operator[](std::string_view name) const
    {
        auto const* const member = body.find(name);
        return member != nullptr ? json::write(*member) : std::string();
    }

    std::vector<std::string> names() const
    {
        std::vector<std::string> names;
        for (auto const& member : body.members)
            names.push_back(member.name);
        return names;
    }
};

Answer answer(Failure const& failure, Dialect dialect, http::Refused request = {.request_id = "req-1"})
{
    auto response = http::error_response(failure, dialect, request);
    auto body = json::parse(response.body);
    return {std::move(response), std::move(body)};
}

Failure shortage()
{
    return Failure(Error::insufficient_balance, "for the log").with("required", 3).with("available", 2);
}

Failure invalid(std::vector<base::Problem> problems)
{
    return test::failure_of([&] { json::throw_if_any(problems); });
}

Failure bad_email()
{
    return invalid({{{"body", "email"}, "field required", "value_error.missing"}});
}

std::string in_quotes(std::string_view text)
{
    return '"' + std::string(text) + '"';
}

bool speaks_codes(Dialect dialect)
{
    return dialect == Dialect::token || dialect == Dialect::chat;
}

using Names = std::vector<std::string>;
Names const six = {"error", "message", "code", "detail", "details", "request_id"};

} // namespace

TEST_CASE("the longest prefix of a path decides its dialect")
{
    CHECK(http::dialect_of("/api/v1/users/1/spend") == Dialect::chat);
    CHECK(http::dialect_of("/api/v1") == Dialect::chat);
    CHECK(http::dialect_of("/api/v10/x") == Dialect::mgmt);
    CHECK(http::dialect_of("/api/user/tokens/7") == Dialect::mgmt);
    CHECK(http::dialect_of("/api") == Dialect::mgmt);
    CHECK(http::dialect_of("/apis") == Dialect::chat);
    CHECK(http::dialect_of("/auth/v1/token") == Dialect::supabase);
    CHECK(http::dialect_of("/auth/v10") == Dialect::chat);
    CHECK(http::dialect_of("/health") == Dialect::chat);
    CHECK(http::dialect_of("/") == Dialect::chat);
    CHECK(http::dialect_of("") == Dialect::chat);
}

TEST_CASE("every error in every dialect has the six members and the type of JSON")
{
    for (auto const error : all)
        for (auto const dialect : dialects) {
            INFO(base::info(error).name << " in dialect " << static_cast<int>(dialect));
            auto const said = answer(Failure(error, "secret of the operator").with("note", "n"), dialect);

            CHECK(said.response.header("content-type") == "application/json");
            CHECK(said.response.status >= 400);
            for (auto const& name : six)
                CHECK(said.body.find(name) != nullptr);
            CHECK(said["request_id"] == R"("req-1")");
            CHECK(said["details"] == R"({"note":"n"})");
            if (dialect != Dialect::token) CHECK(said["detail"] == said["message"]);
            CHECK(said["error"] ==
                  (speaks_codes(dialect) ? in_quotes(base::info(error).name) : said["message"]));
            CHECK(said.response.body.find("secret") == std::string::npos);
        }
}

TEST_CASE("an error without a row of its own is answered as the table of errors has it")
{
    for (auto const error : all)
        for (auto const dialect : dialects) {
            bool const has_row =
                std::any_of(std::begin(overrides), std::end(overrides), [&](Override const& row) {
                    return row.error == error && row.dialect == dialect;
                });
            if (has_row) continue;
            auto const& info = base::info(error);
            INFO(info.name << " in dialect " << static_cast<int>(dialect));
            auto const said = answer(Failure(error), dialect);
            CHECK(said.response.status == info.status);
            CHECK(said["code"] == in_quotes(base::upper_snake(info.name)));
            CHECK(said["message"] == in_quotes(info.message));
        }
}

TEST_CASE("an error with a row of its own is answered as that says")
{
    std::set<std::pair<Error, Dialect>> seen;
    for (auto const& row : overrides) {
        INFO(base::info(row.error).name << " in dialect " << static_cast<int>(row.dialect));
        CHECK(seen.insert({row.error, row.dialect}).second);
        auto const said = answer(Failure(row.error), row.dialect);
        CHECK(said.response.status == row.status);
        auto const code =
            row.dialect == Dialect::supabase ? std::string(row.code) : base::upper_snake(row.code);
        CHECK(said["code"] == in_quotes(code));
    }
}

TEST_CASE("too few tokens in the server API is 409 with the sentence that its document prints")
{
    auto const said = answer(shortage(), Dialect::token);
    CHECK(said.response.status == 409);
    CHECK(
        said.response.body ==
        R"({"error":"insufficient_balance","message":"Not enough tokens. Required: 3, available: 2",)"
        R"("code":"INSUFFICIENT_BALANCE","detail":{"error":"insufficient_balance",)"
        R"("message":"Not enough tokens. Required: 3, available: 2","details":{"required":3,"available":2}},)"
        R"("details":{"required":3,"available":2},"request_id":"req-1"})");
}

TEST_CASE(
    "in the server API detail is what its own server sends: an object for what it raises, a list for 422")
{
    for (auto const error : all) {
        INFO(base::info(error).name);
        auto const said = answer(Failure(error), Dialect::token);
        auto const object = R"({"error":)" + said["error"] + R"(,"message":)" + said["message"] + "}";
        auto const list =
            R"([{"loc":["body"],"msg":)" + said["message"] + R"(,"type":)" + said["error"] + "}]";
        switch (said.response.status) {
        case 403:
        case 404:
        case 409:
            CHECK(said["detail"] == object);
            break;
        case 422:
            CHECK(said["detail"] == list);
            break;
        default:
            CHECK(said["detail"] == said["message"]);
        }
    }
    CHECK(
        answer(Failure(Error::hold_already_settled).with("captured", 5), Dialect::token)["detail"].ends_with(
            R"(,"details":{"captured":5}})"));
}

TEST_CASE(
    "a 401 says whether a credential is missing or not accepted, where the document has a sentence for each")
{
    auto const said = [](Dialect dialect, bool has_credential) {
        auto const reply = answer(Failure(Error::unauthorized), dialect,
                                  {.request_id = "req-1", .has_credential = has_credential});
        CHECK(reply.response.status == 401);
        CHECK(reply["code"] == R"("UNAUTHORIZED")");
        CHECK(reply["detail"] == reply["message"]);
        return reply["message"];
    };
    CHECK(said(Dialect::token, false) == R"("Missing API key")");
    CHECK(said(Dialect::token, true) == R"("Invalid API key")");
    CHECK(said(Dialect::forge, false) == R"("Authentication credentials were not provided.")");
    CHECK(said(Dialect::forge, true) == R"("Given token not valid for any token type")");
    for (auto const has_credential : {false, true}) {
        CHECK(said(Dialect::chat, has_credential) == R"("Not authenticated")");
        for (auto const dialect : {Dialect::mgmt, Dialect::track})
            CHECK(said(dialect, has_credential) == in_quotes(base::info(Error::unauthorized).message));
    }
    // A login that fails is another matter.
    auto const login = answer(Failure(Error::invalid_credentials), Dialect::forge,
                              {.request_id = "req-1", .has_credential = false});
    CHECK(login["code"] == R"("INVALID_CREDENTIALS")");
    CHECK(login["message"] == in_quotes(base::info(Error::invalid_credentials).message));
}

TEST_CASE("the server API's 404 of a user names the number that the path holds, and else nobody")
{
    auto const said = [](Dialect dialect, std::optional<std::int64_t> user) {
        return answer(Failure(Error::user_not_found), dialect, {.request_id = "req-1", .user = user});
    };
    CHECK(said(Dialect::token, 17)["message"] == R"("User 17 not found")");
    CHECK(said(Dialect::token, 17)["detail"] ==
          R"({"error":"user_not_found","message":"User 17 not found"})");
    CHECK(said(Dialect::token, std::nullopt)["message"] == R"("User not found")");
    CHECK(said(Dialect::mgmt, 17)["message"] == R"("User not found")");
}

TEST_CASE("a path that nobody serves is worded as the documents print it")
{
    for (auto const dialect : {Dialect::token, Dialect::chat})
        CHECK(answer(Failure(Error::not_found), dialect)["message"] == R"("Resource not found")");
    for (auto const dialect : {Dialect::mgmt, Dialect::track, Dialect::forge})
        CHECK(answer(Failure(Error::not_found), dialect)["message"] == R"("Not found.")");
    CHECK(answer(Failure(Error::not_found), http::dialect_of("/api/v1/nothing"))["detail"] ==
          R"("Resource not found")");
}

TEST_CASE("a sentence that lacks its numbers is not printed with holes")
{
    auto const said = answer(Failure(Error::insufficient_balance).with("required", 3), Dialect::token);
    CHECK(said["message"] == in_quotes(base::info(Error::insufficient_balance).message));
}

TEST_CASE("too few tokens in the chat platform and the phone app API is 402")
{
    auto const chat = answer(shortage(), Dialect::chat);
    CHECK(chat.response.status == 402);
    CHECK(chat["error"] == R"("insufficient_balance")");
    CHECK(chat["code"] == R"("INSUFFICIENT_BALANCE")");
    CHECK(chat.names() == six);

    auto const mgmt = answer(shortage(), Dialect::mgmt);
    CHECK(mgmt.response.status == 402);
    CHECK(mgmt["error"] == mgmt["message"]);
    CHECK(mgmt["code"] == R"("INSUFFICIENT_BALANCE")");
    CHECK(mgmt["details"] == R"({"required":3,"available":2})");
    CHECK(mgmt.names() == six);
}

TEST_CASE("too few tokens in the device API is 403 and says what was requested and what remains")
{
    auto const said = answer(shortage(), Dialect::track);
    CHECK(said.response.status == 403);
    CHECK(said["error"] == R"("Insufficient tokens")");
    CHECK(said["code"] == R"("INSUFFICIENT_TOKENS")");
    CHECK(said["requested"] == "3");
    CHECK(said["remaining"] == "2");
}

TEST_CASE("too few tokens in the conversation app API is 403 and says that the limit is reached")
{
    auto const said = answer(shortage(), Dialect::forge);
    CHECK(said.response.status == 403);
    CHECK(said["error"] ==
          R"("Token limit reached for this conversation. Please make a payment to continue.")");
    CHECK(said["code"] == R"("TOKEN_LIMIT_REACHED")");
    CHECK(said["token_limit_reached"] == "true");
    CHECK(said["requested"].empty());
}

TEST_CASE("only a lack of tokens speaks of limits")
{
    for (auto const dialect : dialects)
        CHECK(answer(Failure(Error::wallet_blocked).with("required", 1).with("available", 1), dialect)
                  .names() == six);
}

TEST_CASE("a blocked wallet is 403, and in the device API a blocked device")
{
    for (auto const dialect : dialects) {
        auto const said = answer(Failure(Error::wallet_blocked), dialect);
        CHECK(said.response.status == 403);
        CHECK(said["code"] == (dialect == Dialect::track ? R"("DEVICE_BLOCKED")" : R"("WALLET_BLOCKED")"));
    }
}

TEST_CASE("an invalid body is 422 under /api/v1, with the list of what is wrong")
{
    for (auto const dialect : {Dialect::token, Dialect::chat}) {
        auto const said = answer(bad_email(), dialect);
        CHECK(said.response.status == 422);
        CHECK(said["error"] == R"("validation_error")");
        CHECK(said["code"] == R"("VALIDATION_ERROR")");
        CHECK(said["detail"] ==
              R"([{"loc":["body","email"],"msg":"field required","type":"value_error.missing"}])");
        CHECK(said["details"] == R"({"field":"email","reason":"field required"})");
    }
}

TEST_CASE("an invalid body is 400 under /api, and detail stays a sentence")
{
    for (auto const dialect : {Dialect::mgmt, Dialect::track, Dialect::forge}) {
        auto const said = answer(bad_email(), dialect);
        CHECK(said.response.status == 400);
        CHECK(said["code"] == R"("VALIDATION_ERROR")");
        CHECK(said["detail"] == said["message"]);
        CHECK(said["error"] == said["message"]);
        CHECK(said["details"] == R"({"field":"email","reason":"field required"})");
    }
}

TEST_CASE("an invalid amount has its own code and the same statuses")
{
    auto const failure = invalid({{{"body", "amount"}, "must be 1", "int_range"}});
    for (auto const dialect : dialects) {
        auto const said = answer(failure, dialect);
        CHECK(said.response.status == (speaks_codes(dialect) ? 422 : 400));
        CHECK(said["code"] == R"("INVALID_AMOUNT")");
    }
}

TEST_CASE("a refusal of 422 that is not about the body's form is 422 everywhere, with a sentence")
{
    for (auto const dialect : dialects) {
        auto const said = answer(Failure(Error::idempotency_key_reused), dialect);
        CHECK(said.response.status == 422);
        if (dialect != Dialect::token) CHECK(said["detail"] == said["message"]);
        CHECK(said.names() == six);
    }
}

TEST_CASE("the conversation app API lists the messages of each bad field under its name")
{
    auto const failure = invalid({{{"body", "email"}, "one", "a"},
                                  {{"body", "password"}, "two", "b"},
                                  {{"body", "email"}, "three", "c"}});
    auto const said = answer(failure, Dialect::forge);
    CHECK(said["error"] == R"("Invalid request data")");
    CHECK(said["email"] == R"(["one","three"])");
    CHECK(said["password"] == R"(["two"])");
    CHECK(said.names().size() == 8);
    CHECK(answer(failure, Dialect::mgmt).names() == six);
    CHECK(answer(failure, Dialect::track).names() == six);
}

TEST_CASE("in the conversation app API a bad field that is called like a member of the error takes its place")
{
    for (auto const& name : six) {
        INFO(name);
        auto const said = answer(invalid({{{"body", name}, "is bad", "x"}}), Dialect::forge);
        CHECK(said[name] == R"(["is bad"])");
        CHECK(said.body.members.size() == 6);
    }
}

TEST_CASE("401 asks for a bearer token, and nothing else does")
{
    for (auto const error : all)
        for (auto const dialect : dialects) {
            auto const said = answer(Failure(error), dialect);
            CHECK(said.response.header("WWW-Authenticate") == (said.response.status == 401 ? "Bearer" : ""));
        }
    CHECK(answer(Failure(Error::unauthorized), Dialect::token).response.header("WWW-Authenticate") ==
          "Bearer");
}

TEST_CASE("who is told to repeat is told when")
{
    auto const retry_after = [](Failure const& failure) {
        return answer(failure, Dialect::token).response.header("Retry-After");
    };
    for (auto const error :
         {Error::busy, Error::outcome_unknown, Error::request_in_progress, Error::rate_limited})
        CHECK(retry_after(Failure(error)) == "1");
    CHECK(retry_after(Failure(Error::rate_limited).retry_after(30)) == "30");
    CHECK(retry_after(Failure(Error::maintenance).retry_after(60)) == "60");
    CHECK(retry_after(Failure(Error::maintenance)) == "5");
    for (auto const error : all) {
        INFO(base::info(error).name);
        if (base::info(error).status == 503) CHECK_FALSE(retry_after(Failure(error)).empty());
    }
    CHECK(retry_after(Failure(Error::insufficient_balance)) == "");
}

TEST_CASE("a method that is not allowed is told which are")
{
    auto const said = answer(Failure(Error::method_not_allowed).with("allow", "GET, HEAD"), Dialect::mgmt);
    CHECK(said.response.status == 405);
    CHECK(said.response.header("Allow") == "GET, HEAD");
    CHECK(answer(Failure(Error::not_found), Dialect::mgmt).response.header("Allow") == "");
}

TEST_CASE("nothing that a client sent can break out of an error body")
{
    auto const failure = invalid({{{"body", "a\"},{\n\xFF"}, "is \"bad\"", "x"}});
    for (auto const dialect : dialects) {
        auto const said = answer(failure, dialect);
        CHECK(said.body.kind == json::Kind::object);
    }
    CHECK(answer(failure, Dialect::forge).body.members.back().name == "a\"},{\n\xEF\xBF\xBD");
}

TEST_CASE("in Supabase Auth's dialect every error has the members of both of its formats")
{
    for (auto const error : all) {
        INFO(base::info(error).name);
        auto const said = answer(Failure(error, "secret of the operator"), Dialect::supabase);

        CHECK(said.names() == Names{"code", "error_code", "message", "msg", "request_id"});
        CHECK(said["code"] == said["error_code"]);
        CHECK(said["message"] == said["msg"]);
        CHECK(said.response.body.find("secret") == std::string::npos);
    }
    CHECK(answer(Failure(Error::rate_limited), Dialect::supabase)["code"] ==
          in_quotes("over_request_rate_limit"));
    CHECK(answer(Failure(Error::not_found), Dialect::supabase)["code"] == in_quotes("not_found"));
    CHECK(answer(bad_email(), Dialect::supabase).response.status == 400);
}
