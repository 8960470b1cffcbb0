#include "tests/support/keys.hpp"

#include "tests/support/database.hpp"
#include "tests/support/process.hpp"
#include "tests/support/target.hpp"
#include "tests/support/wallet.hpp"

#include <regex>
#include <stdexcept>
#include <vector>

namespace support {
namespace {

std::string key_script(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), source_directory() + "/scripts/key");
    auto const ended = run(arguments, {{"ADMIN_DATABASE_URL", target().database_url}});
    if (ended.exit_code != 0) throw std::runtime_error("scripts/key failed: " + ended.output);
    return ended.output;
}

} // namespace

ApiKey an_api_key(std::string_view scopes)
{
    auto const name = a_key();
    auto const output = key_script({"create", "--name", name, "--scopes", std::string(scopes)});
    auto found = std::smatch();
    if (!std::regex_search(output, found, std::regex("fb_[A-Za-z0-9_-]{43}"))) {
        throw std::runtime_error("scripts/key create shows no key");
    }
    return {.name = name, .secret = found.str()};
}

void ApiKey::revoke() const
{
    key_script({"revoke", name});
}

void ApiKey::expire() const
{
    database().rows("update farebox.credentials set expires_at = now() - interval '1 second' where name = $1",
                    {name});
}

} // namespace support
