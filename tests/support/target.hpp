// The farebox that the tests of this process talk to: the stack that scripts/test started and exported
// (FAREBOX_TEST_*), or a private Stack for as long as it lives.
#pragma once

#include <string>

namespace support {

struct Target {
    std::string url;          // "http://127.0.0.1:7500", without a slash at the end
    std::string database_url; // the owner's role: looks into tables, sets up what no endpoint can
    std::string service_key;  // the API_SECRET_KEY that the handlers were started with
    std::string directory;    // of scripts/stack
};

// The current target. Throws std::runtime_error naming the missing variables when there is neither a Stack
// nor an exported one.
Target const& target();

// Makes `next` the target of everything that follows and returns the former one. Only while a single thread
// runs.
Target retarget(Target next);

// The root of the source tree, and the directory of the handlers' binaries.
std::string source_directory();
std::string bin_directory();

} // namespace support
