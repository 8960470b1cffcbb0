// Access tokens that the stand-in for Supabase Auth could have made.
#pragma once

#include "shared/auth/jws.hpp"
#include "tests/support/accounts.hpp"
#include "tests/support/client.hpp"
#include "tests/support/target.hpp"
#include "tests/unit/auth/mint.hpp"

#include <openssl/pem.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace support {

// A token as the stand-in for Supabase Auth signs it, with whatever claims and header.
class Signer {
  public:
    Signer()
    {
        auto const path = target().directory + "/secrets/local_auth.pem";
        auto const file =
            std::unique_ptr<std::FILE, int (*)(std::FILE*)>(std::fopen(path.c_str(), "r"), std::fclose);
        if (!file) throw std::runtime_error("no " + path);
        auto* const key = PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr);
        key_.emplace(mint::Key::of(published("kid"), "ES256", key));
    }

    mint::Key const& key() const { return *key_; }

    static mint::Object claims(std::string const& user, std::string const& session = mint::session_id)
    {
        return mint::user_claims(std::time(nullptr))
            .with("iss", mint::in_quotes(target().url + "/auth/v1"))
            .with("sub", mint::in_quotes(user))
            .with("session_id", mint::in_quotes(session));
    }

  private:
    static std::string published(std::string_view member)
    {
        return get("/auth/v1/.well-known/jwks.json", anonymously())["keys"][std::size_t{0}][member].text();
    }

    std::optional<mint::Key> key_;
};

inline std::string session_of(Person const& person)
{
    return Json(auth::parse_jws(person.access_token).payload)["session_id"].text();
}

} // namespace support
