#include "tests/support/cgi.hpp"

#include "tests/support/target.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace support {
namespace {

// The request's body, for the program's standard input; gone with the call.
class BodyFile {
  public:
    explicit BodyFile(std::string_view body)
    {
        auto name = (std::filesystem::temp_directory_path() / "farebox.XXXXXX").string();
        auto const file = mkstemp(name.data());
        if (file < 0) throw std::runtime_error("no temporary file");
        ::close(file);
        path_ = name;
        std::ofstream(path_, std::ios::binary) << body;
    }
    ~BodyFile()
    {
        auto ignored = std::error_code();
        std::filesystem::remove(path_, ignored);
    }
    BodyFile(BodyFile const&) = delete;
    BodyFile& operator=(BodyFile const&) = delete;
    std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

std::string variable_of(std::string_view header)
{
    auto name = "HTTP_" + std::string(header);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) {
        return letter == '-' ? '_' : static_cast<char>(std::toupper(letter));
    });
    return name;
}

Reply reply_of(std::string const& output)
{
    auto reply = Reply();
    auto const end = output.find("\r\n\r\n");
    if (end == std::string::npos) {
        reply.body = "no answer: " + output;
        return reply;
    }
    reply.body = output.substr(end + 4);
    for (std::size_t at = 0; at < end;) {
        auto const next = std::min(output.find("\r\n", at), end);
        auto const line = output.substr(at, next - at);
        auto const colon = line.find(": ");
        auto name = line.substr(0, colon);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
        if (name == "status")
            reply.status = std::stoi(line.substr(colon + 2));
        else
            reply.headers.emplace_back(name, line.substr(colon + 2));
        at = next + 2;
    }
    return reply;
}

} // namespace

Reply cgi(std::string const& handler, std::string_view method, std::string const& path, std::string_view body,
          Headers const& headers, Variables environment)
{
    auto const file = BodyFile(body);
    auto const unset =
        Variables{{"SUPABASE_URL", ""},     {"SUPABASE_PUBLISHABLE_KEY", ""}, {"SUPABASE_SECRET_KEY", ""},
                  {"SUPABASE_ISSUERS", ""}, {"SUPABASE_JWT_SECRET", ""},      {"JWKS_CACHE", ""}};
    for (auto const& variable : unset)
        if (std::none_of(environment.begin(), environment.end(),
                         [&](auto const& set) { return set.first == variable.first; }))
            environment.push_back(variable);
    environment.insert(environment.end(), {{"DATABASE_URL", target().database_url},
                                           {"REQUEST_METHOD", std::string(method)},
                                           {"REQUEST_URI", path},
                                           {"CONTENT_LENGTH", std::to_string(body.size())},
                                           {"REMOTE_ADDR", "203.0.113.7"},
                                           {"GATEWAY_INTERFACE", "CGI/1.1"}});
    for (auto const& [name, value] : headers)
        environment.emplace_back(variable_of(name), value);

    auto const start = std::chrono::steady_clock::now();
    // The log goes to standard error; the answer alone is read.
    auto const ended =
        run({"/bin/sh", "-c", R"(exec "$0" <"$1" 2>/dev/null)", bin_directory() + "/" + handler, file.path()},
            environment);
    auto reply = reply_of(ended.output);
    reply.elapsed_ms = static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start)
            .count());
    return reply;
}

} // namespace support
