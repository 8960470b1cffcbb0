#include "handlers/local/activator/user.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace activator {
namespace {

void expect(bool done, std::string const& what)
{
    if (!done) throw std::runtime_error(what + ": " + std::strerror(errno));
}

} // namespace

server::Descriptor become_user(std::string const& name, Settings& settings)
{
    auto const* const user = getpwnam(name.c_str());
    if (user == nullptr) throw std::runtime_error("there is no user " + name);

    expect(chdir(settings.bin_dir.c_str()) == 0, settings.bin_dir.string());
    settings.bin_dir = ".";
    auto logs = server::Descriptor();
    if (settings.log_dir) {
        logs = server::Descriptor(open(settings.log_dir->c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        expect(logs.open(), settings.log_dir->string());
        settings.log_dir = "/proc/self/fd/" + std::to_string(logs.number());
    }

    expect(setgroups(0, nullptr) == 0 && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0,
           "becoming the user " + name);
    return logs;
}

} // namespace activator
