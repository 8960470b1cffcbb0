// One variable at a time, with every fault collected: the part of load() that touches the environment. What is
// not among the needs is not read, as if it were not set.
#pragma once

#include "shared/base/secret.hpp"
#include "shared/config/needs.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace config {

class Reader {
  public:
    explicit Reader(Needs const& needs) : variables_(variables(needs)) {}

    // From the environment or from the file of that name in CREDENTIALS_DIRECTORY; empty when in neither.
    base::Secret secret(std::string const& name);

    // A secret that travels in a header: printable ASCII without spaces.
    base::Secret header_secret(std::string const& name);

    int integer(std::string const& name, int otherwise, int min, int max);

    // Set but empty counts as not set: an env file with "NAME=" means the default.
    std::optional<std::string> variable(std::string const& name) const;

    // `sentence` names the variable and never holds its value.
    void fault(std::string sentence) { faults_.push_back(std::move(sentence)); }

    // Throws std::runtime_error with every fault so far; nothing when there are none.
    void done() const;

  private:
    bool needs(std::string const& name) const;
    bool is_set(std::string const& name) const;
    std::optional<std::filesystem::path> credential_file(std::string const& name) const;
    std::optional<std::string> credential(std::string const& name);

    std::vector<Variable> variables_;
    std::vector<std::string> faults_;
};

} // namespace config
