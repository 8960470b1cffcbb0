// What a hashed secret is: farebox_api.find_credential.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/secret.hpp"
#include "shared/base/uuid.hpp"
#include "shared/db/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace accounts {

struct Credential {
    std::string kind;                // of farebox.credentials
    std::optional<base::Uuid> owner; // whose it is; an API key is nobody's
    std::optional<std::string> name; // of an API key
    std::vector<std::string> scopes; // of an API key
};

// Empty where it may not be used now. Throws busy while the database does not answer.
std::optional<Credential> find_credential(db::Session& session, base::Sha256 const& hash,
                                          base::Deadline deadline);

} // namespace accounts
