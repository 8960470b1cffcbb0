// What counts as a FastCGI request that has arrived. The bytes are judged before libfcgi sees them, so
// everything that it must not see is here.
#include "shared/server/records.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/fastcgi_peer.hpp"

namespace {

namespace fastcgi = support::fastcgi;
using server::Arrival;
using support::fastcgi::begin_record;
using support::fastcgi::body_records;
using support::fastcgi::params_records;
using support::fastcgi::record;
using support::fastcgi::Type;

Arrival arrival(std::string_view bytes)
{
    return server::arrival_of({reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size()});
}

std::string a_request(std::string_view body = "{\"amount\":5}")
{
    return fastcgi::request(fastcgi::post("/echo", "some-key"), body);
}

// One pair with lengths of our choice, as four bytes each.
std::string lying_pair(std::uint32_t name, std::uint32_t value, std::string_view content = "NAMEvalue")
{
    auto pair = std::string();
    for (auto const length : {name, value})
        for (auto const shift : {24, 16, 8, 0})
            pair += static_cast<char>(static_cast<unsigned char>(length >> shift));
    return pair.append(content);
}

std::string with_variables(std::string_view content)
{
    return begin_record() + record(Type::params, content) + record(Type::params, {}) + body_records({});
}

TEST_CASE("a request has arrived with its last byte and not before")
{
    auto const whole = a_request();
    for (auto size = std::size_t{0}; size < whole.size(); ++size) {
        INFO(size << " of " << whole.size() << " bytes");
        CHECK(arrival(std::string_view(whole).substr(0, size)) == Arrival::part);
    }
    CHECK(arrival(whole) == Arrival::whole);
    CHECK(arrival(a_request({})) == Arrival::whole);
}

TEST_CASE("records may be split anywhere, down to one byte of content each")
{
    auto split = begin_record();
    auto const variables = params_records(fastcgi::post("/echo"));
    for (auto const byte : std::string_view(variables).substr(8, variables.size() - 16))
        split += record(Type::params, std::string(1, byte));
    split += record(Type::params, {});
    for (auto const byte : std::string_view("{}"))
        split += record(Type::in, std::string(1, byte));
    CHECK(arrival(split) == Arrival::part);
    CHECK(arrival(split + record(Type::in, {})) == Arrival::whole);
}

TEST_CASE("padding belongs to its record, and where libfcgi does not skip it there may be none")
{
    auto const padded = [](std::string bytes) {
        bytes[6] = 3;
        return bytes.append(3, 'p');
    };
    auto const records = params_records(fastcgi::get("/echo"));
    auto const content = std::string_view(records).substr(8);
    auto const begin = begin_record();
    auto const variables = record(Type::params, content.substr(0, content.size() - 8));
    auto const end = record(Type::params, {});
    auto const body = record(Type::in, "{}");
    auto const over = record(Type::in, {});

    CHECK(arrival(begin + padded(variables) + end + padded(body) + over) == Arrival::whole);
    CHECK(arrival(begin + padded(variables).substr(0, variables.size() + 2)) == Arrival::part);
    CHECK(arrival(padded(begin) + variables + end + body + over) == Arrival::never);
    CHECK(arrival(begin + variables + padded(end) + body + over) == Arrival::never);
    CHECK(arrival(begin + variables + end + body + padded(over)) == Arrival::never);
}

TEST_CASE("a large body is read as it comes, once there is as much of it as a socket holds")
{
    auto const head = begin_record() + params_records(fastcgi::post("/echo"));
    auto const size = server::body_bytes_awaited_max;
    auto const most =
        record(Type::in, std::string(size / 2, 'x')) + record(Type::in, std::string(size / 2, 'x'));
    CHECK(arrival(head + most) == Arrival::whole);
    CHECK(arrival(std::string_view(head + most).substr(0, head.size() + most.size() - 1)) == Arrival::part);
}

TEST_CASE("the length of a pair must be true, however large the claim")
{
    CHECK(arrival(with_variables(lying_pair(0x80000004, 0x80000005))) == Arrival::whole);
    for (auto const claim : {0xfffffffeU, 0xffffffffU, 0x80000006U, 0xc0000000U}) {
        CHECK(arrival(with_variables(lying_pair(0x80000004, claim))) == Arrival::never);
        CHECK(arrival(with_variables(lying_pair(claim, 0x80000005))) == Arrival::never);
        CHECK(arrival(with_variables(lying_pair(claim, claim))) == Arrival::never);
    }
    // A pair that stops in its lengths, or between name and value.
    for (auto size = std::size_t{1}; size < lying_pair(0x80000004, 0x80000005).size(); ++size) {
        INFO(size << " bytes");
        CHECK(arrival(with_variables(lying_pair(0x80000004, 0x80000005).substr(0, size))) == Arrival::never);
    }
    CHECK(arrival(with_variables(std::string("\x04\x05NAMEvalue\x04", 12))) == Arrival::never);
    CHECK(arrival(with_variables(std::string("\x04\x05NAMEvalue", 11))) == Arrival::whole);
}

TEST_CASE("more variables than nginx would send are no request, as soon as they are announced")
{
    auto const most = record(Type::params, std::string(server::variables_bytes_max, '\0'));
    CHECK(arrival(begin_record() + most) == Arrival::part);
    auto const more = record(Type::params, "x");
    CHECK(arrival(begin_record() + most + more.substr(0, 8)) == Arrival::never);
}

TEST_CASE("only the records of one request to a responder have a place, in their order")
{
    auto const variables = params_records(fastcgi::get("/echo"));
    auto const body = body_records("{}");
    auto const begin = begin_record();
    auto const with = [](std::string text, std::size_t at, char value) {
        text[at] = value;
        return text;
    };

    CHECK(arrival(begin + variables + body) == Arrival::whole);
    CHECK(arrival(with(begin, 0, 2) + variables + body) == Arrival::never); // another version
    CHECK(arrival(with(begin, 9, 2) + variables + body) == Arrival::never); // an authorizer
    CHECK(arrival(with(begin, 3, 0) + variables + body) == Arrival::never); // request 0: management
    CHECK(arrival(with(begin, 3, 2) + variables + body) == Arrival::never); // records of another request
    CHECK(arrival(begin + begin + variables + body) == Arrival::never);     // a second beginning
    CHECK(arrival(variables + body) == Arrival::never);
    CHECK(arrival(begin + body) == Arrival::never);
    CHECK(arrival(begin + variables + variables + body) == Arrival::never);
    for (auto const type : {0, 2, 3, 6, 7, 8, 9, 10, 11, 200}) { // abort, end, out, data, management, unknown
        INFO("type " << type);
        auto const odd = with(record(Type::in, "x"), 1, static_cast<char>(type));
        CHECK(arrival(odd) == Arrival::never);
        CHECK(arrival(begin + odd) == Arrival::never);
        CHECK(arrival(begin + variables + odd) == Arrival::never);
        CHECK(arrival(begin + variables + with(odd, 3, 0)) == Arrival::never);
    }
}

TEST_CASE("a beginning of another size is none")
{
    CHECK(arrival(record(Type::begin, std::string("\0\1\0\0\0\0\0", 7))) == Arrival::never);
    CHECK(arrival(record(Type::begin, std::string("\0\1\0\0\0\0\0\0\0", 9))) == Arrival::never);
    CHECK(arrival(record(Type::begin, {})) == Arrival::never);
}

TEST_CASE("whatever follows the end of a request makes it none")
{
    CHECK(arrival(a_request() + std::string(1, '\0')) == Arrival::never);
    CHECK(arrival(a_request() + a_request()) == Arrival::never);
}

TEST_CASE("bytes that are not FastCGI are known by the first of them")
{
    CHECK(arrival("GET / HTTP/1.1\r\n\r\n") == Arrival::never);
    CHECK(arrival(std::string(1, '\0')) == Arrival::never);
    CHECK(arrival("\x01") == Arrival::part);
    CHECK(arrival({}) == Arrival::part);
}

} // namespace
