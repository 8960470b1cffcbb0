// Reading the command line; every mistake gets a sentence.
#include "handlers/local/activator/arguments.hpp"

#include <getopt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace activator {
namespace {

constexpr int instances_max = 64;

constexpr auto usage_text = R"(Usage: activator --run-dir DIR --bin-dir DIR [options] name...

Listens at RUN/<name>.sock and starts BIN/<name> at the first connection.

  --run-dir DIR     where the sockets are made; one activator a directory
  --bin-dir DIR     where the handlers' programs are
  --instances N     processes a handler, 1 to 64 (1)
  --log-dir DIR     append the handlers' standard error to DIR/<name>.log
  --user NAME       run as that user, and the handlers too; only root can
  --help            this text
)";

int parse_instances(std::string_view text)
{
    auto count = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{} || stop != end || count < 1 || count > instances_max)
        throw UsageError("--instances must be a whole number from 1 to " + std::to_string(instances_max));
    return count;
}

// A name becomes a file's name in two directories.
void check_name(std::string const& name)
{
    auto const is_good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_good))
        throw UsageError("\"" + name + "\" is not the name of a handler");
}

} // namespace

std::string_view usage()
{
    return usage_text;
}

Arguments parse(int count, char** values)
{
    constexpr auto options = std::array<option, 7>{{
        {"run-dir", required_argument, nullptr, 'r'},
        {"bin-dir", required_argument, nullptr, 'b'},
        {"instances", required_argument, nullptr, 'i'},
        {"log-dir", required_argument, nullptr, 'l'},
        {"user", required_argument, nullptr, 'u'},
        {"help", no_argument, nullptr, 'h'},
        {nullptr, 0, nullptr, 0},
    }};
    auto arguments = Arguments();
    auto& settings = arguments.settings;
    for (;;) {
        switch (getopt_long(count, values, "", options.data(), nullptr)) {
        case 'r':
            settings.run_dir = optarg;
            break;
        case 'b':
            settings.bin_dir = optarg;
            break;
        case 'i':
            settings.instances = parse_instances(optarg);
            break;
        case 'l':
            settings.log_dir = optarg;
            break;
        case 'u':
            arguments.user = optarg;
            break;
        case 'h':
            arguments.help = true;
            return arguments;
        case -1:
            arguments.names.assign(values + optind, values + count);
            if (settings.run_dir.empty() || settings.bin_dir.empty() || arguments.names.empty())
                throw UsageError("--run-dir, --bin-dir and at least one name are needed");
            std::for_each(arguments.names.begin(), arguments.names.end(), check_name);
            return arguments;
        default:
            throw UsageError("an option is not known or lacks its value");
        }
    }
}

} // namespace activator
