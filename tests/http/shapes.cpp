// What a request must look like: each handler names the member that is at fault, before anybody is looked for.
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/wallet.hpp"

using namespace support;

namespace {

// The loc of a problem, joined by dots.
std::string loc_of(Reply const& reply, std::size_t problem = 0)
{
    auto const detail = reply["detail"];
    if (detail.kind() != json::Kind::array || detail.size() <= problem) return {};
    auto const loc = detail[problem]["loc"];
    auto joined = std::string();
    for (std::size_t i = 0; i < loc.size(); ++i)
        joined += (joined.empty() ? "" : ".") + loc[i].text();
    return joined;
}

Reply asked(std::string const& path, std::string const& body)
{
    return post(path, body, as_service());
}

std::string const nobody = "/api/v1/users/nonsense";
std::string const no_entry = "/api/v1/entries/01900000-0000-7000-8000-ffffffffffff/reverse";

} // namespace

TEST_CASE("a request's shape is judged before its user", "[shapes]")
{
    CHECK(post(nobody + "/spend", "not json", as("wrong")).status == 401);
    CHECK(asked(nobody + "/spend", "not json").status == 422);
    CHECK(asked(nobody + "/spend", R"({"amount":5})").status == 422);
    auto const unknown = asked(nobody + "/spend", R"({"amount":5,"description":"d"})");
    CHECK(unknown.status == 404);
    CHECK(unknown["error"].text() == "user_not_found");
    CHECK(unknown["details"].names().empty());
    CHECK(asked("/api/v1/entries/17/reverse", "{}")["error"].text() == "entry_not_found");
    CHECK(asked("/api/v1/entries/17/reverse", R"({"amount":0})")["error"].text() == "invalid_amount");
}

TEST_CASE("a malformed spend is 422 naming the member", "[shapes]")
{
    auto const [body, loc, error] = GENERATE(table<char const*, char const*, char const*>({
        {R"({"description":"d"})", "body.amount", "invalid_amount"},
        {R"({"amount":0,"description":"d"})", "body.amount", "invalid_amount"},
        {R"({"amount":10001,"description":"d"})", "body.amount", "invalid_amount"},
        {R"({"amount":1.5,"description":"d"})", "body.amount", "invalid_amount"},
        {R"({"amount":"1","description":"d"})", "body.amount", "invalid_amount"},
        {R"({"amount":true,"description":"d"})", "body.amount", "invalid_amount"},
        {R"({"amount":1})", "body.description", "validation_error"},
        {R"({"amount":1,"description":""})", "body.description", "validation_error"},
        {R"({"amount":1,"description":"d","idempotency_key":""})", "body.idempotency_key",
         "validation_error"},
        {R"({"amount":1,"description":"d","metadata":[]})", "body.metadata", "validation_error"},
    }));
    auto const reply = asked(nobody + "/spend", body);

    CHECK(reply.status == 422);
    CHECK(reply["error"].text() == error);
    CHECK(loc_of(reply) == loc);
}

TEST_CASE("an amount is a whole number however it is written, and the same one for its key", "[shapes]")
{
    auto const wallet = a_user().holding(1000);
    auto const spent = [&](std::string const& amount) {
        auto const reply = asked(wallet.path("spend"),
                                 R"({"amount":)" + amount + R"(,"description":"d","idempotency_key":"k"})");
        CHECK(reply.status == 200);
        CHECK(reply.replayed() == (amount != "100.0"));
        return reply["tokens_spent"].integer();
    };
    for (auto const* const amount : {"100.0", "1e2", "100"})
        CHECK(spent(amount) == 100);
    CHECK(wallet.balance() == 900);
}

TEST_CASE("what is missing is said in the words of the documents", "[shapes]")
{
    auto const missing = asked(nobody + "/spend", R"({"amount":1,"description":null})");
    CHECK(missing["detail"].str() ==
          R"([{"loc":["body","description"],"msg":"field required","type":"value_error.missing"}])");
    CHECK(post("/api/v1/auth/register", R"({"password":"password123"})", anonymously())["detail"].str() ==
          R"([{"loc":["body","email"],"msg":"field required","type":"value_error.missing"}])");
    auto const forge = post("/api/auth/login", R"({"email":"a@example.com"})", anonymously());
    CHECK(forge.status == 400);
    CHECK(forge["error"].text() == "Invalid request data");
    CHECK(forge["password"].str() == R"(["field required"])");
}

TEST_CASE("a body is JSON whatever its Content-Type says, and only an encoded one is refused", "[shapes]")
{
    auto const wallet = a_user().holding(100);
    auto const order = std::string(R"({"amount":1,"description":"d"})");
    for (auto const* const type : {"application/json", "text/plain", "application/x-www-form-urlencoded",
                                   "multipart/form-data; boundary=x", ""})
        CHECK(post(wallet.path("spend"), order, as_service() + Headers{{"Content-Type", type}}).status ==
              200);
    auto const encoded = as_service() + Headers{{"Content-Encoding", "gzip"}};
    CHECK(post(wallet.path("spend"), order, encoded).status == 415);
    CHECK(wallet.balance() == 95);
}

TEST_CASE("a spend may hold members that the document does not know, but endpoints of our own name them",
          "[shapes]")
{
    auto const wallet = a_user().holding(10);
    CHECK(asked(wallet.path("spend"), R"({"amount":1,"description":"d","colour":"red"})").status == 200);

    auto const batch = asked("/api/v1/spend/batch",
                             R"({"items":[{"user_id":1,"amount":1,"description":"d","colour":"red"}]})");
    CHECK(batch.status == 422);
    CHECK(loc_of(batch) == "body.items.0.colour");
    CHECK(loc_of(asked(no_entry, R"({"colour":"red"})")) == "body.colour");
}

TEST_CASE("a batch with one malformed item is refused whole, naming each fault", "[shapes]")
{
    auto const reply = asked("/api/v1/spend/batch", R"({"items":[
        {"user_id":1,"amount":1,"description":"d"},
        {"user_id":"nonsense","amount":1,"description":"d"},
        {"user_id":"5","amount":1,"description":"d"},
        {"user_id":1,"amount":0,"description":"d"},
        5]})");

    CHECK(reply.status == 422);
    CHECK(reply["error"].text() == "invalid_amount");
    REQUIRE(reply["detail"].size() == 4);
    CHECK(loc_of(reply, 0) == "body.items.1.user_id");
    CHECK(loc_of(reply, 1) == "body.items.2.user_id");
    CHECK(loc_of(reply, 2) == "body.items.3.amount");
    CHECK(loc_of(reply, 3) == "body.items.4");
}

TEST_CASE("a batch needs items, and keys in the items", "[shapes]")
{
    CHECK(loc_of(asked("/api/v1/spend/batch", R"({"items":[]})")) == "body.items");
    CHECK(loc_of(asked("/api/v1/spend/batch", "{}")) == "body.items");
    auto const keyed =
        post("/api/v1/spend/batch", R"({"items":[{"user_id":1,"amount":1,"description":"d"}]})",
             as_service() + Headers{{"Idempotency-Key", "k"}});
    CHECK(keyed.status == 422);
    CHECK(loc_of(keyed) == "header.idempotency-key");
}

TEST_CASE("limit and before of entries are checked and named", "[shapes]")
{
    auto const [query, loc] =
        GENERATE(table<char const*, char const*>({{"limit=0", "query.limit"},
                                                  {"limit=201", "query.limit"},
                                                  {"limit=abc", "query.limit"},
                                                  {"limit=1x", "query.limit"},
                                                  {"limit=", "query.limit"},
                                                  {"before=0", "query.before"},
                                                  {"before=-1", "query.before"},
                                                  {"limit=1&before=x", "query.before"}}));
    auto const reply = get(nobody + "/entries?" + query, as_service());

    CHECK(reply.status == 422);
    CHECK(loc_of(reply) == loc);
}

TEST_CASE("a phone without digits is nobody's", "[shapes]")
{
    auto const reply = get("/api/user/tokens/nobody", as_service());

    CHECK(reply.status == 404);
    CHECK(reply["code"].text() == "USER_NOT_FOUND");
    CHECK(reply["error"].text() == reply["message"].text());
}

TEST_CASE("a malformed user is 422 naming the member", "[shapes]")
{
    auto const [body, loc] = GENERATE(table<char const*, char const*>({
        {R"({"user_id":0})", "body.user_id"},
        {R"({"user_id":9007199254740992})", "body.user_id"},
        {R"({"phone":"1234"})", "body.phone"},
        {R"({"phone":"1234567890123456"})", "body.phone"},
        {R"({"phone":"none"})", "body.phone"},
        {R"({"email":"a@"})", "body.email"},
        {R"({"email":"a@b@c"})", "body.email"},
        {R"({"email":"a b@c"})", "body.email"},
        {R"({"email":"@c"})", "body.email"},
        {R"({"tokens":-1})", "body.tokens"},
        {R"({"tokens":1000000000001})", "body.tokens"},
        {R"({"name":"x"})", "body.name"},
    }));
    auto const reply = asked("/api/v1/users", body);

    CHECK(reply.status == 422);
    CHECK(reply["detail"].size() == 1);
    CHECK(loc_of(reply) == loc);
}

TEST_CASE("a malformed grant is 422 naming the member", "[shapes]")
{
    auto const [body, loc] = GENERATE(table<char const*, char const*>({
        {R"({"amount":0,"description":"d"})", "body.amount"},
        {R"({"amount":1000000000001,"description":"d"})", "body.amount"},
        {R"({"amount":1})", "body.description"},
        {R"({"amount":1,"description":"d","class":"gift"})", "body.class"},
        {R"({"amount":1,"description":"d","priority":1001})", "body.priority"},
        {R"({"amount":1,"description":"d","expires_at":"tomorrow"})", "body.expires_at"},
        {R"({"amount":1,"description":"d","metadata":1})", "body.metadata"},
        {R"({"amount":1,"description":"d","colour":1})", "body.colour"},
    }));
    auto const reply = asked(nobody + "/grants", body);

    CHECK(reply.status == 422);
    CHECK(loc_of(reply) == loc);
}
