// Who is calling, once a credential has been recognised.
#pragma once

#include "shared/auth/claims.hpp"
#include "shared/base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace auth {

// What an API key may do; README lists what each endpoint needs.
enum class Scope : unsigned { read = 1, spend = 2, hold = 4, grant = 8, users = 16 };

std::optional<Scope> parse_scope(std::string_view name);
std::string_view name(Scope scope);

class Scopes {
  public:
    constexpr Scopes() = default;
    static constexpr Scopes all() { return Scopes(31); }
    constexpr void add(Scope scope) { bits_ |= static_cast<unsigned>(scope); }
    constexpr bool has(Scope scope) const { return (bits_ & static_cast<unsigned>(scope)) != 0; }

  private:
    constexpr explicit Scopes(unsigned bits) : bits_(bits) {}
    unsigned bits_ = 0;
};

struct Caller {
    // For the log: "key:<name>", "env:API_SECRET_KEY" or "user:<uuid>"; never the credential.
    std::string name;
    Scopes scopes;                       // of a key; a user has none
    std::optional<base::Sha256> api_key; // set for a key of our table: every SQL call checks it again
    std::optional<UserToken> user = {};  // set for a person: every move of money checks the session
};

} // namespace auth
