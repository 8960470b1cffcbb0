#include "shared/db/conninfo.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string_view>

namespace db {

namespace {

struct Keyword {
    char const* name;
    char const* value;
};

constexpr std::array defaults{
    Keyword{"client_encoding", "UTF8"}, // what PGCLIENTENCODING says must not touch descriptions and metadata
    Keyword{"gssencmode", "disable"},   // saves a round trip that no server of ours would use
    Keyword{"keepalives_idle", "10"},   Keyword{"keepalives_interval", "5"},
    Keyword{"keepalives_count", "3"},   Keyword{"tcp_user_timeout", "25000"},
};

bool is_sqlstate(std::string_view text)
{
    return text.size() == 5 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return std::isdigit(c) != 0 || (c >= 'A' && c <= 'Z');
           });
}

// The text after the last "failed: ", up to the end of its line: libpq puts host, port and socket before it.
std::string_view after_failed(std::string_view message)
{
    constexpr std::string_view mark = " failed: ";
    auto const at = message.rfind(mark);
    if (at == std::string_view::npos) return {};
    auto const rest = message.substr(at + mark.size());
    return rest.substr(0, rest.find('\n'));
}

} // namespace

pg_conn* start_connect(base::Secret const& conninfo, std::string const& application_name)
{
    auto const options = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>(
        PQconninfoParse(conninfo.reveal().c_str(), nullptr), PQconninfoFree);
    if (options == nullptr) return nullptr;

    // The later of two equal keywords wins, and libpq skips those without a value.
    auto names = std::vector<char const*>{"fallback_application_name"};
    auto values = std::vector<char const*>{application_name.c_str()};
    for (auto const& [name, value] : defaults) {
        names.push_back(name);
        values.push_back(value);
    }
    for (auto const* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        names.push_back(option->keyword);
        values.push_back(option->val);
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectStartParams(names.data(), values.data(), 0);
}

std::string connect_sqlstate(std::string const& message)
{
    auto const text = after_failed(message);
    if (text.size() < 5 + 3 || text.substr(text.size() - 8, 3) != ":  ") return {};
    auto const state = text.substr(text.size() - 5);
    return is_sqlstate(state) ? std::string(state) : std::string();
}

std::string connect_reason(std::string const& message)
{
    if (message.starts_with("could not translate host name")) return "the host name could not be resolved";
    auto const text = after_failed(message);
    return text.empty() ? "the connection could not be made" : std::string(text);
}

} // namespace db
