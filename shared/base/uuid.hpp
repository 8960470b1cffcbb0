// UUIDs as 16 bytes: entry ids are version 7 (RFC 9562, 5.7), made by the handler before the first send so
// that a resend carries the same id.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};
    auto operator<=>(Uuid const&) const = default;
};

// Time-ordered, 74 random bits from getrandom(2); ids of one process only grow, whatever its threads and the
// wall clock do. Throws Failure internal when the kernel gives no random bits.
Uuid uuid_v7();

// The low 10 bits of a wallet's id: which of 1024 parts it lies in (farebox.slot_of). What belongs to a wallet (entries,
// holds, its user's number) has the same low bits, so that whatever a client names tells where to look.
inline constexpr std::int64_t slots = 1024;
int slot_of(Uuid const& id);

// As uuid_v7(), with the low 10 bits of this slot. 64 bits stay random; two ids of one process differ in them.
Uuid uuid_v7(int slot);

// The canonical 8-4-4-4-12 form, either case; anything else is empty.
std::optional<Uuid> parse_uuid(std::string_view text);

// Lower case, with hyphens.
std::string to_string(Uuid const& id);

} // namespace base
