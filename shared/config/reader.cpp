#include "shared/config/reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace config {
namespace {

constexpr std::size_t secret_bytes_max = 16UL * 1024;

bool fits_a_header(std::string_view key)
{
    return std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

} // namespace

base::Secret Reader::secret(std::string const& name)
{
    auto from_environment = variable(name);
    auto from_file = credential(name);
    if (from_environment && from_file)
        fault(name + " is given both in the environment and in CREDENTIALS_DIRECTORY");
    if (from_file) return base::Secret(std::move(*from_file));
    return base::Secret(from_environment.value_or(""));
}

base::Secret Reader::header_secret(std::string const& name)
{
    auto key = secret(name);
    if (!fits_a_header(key.reveal())) fault(name + " must be printable ASCII without spaces");
    return key;
}

int Reader::integer(std::string const& name, int otherwise, int min, int max)
{
    auto const text = variable(name);
    if (!text) return otherwise;
    auto value = 0;
    auto const* const end = text->data() + text->size();
    auto const [stop, error] = std::from_chars(text->data(), end, value);
    if (error != std::errc{} || stop != end || value < min || value > max) {
        fault(name + " must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
        return otherwise;
    }
    return value;
}

bool Reader::needs(std::string const& name) const
{
    auto const known = std::find_if(variables_.begin(), variables_.end(),
                                    [&](Variable const& one) { return one.name == name; });
    return known != variables_.end() && (known->unless.empty() || !is_set(known->unless));
}

bool Reader::is_set(std::string const& name) const
{
    return variable(name) || credential_file(name);
}

std::optional<std::string> Reader::variable(std::string const& name) const
{
    if (!needs(name)) return std::nullopt;
    auto const* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
}

void Reader::done() const
{
    if (faults_.empty()) return;
    auto all = std::string("configuration: ");
    for (auto const& fault : faults_)
        all += (&fault == &faults_.front() ? "" : "; ") + fault;
    throw std::runtime_error(all);
}

std::optional<std::filesystem::path> Reader::credential_file(std::string const& name) const
{
    auto const directory = variable("CREDENTIALS_DIRECTORY");
    if (!directory || !needs(name)) return std::nullopt;
    auto path = std::filesystem::path(*directory) / name;
    auto ignored = std::error_code();
    if (!std::filesystem::exists(path, ignored)) return std::nullopt;
    return path;
}

// systemd's LoadCredential= leaves one file a name. A trailing newline is the editor's, not the secret's.
std::optional<std::string> Reader::credential(std::string const& name)
{
    auto const path = credential_file(name);
    if (!path) return std::nullopt;

    auto file = std::ifstream(*path, std::ios::binary);
    auto text = std::string(secret_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || !file.eof()) {
        fault("the credential file of " + name + " cannot be read or is too large");
        return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    if (text.empty()) return std::nullopt;
    return text;
}

} // namespace config
