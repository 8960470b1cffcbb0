#include "shared/ledger/grants.hpp"
#include "shared/ledger/holds.hpp"
#include "shared/ledger/spends.hpp"
#include "tests/support/catch.hpp"

namespace {

using ledger::fingerprint;

db::Caller const caller("api_key", {});

ledger::Spend spend()
{
    return {.caller = caller,
            .user = {.number = 1},
            .amount = 25,
            .description = "render",
            .metadata = ledger::Metadata{.text = R"({ "a":1})", .canonical = R"({"a":1})"}};
}

ledger::Grant grant()
{
    return {.caller = caller, .user = {.number = 1}, .amount = 25, .description = "gift"};
}

ledger::Reverse reverse()
{
    return {.caller = caller,
            .of = *base::parse_uuid("00112233-4455-6677-8899-aabbccddeeff"),
            .description = "undo"};
}

ledger::PlaceHold hold()
{
    return {.caller = caller, .user = {.number = 1}, .amount = 25, .ttl_ms = 60000, .description = "chat"};
}

// Whether a change to the request makes it another request.
template <class Request, class Change>
bool differs(Request request, Change change)
{
    auto const before = fingerprint(request);
    change(request);
    return fingerprint(request) != before;
}

std::string length(char bytes)
{
    return std::string(3, '\0') + bytes;
}

std::string const absent(4, '\xff');

} // namespace

TEST_CASE("a fingerprint is the hash of its name and parts, each with its length", "[fingerprint]")
{
    CHECK(fingerprint(spend()) == base::sha256(length(7) + "spend/1" + length(2) + "25" + length(6) +
                                               "render" + length(7) + R"({"a":1})"));

    CHECK(fingerprint(reverse()) ==
          base::sha256(length(9) + "reverse/1" + length(36) + "00112233-4455-6677-8899-aabbccddeeff" +
                       absent + length(4) + "undo"));

    CHECK(fingerprint(grant()) == base::sha256(length(7) + "grant/1" + length(2) + "25" + length(5) +
                                               "promo" + absent + absent + length(4) + "gift" + absent));

    CHECK(fingerprint(hold()) == base::sha256(length(6) + "hold/1" + length(2) + "25" + length(5) + "60000" +
                                              length(4) + "chat" + absent + length(7) + "release" + absent));
}

TEST_CASE("whatever a client said makes another request when it changes", "[fingerprint]")
{
    CHECK(differs(spend(), [](auto& s) { s.amount = 26; }));
    CHECK(differs(spend(), [](auto& s) { s.description = "Render"; }));
    CHECK(differs(spend(), [](auto& s) { s.metadata->canonical = "{}"; }));
    CHECK(differs(spend(), [](auto& s) { s.metadata.reset(); }));
    CHECK(differs(grant(), [](auto& g) { g.grant_class = "paid"; }));
    CHECK(differs(grant(), [](auto& g) { g.priority = 0; }));
    CHECK(differs(grant(), [](auto& g) { g.expires_at_us = 0; }));
    CHECK(differs(hold(), [](auto& h) { h.amount = 26; }));
    CHECK(differs(hold(), [](auto& h) { h.ttl_ms = 61000; }));
    CHECK(differs(hold(), [](auto& h) { h.description = "Chat"; }));
    CHECK(differs(hold(), [](auto& h) { h.metadata = ledger::Metadata{.text = "{}", .canonical = "{}"}; }));
    CHECK(differs(hold(), [](auto& h) { h.on_lapse = "charge"; }));
    CHECK(differs(hold(), [](auto& h) { h.lapse_amount = 5; }));
    CHECK(differs(reverse(), [](auto& r) { r.of.bytes[0] = 9; }));
    CHECK(differs(reverse(), [](auto& r) { r.amount = 1; }));
}

TEST_CASE("what we made or looked up is no part of the request", "[fingerprint]")
{
    CHECK_FALSE(differs(spend(), [](auto& s) { s.entry = base::uuid_v7(); }));
    CHECK_FALSE(differs(spend(), [](auto& s) { s.key = "key"; }));
    CHECK_FALSE(differs(spend(), [](auto& s) { s.user.number = 1; }));
    CHECK_FALSE(differs(spend(), [](auto& s) { s.metadata->text = R"({ "a": 1 })"; }));
    CHECK_FALSE(differs(spend(), [](auto& s) { s.caller = db::Caller("user", {}); }));
    CHECK_FALSE(differs(grant(), [](auto& g) { g.entry = base::uuid_v7(); }));
    CHECK_FALSE(differs(hold(), [](auto& h) { h.hold = base::uuid_v7(); }));
    CHECK_FALSE(differs(hold(), [](auto& h) { h.started = true; }));
}
