// One operation of a random play on a few wallets, and its line in a script that a person can read and
// replay:
//     12 hold wallet=0 amount=20 hours=3 lapse=5 key=2 twice
// An operation names what it refers to (a hold, an entry) by the label of the operation that made it. One
// that refers to what was never made is still a request, answered `..._not_found`: so any operation may be taken
// out of a script.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace model {

enum class Kind {
    wait,
    read,
    spend,
    hold,
    capture,
    release,
    mark_started,
    grant,
    transfer,
    reverse,
    block,
    unblock,
    owe,
    confirm,   // the address of whose wallet it is: starting tokens, if it never had them
    leave,     // the account is deleted, and the wallet with it is nobody's
    come_back, // a new account with the address of who has left, and a new wallet
};

enum class Resend {
    no,
    twice, // the same call with the same ids once more
    cut,   // the first answer is lost after its commit; then the same
};

struct Operation {
    int label = 0; // unique in its script; the ids of what it makes are made of it
    Kind kind = Kind::read;
    int wallet = 0;
    int to = 0;              // transfer: who receives
    int of = 0;              // capture, release, mark_started: the label of the hold; reverse: of the entry
    std::int64_t amount = 0; // reverse: 0 takes back all that is left
    int hours = 0;          // wait: how many pass; hold: until it lapses; grant: until it expires, 0 is never
    int priority = 0;       // grant: 0 to 5, two for each class
    std::int64_t lapse = 0; // hold, mark_started: what a lapse charges; of a hold 0 releases all of it
    int times = 0;          // hold: so many of them in one call, where it is not 0
    int key = 0;            // 0: none
    bool clamp = false;     // capture: take what there is rather than refuse
    bool joins =
        false; // goes in one call with the operation before, where both are of a kind that has batches
    Resend resend = Resend::no;

    friend bool operator==(Operation const&, Operation const&) = default;
};

using Script = std::vector<Operation>;

std::string_view name(Kind kind);

// What a client's fingerprint covers: equal for a repeated request, different for another one.
std::string fingerprint(Operation const& operation);

// Whether the two may share a call of the database: spends, holds, or settlements of holds.
bool same_call(Operation const& one, Operation const& other);

std::string line(Operation const& operation);
std::string lines(Script const& script);

// Reads what lines() wrote; empty lines and those that begin with # are skipped. Throws std::runtime_error
// naming the line that it does not understand.
Script read_script(std::string_view text);

} // namespace model
