#include "shared/accounts/credentials.hpp"

namespace accounts {

std::optional<Credential> find_credential(db::Session& session, base::Sha256 const& hash,
                                          base::Deadline deadline)
{
    return session.read(deadline, [&](db::Connection& connection, auto until) -> std::optional<Credential> {
        auto const rows = connection.all("farebox_api.find_credential", db::Params{}.bytea(hash), until);
        if (rows.size() == 0) return std::nullopt;
        return Credential{.kind = rows[0].text("kind"),
                          .owner = rows[0].optional_uuid("owner"),
                          .name = rows[0].optional_text("name"),
                          .scopes = rows[0].text_array("scopes")};
    });
}

} // namespace accounts
