#include "shared/ledger/fingerprint.hpp"

namespace ledger {

namespace {

// Each part is four bytes of length, big-endian, and its bytes; an absent part is four bytes of ones. So no
// two lists of parts have one encoding.
class Encoding {
  public:
    explicit Encoding(std::string_view name) { part(name); }

    Encoding& part(std::string_view bytes)
    {
        length(static_cast<std::uint32_t>(bytes.size()));
        bytes_.append(bytes);
        return *this;
    }

    Encoding& part(std::int64_t number) { return part(std::to_string(number)); }

    template <class T>
    Encoding& part(std::optional<T> const& value)
    {
        if (value) return part(*value);
        length(0xffff'ffff);
        return *this;
    }

    base::Sha256 digest() const { return base::sha256(bytes_); }

  private:
    void length(std::uint32_t value)
    {
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes_.push_back(static_cast<char>(value >> shift & 0xff));
    }

    std::string bytes_;
};

} // namespace

base::Sha256 fingerprint(Spend const& spend)
{
    return Encoding("spend/1")
        .part(spend.amount)
        .part(spend.description)
        .part(spend.fingerprint_metadata)
        .digest();
}

base::Sha256 fingerprint(Grant const& grant)
{
    return Encoding("grant/1")
        .part(grant.amount)
        .part(grant.grant_class)
        .part(grant.priority)
        .part(grant.expires_at_us)
        .part(grant.description)
        .part(grant.fingerprint_metadata)
        .digest();
}

base::Sha256 fingerprint(Reverse const& entry)
{
    return Encoding("reverse/1")
        .part(base::to_string(entry.of))
        .part(entry.amount)
        .part(entry.description)
        .digest();
}

base::Sha256 fingerprint(PlaceHold const& hold)
{
    return Encoding("hold/1")
        .part(hold.amount)
        .part(hold.ttl_ms)
        .part(hold.description)
        .part(hold.fingerprint_metadata)
        .part(hold.on_lapse)
        .part(hold.lapse_amount)
        .digest();
}

base::Sha256 fingerprint(NewUser const& user)
{
    return Encoding("create_user/1")
        .part(user.number)
        .part(user.phone)
        .part(user.email)
        .part(user.tokens)
        .digest();
}

} // namespace ledger
