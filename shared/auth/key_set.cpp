#include "shared/auth/key_set.hpp"

#include "shared/base/failure.hpp"
#include "shared/json/value.hpp"

#include <algorithm>
#include <utility>

namespace auth {
namespace {

std::optional<json::Value> read(std::string_view text)
{
    try {
        return json::parse(text);
    } catch (base::Failure const&) {
        return std::nullopt;
    }
}

} // namespace

std::optional<KeySet> KeySet::parse(std::string_view text)
{
    if (text.size() > jwks_bytes_max) return std::nullopt;
    auto const document = read(text);
    auto const* const keys = document ? document->find("keys") : nullptr;
    if (keys == nullptr || keys->kind != json::Kind::array) return std::nullopt;

    auto set = KeySet();
    for (auto const& jwk : keys->items) {
        auto key = SigningKey::from_jwk(jwk);
        if (key && set.find(key->id()) == nullptr) set.keys_.push_back(*std::move(key));
    }
    return set;
}

SigningKey const* KeySet::find(std::string_view id) const
{
    auto const key = std::find_if(keys_.begin(), keys_.end(),
                                  [&](SigningKey const& candidate) { return candidate.id() == id; });
    return key == keys_.end() ? nullptr : &*key;
}

} // namespace auth
