#include "handlers/local/supabase_auth/context.hpp"

namespace local_auth {
namespace {

Context open_context()
{
    auto settings = config::load_local_auth();
    auto signer = Signer(settings.signing_key);
    auto const conninfo = settings.database_url;
    return {.settings = std::move(settings), .signer = std::move(signer), .store = Store(conninfo)};
}

} // namespace

Context& context()
{
    static auto the_context = open_context();
    return the_context;
}

} // namespace local_auth
