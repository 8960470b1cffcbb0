#include "handlers/local/supabase_auth/desk.hpp"

namespace local_auth {
namespace {

Desk open_desk()
{
    auto settings = config::load_local_auth();
    auto signer = Signer(settings.key_file);
    auto const conninfo = settings.database_url;
    return {.settings = std::move(settings), .signer = std::move(signer), .store = Store(conninfo)};
}

} // namespace

Desk& desk()
{
    static Desk the_desk = open_desk();
    return the_desk;
}

} // namespace local_auth
