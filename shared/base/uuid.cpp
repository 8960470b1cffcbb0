// UUIDs. Version 7 as RFC 9562 lays it out: 48 bits of milliseconds, version, 12 random bits, variant, 62
// random bits.
#include "shared/base/uuid.hpp"

#include "shared/base/clock.hpp"
#include "shared/base/failure.hpp"

#include <sys/random.h>

#include <cerrno>
#include <mutex>

namespace base {
namespace {

constexpr std::uint64_t low_mask = (std::uint64_t{1} << 62) - 1;
constexpr std::string_view hex_digits = "0123456789abcdef";

// The 122 bits that carry something: milliseconds and 12 random bits, then 62 random bits.
struct Bits {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    auto operator<=>(Bits const&) const = default;
};

struct Random {
    std::uint64_t high;
    std::uint64_t low;
};

Random random_bits()
{
    auto random = Random{};
    ssize_t got = -1;
    do
        got = ::getrandom(&random, sizeof random, 0);
    while (got < 0 && errno == EINTR);
    if (got != static_cast<ssize_t>(sizeof random)) throw Failure(Error::internal, "getrandom failed");
    return random;
}

// Fresh bits in a new millisecond. Within one, or when the clock stepped back, the last id plus a random step
// of up to 2^32 (RFC 9562, 6.2, method 2): always greater, still not to be guessed, and far enough that ids stay different
// when a slot takes the place of their low 10 bits. A carry runs on into the milliseconds, which then are ahead of the
// clock for a moment.
Bits next_bits(Random const& random)
{
    static auto mutex = std::mutex();
    static auto last = Bits();

    auto const fresh = Bits{.high = static_cast<std::uint64_t>(now_us() / 1000) << 12 | (random.high & 0xFFF),
                            .low = random.low & low_mask};
    auto const lock = std::lock_guard(mutex);
    if (fresh.high >> 12 > last.high >> 12) return last = fresh;
    last.low += slots + (random.low & 0xFFFF'FFFF);
    if (last.low > low_mask) ++last.high;
    last.low &= low_mask;
    return last;
}

void put_big_endian(std::uint8_t* bytes, std::uint64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        *bytes++ = static_cast<std::uint8_t>(value >> shift);
}

// 0..15, or -1.
int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

bool is_hyphen_place(std::size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

} // namespace

Uuid uuid_v7()
{
    auto const bits = next_bits(random_bits());
    auto id = Uuid();
    put_big_endian(id.bytes.data(), (bits.high & ~std::uint64_t{0xFFF}) << 4 | 0x7000 | (bits.high & 0xFFF));
    put_big_endian(id.bytes.data() + 8, std::uint64_t{0b10} << 62 | bits.low);
    return id;
}

int slot_of(Uuid const& id)
{
    return (id.bytes[14] & 3) << 8 | id.bytes[15];
}

Uuid uuid_v7(int slot)
{
    auto id = uuid_v7();
    id.bytes[14] = static_cast<std::uint8_t>((id.bytes[14] & 0xFC) | (slot >> 8 & 3));
    id.bytes[15] = static_cast<std::uint8_t>(slot & 0xFF);
    return id;
}

std::optional<Uuid> parse_uuid(std::string_view text)
{
    if (text.size() != 36) return std::nullopt;
    auto id = Uuid();
    auto digits = std::size_t{0};
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (is_hyphen_place(at)) {
            if (text[at] != '-') return std::nullopt;
            continue;
        }
        auto const value = hex_value(text[at]);
        if (value < 0) return std::nullopt;
        auto& byte = id.bytes[digits++ / 2];
        byte = static_cast<std::uint8_t>(byte << 4 | value);
    }
    return id;
}

std::string to_string(Uuid const& id)
{
    auto text = std::string();
    text.reserve(36);
    for (auto const byte : id.bytes) {
        if (is_hyphen_place(text.size())) text += '-';
        text += hex_digits[byte >> 4];
        text += hex_digits[byte & 0xF];
    }
    return text;
}

} // namespace base
