// What has arrived of a FastCGI request, judged from its bytes alone.
//
// libfcgi believes the lengths it is told: a pair of 2 GiB ends the process (what is left of CVE-2025-23016),
// parameters that stop between two pairs are delivered as whole, and it reads without a time limit. So
// nothing reaches it before it was found here that the request has come, that every length in it is true, and
// that nothing but this one request is there.
#pragma once

#include "shared/server/accept_loop.hpp"

#include <cstddef>
#include <span>

namespace server {

// RFC 3875 variables of one request; nginx sends no more in one block either.
inline constexpr std::size_t variables_bytes_max = 65'535;

// A body of which this much is there is read as it comes: a socket does not hold much more unread.
inline constexpr std::size_t body_bytes_awaited_max = 65'536;

// With room for the records' headers, however small the records of an honest peer are.
inline constexpr std::size_t request_bytes_looked_at = std::size_t{160} * 1024;

// `bytes`: what lies unread, or the first request_bytes_looked_at of it.
//
//   never   not FastCGI 1.0; not a request to a responder; a record that has no place there (management
//           records, another request on the same connection, an abort); a length that is not true; padding
//           that libfcgi would not skip; anything
//           behind the end of the request, which only somebody who hides a second one would send
//   whole   up to the end of the body, or all variables and body_bytes_awaited_max of the body
Arrival arrival_of(std::span<unsigned char const> bytes);

} // namespace server
