// What the processes of one machine share of a project's keys: the document as it was fetched, when, and when
// somebody last tried. A process that starts cold finds the keys here, and a made-up key id costs the project
// one request in a while, not one for each process.
//
// Whoever can write this file can make tokens. So it is created for its owner alone, and a file that belongs
// to another user, can be written by others or is a link is not read.
#pragma once

#include "shared/base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace auth {

struct StoredJwks {
    std::int64_t fetched_at_s = 0; // seconds since 1970 UTC; 0 with an empty document: never
    std::int64_t tried_at_s = 0;
    std::string document;
};

class JwksFile {
  public:
    // `path` is absolute, or empty: then nothing is shared, and every call does nothing.
    explicit JwksFile(std::string path) : path_(std::move(path)) {}

    // What is stored, when it is another file than the last call or write() saw; empty otherwise, and when
    // it is missing or not to be trusted.
    std::optional<StoredJwks> read_if_changed();

    // Replaces the file at once as a whole. A directory that cannot be written is told to the log; the
    // process then keeps its keys to itself.
    void write(StoredJwks const& stored);

    // The right to fetch, held by one process at a time.
    class Turn {
      public:
        Turn() = default;
        explicit Turn(int descriptor) : descriptor_(descriptor) {}
        ~Turn();
        Turn(Turn&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;

      private:
        int descriptor_ = -1;
    };

    // Waits for the turn; empty when it did not come in time. The kernel ends the turn of a process that
    // dies. Where no lock can be had, as without a file, the turn is granted.
    std::optional<Turn> take_turn(base::Deadline deadline) const;

  private:
    // Which file it was: every write makes a new one.
    struct Version {
        std::uint64_t file = 0;
        std::int64_t changed_s = 0;
        std::int64_t changed_ns = 0;
        bool operator==(Version const&) const = default;
    };

    std::string path_;
    Version seen_;
};

} // namespace auth
