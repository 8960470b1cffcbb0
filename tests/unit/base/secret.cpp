#include "shared/base/secret.hpp"

#include "tests/support/catch.hpp"

#include <array>
#include <new>
#include <ostream>
#include <type_traits>

using base::Secret;

namespace {

template <class T>
concept Printable = requires(std::ostream& out, T const& value)
{
    out << value;
};

// Memory that a secret lives in, to be looked at after its death.
class Cell {
  public:
    template <class... Arguments>
    Secret& make(Arguments&&... arguments)
    {
        return *new (bytes_.data()) Secret(std::forward<Arguments>(arguments)...);
    }

    bool holds(std::string_view text) const
    {
        return std::string_view(bytes_.data(), bytes_.size()).find(text) != std::string_view::npos;
    }

  private:
    alignas(Secret) std::array<char, sizeof(Secret)> bytes_{};
};

std::string hex(base::Sha256 const& hash)
{
    std::string text;
    for (auto const byte : hash)
        for (auto const digit : {byte >> 4, byte & 0xF})
            text += "0123456789abcdef"[digit];
    return text;
}

} // namespace

TEST_CASE("SHA-256 is that of FIPS 180-4")
{
    CHECK(hex(base::sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex(base::sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a secret equals the same text and no other")
{
    Secret const secret("fb_0123456789");
    CHECK(secret.equals("fb_0123456789"));
    CHECK_FALSE(secret.equals("fb_0123456788"));
    CHECK_FALSE(secret.equals("fb_012345678"));
    CHECK_FALSE(secret.equals("fb_01234567890"));
    CHECK_FALSE(secret.equals("FB_0123456789"));
    CHECK_FALSE(secret.equals(std::string_view("fb_0123456789\0", 14)));
    CHECK_FALSE(secret.equals(""));
}

TEST_CASE("an empty secret equals nothing, not even an empty text")
{
    CHECK(Secret().empty());
    CHECK_FALSE(Secret().equals(""));
    CHECK_FALSE(Secret("").equals(""));
    CHECK_FALSE(Secret("").equals("a"));
}

TEST_CASE("a secret does not print itself and turns into a string only where that is written")
{
    STATIC_REQUIRE_FALSE(Printable<Secret>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, Secret>);
    CHECK(Secret("shown").reveal() == "shown");
}

TEST_CASE("a short secret leaves nothing behind where it was")
{
    Cell cell;
    auto& secret = cell.make("short-secret");
    REQUIRE(cell.holds("short-secret"));
    secret.~Secret();
    CHECK_FALSE(cell.holds("short-secret"));
    CHECK_FALSE(cell.holds("hort-s"));
}

TEST_CASE("a secret that was moved away leaves nothing behind either")
{
    Cell cell;
    auto& secret = cell.make("short-secret");
    auto const elsewhere = Secret(std::move(secret));
    secret.~Secret();
    CHECK(elsewhere.equals("short-secret"));
    CHECK_FALSE(cell.holds("hort-s"));
}

TEST_CASE("a secret that was replaced leaves nothing behind either")
{
    Cell cell;
    auto& secret = cell.make("short-secret");
    secret = Secret("b");
    CHECK(secret.equals("b"));
    CHECK_FALSE(cell.holds("hort-s"));
    secret.~Secret();
}

TEST_CASE("copies of a secret are secrets of their own")
{
    Secret const original("one");
    Secret copy = original;
    CHECK(copy.equals("one"));
    copy = Secret("two");
    CHECK(original.equals("one"));
    CHECK(copy.equals("two"));
}
