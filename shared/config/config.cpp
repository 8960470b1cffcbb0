// Reads the environment once and judges all of it before anything starts: a person who sets a service up sees
// every fault in one go, by name. No message holds a value, since a value may be a secret in the wrong place.

#include "shared/config/config.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

namespace config {
namespace {

constexpr std::size_t production_key_chars_min = 32;
constexpr std::size_t secret_bytes_max = 16UL * 1024;

class Reader {
  public:
    base::Secret secret(std::string const& name)
    {
        auto from_environment = variable(name);
        auto from_file = credential(name);
        if (from_environment && from_file)
            fault(name + " is given both in the environment and in CREDENTIALS_DIRECTORY");
        if (from_file) return base::Secret(std::move(*from_file));
        return base::Secret(from_environment.value_or(""));
    }

    int integer(std::string const& name, int otherwise, int min, int max)
    {
        auto const text = variable(name);
        if (!text) return otherwise;
        auto value = 0;
        auto const* const end = text->data() + text->size();
        auto const [stop, error] = std::from_chars(text->data(), end, value);
        if (error != std::errc{} || stop != end || value < min || value > max) {
            fault(name + " must be a whole number from " + std::to_string(min) + " to " +
                  std::to_string(max));
            return otherwise;
        }
        return value;
    }

    // Set but empty counts as not set: an env file with "NAME=" means the default.
    std::optional<std::string> variable(std::string const& name)
    {
        auto const* const value = std::getenv(name.c_str());
        if (value == nullptr || *value == '\0') return std::nullopt;
        return std::string(value);
    }

    void fault(std::string sentence) { faults_.push_back(std::move(sentence)); }

    void done() const
    {
        if (faults_.empty()) return;
        auto all = std::string("configuration: ");
        for (auto const& fault : faults_)
            all += (&fault == &faults_.front() ? "" : "; ") + fault;
        throw std::runtime_error(all);
    }

  private:
    // systemd's LoadCredential= leaves one file a name. A trailing newline is the editor's, not the secret's.
    std::optional<std::string> credential(std::string const& name)
    {
        auto const directory = variable("CREDENTIALS_DIRECTORY");
        if (!directory) return std::nullopt;
        auto const path = std::filesystem::path(*directory) / name;
        auto ignored = std::error_code();
        if (!std::filesystem::exists(path, ignored)) return std::nullopt;

        auto file = std::ifstream(path, std::ios::binary);
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

    std::vector<std::string> faults_;
};

// What can travel in an Authorization header without being changed on its way.
bool fits_a_header(std::string_view key)
{
    return std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

base::Secret service_key(Reader& reader, std::string const& name, bool production)
{
    auto key = reader.secret(name);
    if (!fits_a_header(key.reveal())) reader.fault(name + " must be printable ASCII without spaces");
    if (production && !key.empty() && key.reveal().size() < production_key_chars_min)
        reader.fault(name + " is too short for production: at least " +
                     std::to_string(production_key_chars_min) + " characters");
    return key;
}

} // namespace

Config load()
{
    auto reader = Reader();
    auto config = Config();

    config.environment = reader.variable("FAREBOX_ENV").value_or(config.environment);
    if (config.environment != "development" && config.environment != "production")
        reader.fault("FAREBOX_ENV must be development or production");
    auto const production = config.environment == "production";

    config.database_url = reader.secret("DATABASE_URL");
    if (config.database_url.empty()) reader.fault("DATABASE_URL is missing");
    config.api_secret_key = service_key(reader, "API_SECRET_KEY", production);
    config.internal_api_key = service_key(reader, "INTERNAL_API_KEY", production);

    config.workers = reader.integer("FAREBOX_WORKERS", config.workers, 1, 1024);
    config.request_timeout_ms = reader.integer("REQUEST_TIMEOUT_MS", config.request_timeout_ms, 500, 30'000);
    config.io_timeout_ms = reader.integer("IO_TIMEOUT_MS", config.io_timeout_ms, 100, 60'000);
    config.idle_exit_s = reader.integer("IDLE_EXIT_SECONDS", config.idle_exit_s, 0, 86'400);

    reader.done();
    return config;
}

} // namespace config
