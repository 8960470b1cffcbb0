// Who is calling: a closed set of kinds. Whoever tells kinds apart does so one by one, without a default (by_kind), so that a
// new kind breaks the build until access, proof and such handlers have said what it may do.
//
// None of this is a right by itself. Each kind has a proof, which every function of farebox_api is given and judges under the
// wallet's lock (farebox.caller_refusal); what is known here only decides sooner, and in better words.
#pragma once

#include "shared/auth/claims.hpp"
#include "shared/base/secret.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/caller.hpp"

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace auth {

enum class Scope : unsigned {
#define SCOPE(name) name,
#include "shared/auth/scopes.def"
#undef SCOPE
};

std::optional<Scope> parse_scope(std::string_view name);
std::string_view name(Scope scope);

class Scopes {
  public:
    constexpr void add(Scope scope) { bits_ |= bit(scope); }
    constexpr bool has(Scope scope) const { return (bits_ & bit(scope)) != 0; }

  private:
    static constexpr unsigned bit(Scope scope) { return 1U << static_cast<unsigned>(scope); }
    unsigned bits_ = 0;
};

// Another server. The keys of the environment are rows like all others.
struct ApiKey {
    std::string name;
    Scopes scopes;
    base::Sha256 hash;
};

// A person with an access token, who may do what is theirs.
struct User {
    UserToken token;
};

// Somebody who runs this farebox, and acts as such: a user listed in farebox.admins, or an admin session.
struct Operator {
    std::string name; // "user:<uuid>" or "admin:<id>"
    db::Caller proof;
};

struct Device {
    base::Uuid id;
    base::Sha256 hash{};
};

// A user's program that calls models.
struct BillingKey {
    base::Uuid user;
    base::Sha256 hash{};
};

// What a payment provider's secret proves.
struct Provider {
    std::string name;
    base::Sha256 hash{};
};

// What a function of the database gave, to continue what it began.
struct Ticket {
    base::Sha256 hash{};
};

using Caller = std::variant<ApiKey, User, Operator, Device, BillingKey, Provider, Ticket>;

// As the database is told.
db::Caller proven(Caller const& caller);

// For the log: "key:<name>", "user:<uuid>" ...; never a credential.
std::string name_of(Caller const& caller);

// The same person, acting as an operator; the database decides whether they are one.
Operator as_operator(User const& user);

namespace detail {

// What a case that always throws gives back.
struct Never {
    template <class T>
    operator T() const // NOLINT(google-explicit-constructor): it stands for any answer, and never does
    {
        std::abort();
    }
};

[[noreturn]] void refuse();

template <class Kind>
struct RefusesOne {
    Never operator()(Kind const&) const { refuse(); }
};

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

} // namespace detail

// The case of kinds that an endpoint does not let in: 403.
template <class... Kinds>
struct Refuses : detail::RefusesOne<Kinds>... {
    using detail::RefusesOne<Kinds>::operator()...;
};

// What the case of the caller's kind answers. Every kind needs one: no generic case, or a new kind would pass unseen.
template <class Answer, class... Cases>
Answer by_kind(Caller const& caller, Cases... cases)
{
    return std::visit<Answer>(detail::Overloaded<Cases...>{std::move(cases)...}, caller);
}

} // namespace auth
