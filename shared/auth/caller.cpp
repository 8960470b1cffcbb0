#include "shared/auth/caller.hpp"

#include "shared/base/failure.hpp"

#include <algorithm>
#include <array>

namespace auth {

namespace {

constexpr std::array scopes{
#define SCOPE(name) std::pair<std::string_view, Scope>{#name, Scope::name},
#include "shared/auth/scopes.def"
#undef SCOPE
};

} // namespace

std::optional<Scope> parse_scope(std::string_view name)
{
    auto const* const row =
        std::find_if(scopes.begin(), scopes.end(), [&](auto const& s) { return s.first == name; });
    return row == scopes.end() ? std::nullopt : std::optional(row->second);
}

std::string_view name(Scope scope)
{
    return scopes.at(static_cast<std::size_t>(scope)).first;
}

db::Caller proven(Caller const& caller)
{
    return by_kind<db::Caller>(
        caller, [](ApiKey const& key) { return db::Caller("api_key", key.hash); },
        [](User const& user) {
            return db::Caller("user", db::both_ids(user.token.session, user.token.user));
        },
        [](Operator const& someone) { return someone.proof; },
        [](Device const& device) { return db::Caller("device", device.hash); },
        [](BillingKey const& key) { return db::Caller("billing_key", key.hash); },
        [](Provider const& provider) { return db::Caller("provider", provider.hash); },
        [](Ticket const& ticket) { return db::Caller("ticket", ticket.hash); });
}

std::string name_of(Caller const& caller)
{
    return by_kind<std::string>(
        caller, [](ApiKey const& key) { return "key:" + key.name; },
        [](User const& user) { return "user:" + base::to_string(user.token.user); },
        [](Operator const& someone) { return someone.name; },
        [](Device const& device) { return "device:" + base::to_string(device.id); },
        [](BillingKey const& key) { return "billing_key:" + base::to_string(key.user); },
        [](Provider const& provider) { return "provider:" + provider.name; },
        [](Ticket const&) { return std::string("ticket"); });
}

Operator as_operator(User const& user)
{
    return {.name = name_of(user),
            .proof = db::Caller("operator", db::both_ids(user.token.session, user.token.user))};
}

void detail::refuse()
{
    throw base::Failure(base::Error::forbidden, "the endpoint admits no such caller");
}

} // namespace auth
