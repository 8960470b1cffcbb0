#include "shared/base/uuid.hpp"

#include "shared/base/clock.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

using base::parse_uuid;
using base::Uuid;
using base::uuid_v7;

namespace {

std::int64_t milliseconds(Uuid const& id)
{
    std::int64_t value = 0;
    for (std::size_t i = 0; i < 6; ++i)
        value = value << 8 | id.bytes[i];
    return value;
}

// One bit for every random one of the id: 12 behind the version, 62 behind the variant.
std::vector<bool> random_bits(Uuid const& id)
{
    std::vector<bool> bits;
    for (std::size_t i = 52; i < 128; ++i)
        if (i != 64 && i != 65) bits.push_back((id.bytes[i / 8] >> (7 - i % 8) & 1) != 0);
    return bits;
}

} // namespace

TEST_CASE("an id says version 7, the RFC's variant and the time it was made")
{
    auto const before = base::now_us() / 1000;
    auto const id = uuid_v7();
    auto const after = base::now_us() / 1000;

    CHECK(id.bytes[6] >> 4 == 7);
    CHECK(id.bytes[8] >> 6 == 0b10);
    CHECK(milliseconds(id) >= before);
    // The carry of a full millisecond may run ahead of the clock, by far less than this.
    CHECK(milliseconds(id) <= after + 10);
}

TEST_CASE("ids grow, however many are made within one millisecond")
{
    auto last = uuid_v7();
    for (int i = 0; i < 100'000; ++i) {
        auto const next = uuid_v7();
        if (next <= last) FAIL(base::to_string(next) << " came after " << base::to_string(last));
        last = next;
    }
    SUCCEED();
}

TEST_CASE("threads never get the same id and each sees its own grow")
{
    constexpr std::size_t threads = 8;
    constexpr std::size_t each = 5'000;
    std::vector<std::vector<Uuid>> made(threads);
    std::vector<std::thread> running;
    for (auto& ids : made)
        running.emplace_back([&ids] {
            for (std::size_t i = 0; i < each; ++i)
                ids.push_back(uuid_v7());
        });
    for (auto& thread : running)
        thread.join();

    std::set<Uuid> all;
    for (auto const& ids : made) {
        CHECK(std::is_sorted(ids.begin(), ids.end()));
        all.insert(ids.begin(), ids.end());
    }
    CHECK(all.size() == threads * each);
}

TEST_CASE("all 74 random bits of an id are random")
{
    // Only the first id of a millisecond is drawn afresh; 64 of them leave a bit unseen once in 2^57 runs.
    std::vector<bool> ones(74);
    std::vector<bool> zeros(74);
    std::set<std::int64_t> times;
    while (times.size() < 64) {
        auto const id = uuid_v7();
        if (!times.insert(milliseconds(id)).second) continue;
        auto const bits = random_bits(id);
        REQUIRE(bits.size() == 74);
        for (std::size_t i = 0; i < bits.size(); ++i)
            (bits[i] ? ones : zeros)[i] = true;
    }
    CHECK(std::count(ones.begin(), ones.end(), true) == 74);
    CHECK(std::count(zeros.begin(), zeros.end(), true) == 74);
}

TEST_CASE("an id within a millisecond is not the last one plus a step that can be guessed")
{
    std::set<std::uint64_t> steps;
    auto const low = [](Uuid const& id) {
        std::uint64_t value = 0;
        for (std::size_t i = 8; i < 16; ++i)
            value = value << 8 | id.bytes[i];
        return value;
    };
    for (auto last = uuid_v7(); steps.size() < 100;) {
        auto const next = uuid_v7();
        if (milliseconds(next) == milliseconds(last)) CHECK(steps.insert(low(next) - low(last)).second);
        last = next;
    }
}

TEST_CASE("an id is written in lower case with hyphens and reads back")
{
    auto const id = parse_uuid("017F22E2-79B0-7CC3-98C4-DC0C0C07398F");
    REQUIRE(id.has_value());
    CHECK(base::to_string(*id) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    CHECK(parse_uuid(base::to_string(*id)) == id);
    CHECK(base::to_string(Uuid()) == "00000000-0000-0000-0000-000000000000");
}

TEST_CASE("what is not 8-4-4-4-12 hexadecimal digits is no id")
{
    for (char const* text :
         {"", "42", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
          "017f22e279b07cc398c4dc0c0c07398f", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
          "017f22e2-79b0-7cc3-98c4_dc0c0c07398f", "017f22e-279b0-7cc3-98c4-dc0c0c07398f",
          "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
          "+17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398-"}) {
        INFO(text);
        CHECK_FALSE(parse_uuid(text).has_value());
    }
}
