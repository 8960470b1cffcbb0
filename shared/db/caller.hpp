// Who calls, as every function of farebox_api is told: a kind, and 32 bytes that prove it. There is no caller by default:
// a request without one does not compile, and the database raises where one is missing.
#pragma once

#include "shared/base/secret.hpp"
#include "shared/base/uuid.hpp"

#include <algorithm>
#include <string_view>

namespace db {

struct Caller {
    // `kind` is a literal: one of those that farebox.caller_refusal knows.
    Caller(std::string_view of_kind, base::Sha256 const& proved_by) : kind(of_kind), proof(proved_by) {}

    std::string_view kind;
    base::Sha256 proof; // the SHA-256 of a secret; of a user's session both_ids()
};

// What an access token says: the ids of the session and of its user.
inline base::Sha256 both_ids(base::Uuid const& session, base::Uuid const& user)
{
    auto proof = base::Sha256();
    std::copy(session.bytes.begin(), session.bytes.end(), proof.begin());
    std::copy(user.bytes.begin(), user.bytes.end(), proof.begin() + session.bytes.size());
    return proof;
}

} // namespace db
