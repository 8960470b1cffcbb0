#include "shared/auth/tokens.hpp"

#include "shared/base/failure.hpp"

#include <utility>

namespace auth {
namespace {

constexpr std::string_view hs256 = "HS256";

[[noreturn]] void refuse(char const* why)
{
    throw base::Failure(base::Error::unauthorized, why);
}

bool is_asymmetric(std::string_view algorithm)
{
    return algorithm == name(Algorithm::es256) || algorithm == name(Algorithm::rs256) ||
           algorithm == name(Algorithm::eddsa);
}

void judge_signature(SigningKey const& key, Jws const& jws)
{
    // Not a reason to try another key: whoever signed it knew which one it was.
    if (name(key.algorithm()) != jws.algorithm) refuse("the token's algorithm is not its key's");
    if (!key.verify(jws.signed_text, jws.signature)) refuse("the token's signature is not its key's");
}

} // namespace

Tokens::Tokens(Options options, Jwks::Fetch fetch, Stands stands, Questions::Ask ask)
    : options_(std::move(options)), jwks_(std::move(fetch), options_.jwks_cache, options_.clock),
      stands_(std::move(stands)), questions_(std::move(ask), options_.waiting_max, options_.clock)
{
}

UserToken Tokens::verify(std::string_view token, std::string_view client, base::Deadline deadline)
{
    auto const jws = parse_jws(token);
    if (jws.algorithm == hs256) {
        if (options_.secret.empty()) return asked(token, jws, client, deadline);
        if (!verify_hs256(options_.secret, jws.signed_text, jws.signature))
            refuse("the token's signature is not the secret's");
    } else {
        if (!is_asymmetric(jws.algorithm)) refuse("the token's algorithm is not accepted");
        if (!jws.key_id) refuse("the token names no key");
        auto const keys = jwks_.keys(jws.key_id, deadline);
        auto const* const key = keys->find(*jws.key_id);
        // Made up, or younger than the keys, which are not fetched again at once.
        if (key == nullptr) return asked(token, jws, client, deadline);
        judge_signature(*key, jws);
    }
    return read_claims(jws.payload, options_.issuers, options_.clock());
}

UserToken Tokens::asked(std::string_view token, Jws const& jws, std::string_view client,
                        base::Deadline deadline)
{
    auto user = read_claims(jws.payload, options_.issuers, options_.clock());
    auto owner = questions_.remembered(token);
    if (!owner) {
        if (!stands_(user, deadline)) refuse("the token's session does not stand");
        owner = questions_.whose(token, client, deadline);
    }
    if (owner != user.user) refuse("Supabase Auth refuses the token");
    return user;
}

} // namespace auth
