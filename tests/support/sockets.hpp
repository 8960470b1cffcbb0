// Unix sockets, and writing all of something to one.
#pragma once

#include "shared/server/descriptor.hpp"

#include <sys/un.h>

#include <filesystem>
#include <string_view>
#include <utility>

namespace support {

using server::Descriptor;

// Each throws std::runtime_error when it cannot.
sockaddr_un unix_address(std::filesystem::path const& path);
Descriptor listen_at(std::filesystem::path const& path, int backlog = 511);
Descriptor connect_to(std::filesystem::path const& path);
std::pair<Descriptor, Descriptor> socket_pair();

// Writes everything; false when the peer is gone.
bool send_all(int connection, std::string_view bytes);

} // namespace support
