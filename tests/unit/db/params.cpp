#include "shared/db/params.hpp"

#include "tests/support/catch.hpp"

#include <limits>

namespace {

using db::Params;

std::string hex(std::optional<std::string> const& bytes)
{
    if (!bytes) return "null";
    std::string out;
    for (char const signed_byte : *bytes) {
        auto const byte = static_cast<unsigned char>(signed_byte);
        out += "0123456789abcdef"[byte >> 4];
        out += "0123456789abcdef"[byte & 15];
    }
    return out;
}

std::string only(Params const& params)
{
    REQUIRE(params.values().size() == 1);
    auto const& [oid, bytes] = params.values().front();
    return std::to_string(oid) + " " + hex(bytes);
}

base::Uuid const id = *base::parse_uuid("00112233-4455-6677-8899-aabbccddeeff");

base::Sha256 digest()
{
    base::Sha256 bytes{};
    bytes.front() = 0xab;
    bytes.back() = 0xcd;
    return bytes;
}

std::string const digest_hex = "ab" + std::string(60, '0') + "cd";

} // namespace

TEST_CASE("a parameter is sent in the server's binary format with its type", "[params]")
{
    CHECK(only(Params{}.uuid(id)) == "2950 00112233445566778899aabbccddeeff");
    CHECK(only(Params{}.int8(1)) == "20 0000000000000001");
    CHECK(only(Params{}.int8(-2)) == "20 fffffffffffffffe");
    CHECK(only(Params{}.int8(std::numeric_limits<std::int64_t>::min())) == "20 8000000000000000");
    CHECK(only(Params{}.int4(258)) == "23 00000102");
    CHECK(only(Params{}.boolean(true)) == "16 01");
    CHECK(only(Params{}.boolean(false)) == "16 00");
    CHECK(only(Params{}.text("a'\"{},\\")) == "25 6127227b7d2c5c");
    CHECK(only(Params{}.text("")) == "25 ");
    CHECK(only(Params{}.json("{}")) == "114 7b7d");
    CHECK(only(Params{}.bytea(digest())) == "17 " + digest_hex);
}

TEST_CASE("a time is sent as microseconds since 2000, and the far ends are infinite", "[params]")
{
    using Limits = std::numeric_limits<std::int64_t>;
    CHECK(only(Params{}.timestamptz(946'684'800'000'000)) == "1184 0000000000000000");
    CHECK(only(Params{}.timestamptz(946'684'800'000'001)) == "1184 0000000000000001");
    CHECK(only(Params{}.timestamptz(0)) == "1184 fffca2fec4c82000");
    CHECK(only(Params{}.timestamptz(Limits::max())) == "1184 7fffffffffffffff");
    CHECK(only(Params{}.timestamptz(Limits::min())) == "1184 8000000000000000");
    CHECK(only(Params{}.timestamptz(Limits::min() + 1)) == "1184 8000000000000000");
}

TEST_CASE("an absent parameter is NULL of its type", "[params]")
{
    CHECK(only(Params{}.uuid({})) == "2950 null");
    CHECK(only(Params{}.int8({})) == "20 null");
    CHECK(only(Params{}.int4({})) == "23 null");
    CHECK(only(Params{}.boolean({})) == "16 null");
    CHECK(only(Params{}.text({})) == "25 null");
    CHECK(only(Params{}.json({})) == "114 null");
    CHECK(only(Params{}.bytea({})) == "17 null");
    CHECK(only(Params{}.timestamptz({})) == "1184 null");
}

TEST_CASE("an array is sent with its dimension, its element type and the length of each element", "[params]")
{
    CHECK(only(Params{}.int8_array({1, 2})) == "1016 "
                                               "00000001"
                                               "00000000"
                                               "00000014"
                                               "00000002"
                                               "00000001"
                                               "00000008"
                                               "0000000000000001"
                                               "00000008"
                                               "0000000000000002");
    CHECK(only(Params{}.uuid_array({id})) == "2951 "
                                             "00000001"
                                             "00000000"
                                             "00000b86"
                                             "00000001"
                                             "00000001"
                                             "00000010"
                                             "00112233445566778899aabbccddeeff");
    CHECK(only(Params{}.json_array({"{}"})) == "199 "
                                               "00000001"
                                               "00000000"
                                               "00000072"
                                               "00000001"
                                               "00000001"
                                               "00000002"
                                               "7b7d");
    CHECK(only(Params{}.bytea_array({digest()})) == "1001 "
                                                    "00000001"
                                                    "00000000"
                                                    "00000011"
                                                    "00000001"
                                                    "00000001"
                                                    "00000020" +
                                                        digest_hex);
}

TEST_CASE("an array tells NULL from empty text, and quotes nothing", "[params]")
{
    CHECK(only(Params{}.text_array({std::nullopt, "", "{\"a,b\"}"})) == "1009 "
                                                                        "00000001"
                                                                        "00000001"
                                                                        "00000019"
                                                                        "00000003"
                                                                        "00000001"
                                                                        "ffffffff"
                                                                        "00000000"
                                                                        "00000007"
                                                                        "7b22612c62227d");
}

TEST_CASE("an empty array has no dimension", "[params]")
{
    CHECK(only(Params{}.text_array({})) == "1009 00000000"
                                           "00000000"
                                           "00000019");
}

TEST_CASE("parameters keep the order they were added in", "[params]")
{
    auto const params = Params{}.int4(1).text("b").int4(3);

    REQUIRE(params.values().size() == 3);
    CHECK(params.values()[0].oid == 23);
    CHECK(params.values()[1].oid == 25);
    CHECK(hex(params.values()[2].bytes) == "00000003");
}
