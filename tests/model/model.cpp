// The ledger and a plain reference of its rules agree, whatever is asked in whatever order.
//
//   FAREBOX_MODEL_SEED        replays: of the first script; each later one has the next number
//   FAREBOX_MODEL_OPERATIONS  how many in all; 10,000 when not set
//   FAREBOX_MODEL_SCRIPT      a file as a failure prints it: plays that and nothing else
#include "tests/model/play.hpp"
#include "tests/model/random_script.hpp"
#include "tests/support/catch.hpp"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

using namespace model;

namespace {

constexpr int operations_of_a_script = 50;
constexpr int players = 2; // at once, each on wallets of its own

std::string setting(char const* name, std::string const& otherwise)
{
    auto const* const value = std::getenv(name);
    return value == nullptr || *value == '\0' ? otherwise : value;
}

struct Found {
    std::uint64_t seed = 0;
    Script script;
    std::string difference;
};

// What a person needs to see it again.
std::string report(Found const& found)
{
    return "FAREBOX_MODEL_SEED=" + std::to_string(found.seed) +
           " FAREBOX_MODEL_OPERATIONS=" + std::to_string(operations_of_a_script) +
           " plays it whole; shrunk, for FAREBOX_MODEL_SCRIPT, it is\n" + lines(found.script) +
           found.difference;
}

Found shrunk(Subject& subject, Found found)
{
    auto ignored = Coverage();
    found.script = shrink(found.script,
                          [&](Script const& smaller) { return play(subject, smaller, ignored).has_value(); });
    found.difference =
        play(subject, found.script, ignored).value_or(found.difference + "\n(it does not fail every time)");
    return found;
}

class Tournament {
  public:
    Tournament(std::uint64_t seed, int scripts) : seed_(seed), scripts_(scripts) {}

    void run()
    {
        auto threads = std::vector<std::jthread>();
        for (auto player = 0; player < players; ++player)
            threads.emplace_back([this] { play_on(); });
    }

    Coverage coverage;
    std::optional<Found> found;

  private:
    void play_on()
    {
        auto subject = Subject();
        auto seen = Coverage();
        for (auto i = next_++; i < scripts_; i = next_++) {
            auto const seed = seed_ + static_cast<std::uint64_t>(i);
            auto const script = random_script(seed, operations_of_a_script);
            auto const difference = play(subject, script, seen);
            if (!difference) continue;
            next_ = scripts_; // one is enough
            auto const one = shrunk(subject, {.seed = seed, .script = script, .difference = *difference});
            auto const lock = std::lock_guard(mutex_);
            found = one;
        }
        auto const lock = std::lock_guard(mutex_);
        for (auto const& [what, times] : seen)
            coverage[what] += times;
    }

    std::uint64_t seed_;
    int scripts_;
    std::atomic<int> next_{0};
    std::mutex mutex_;
};

// Every answer that the play is there for.
std::vector<std::string> expected_coverage()
{
    return {"spend ok",
            "spend insufficient_balance",
            "spend wallet_blocked",
            "spend replayed",
            "spend idempotency_key_reused",
            "spend invalid_amount",
            "hold ok",
            "hold insufficient_balance",
            "hold wallet_blocked",
            "hold replayed",
            "hold idempotency_key_reused",
            "hold invalid_amount",
            "capture ok",
            "capture insufficient_balance",
            "capture replayed",
            "capture hold_already_settled",
            "capture short",
            "capture wallet_blocked",
            "capture hold_not_found",
            "release ok",
            "release replayed",
            "release hold_already_settled",
            "mark_started ok",
            "mark_started hold_already_settled",
            "mark_started replayed",
            "mark_started invalid_amount",
            "grant ok",
            "grant replayed",
            "grant idempotency_key_reused",
            "grant validation_error",
            "transfer ok",
            "transfer insufficient_balance",
            "transfer replayed",
            "transfer idempotency_key_reused",
            "transfer validation_error",
            "reverse ok",
            "reverse reverse_exceeds_entry",
            "reverse insufficient_balance",
            "reverse entry_not_reversible",
            "reverse entry_not_found",
            "reverse replayed",
            "reverse idempotency_key_reused",
            "owe ok",
            "read ok",
            "lapse charged",
            "lapse released",
            "tokens kept for a hold",
            "kept tokens burned",
            "tokens expired",
            "refund expired",
            "debt paid",
            "captured more than held",
            "captured late",
            "captured what was held of a blocked wallet",
            "step that left more due",
            "grant user_not_found",
            "transfer user_not_found",
            "left with open holds",
            "came back",
            "starting tokens",
            "came back to no starting tokens",
            "blocked on coming back"};
}

} // namespace

TEST_CASE("whatever is asked in whatever order, the ledger does what its rules say", "[model]")
{
    if (auto const file = setting("FAREBOX_MODEL_SCRIPT", ""); !file.empty()) {
        auto text = std::ostringstream();
        text << std::ifstream(file).rdbuf();
        auto subject = Subject();
        auto ignored = Coverage();
        auto const difference = play(subject, read_script(text.str()), ignored);
        INFO(difference.value_or(""));
        CHECK_FALSE(difference.has_value());
        return;
    }

    auto source = std::random_device();
    auto const seed = std::stoull(setting("FAREBOX_MODEL_SEED", std::to_string(source())));
    auto const operations = std::stoi(setting("FAREBOX_MODEL_OPERATIONS", "10000"));
    std::cout << "FAREBOX_MODEL_SEED=" << seed << std::endl; // first, in case that this never ends
    auto tournament = Tournament(seed, std::max(operations / operations_of_a_script, 1));
    tournament.run();

    if (tournament.found) {
        std::cout << report(*tournament.found) << std::endl; // as it is: Catch breaks long lines
        FAIL("the ledger and the reference differ");
    }
    for (auto const& [what, times] : tournament.coverage)
        std::cout << what << ": " << times << '\n';
    if (operations < 10'000) return; // a short play need not meet everything
    for (auto const& what : expected_coverage()) {
        INFO(what);
        CHECK(tournament.coverage[what] > 0);
    }
}

TEST_CASE("a failing script shrinks to what makes it fail", "[model]")
{
    // Fails where a hold of more than 5 is captured after any wait.
    auto const fails = [](Script const& script) {
        auto waited = false;
        for (auto const& operation : script) {
            waited = waited || operation.kind == Kind::wait;
            if (waited && operation.kind == Kind::hold && operation.amount > 5) return true;
        }
        return false;
    };
    auto seed = std::uint64_t{1};
    while (!fails(random_script(seed, operations_of_a_script)))
        ++seed;
    auto const small = shrink(random_script(seed, operations_of_a_script), fails);
    REQUIRE(small.size() == 2);
    CHECK(small[0].kind == Kind::wait);
    CHECK(small[0].hours == 1);
    CHECK(small[1].amount == 6);
    CHECK(small[1].key == 0);
    CHECK(small[1].hours == 1);
}

TEST_CASE("a script is read as it was written", "[model]")
{
    for (auto seed = std::uint64_t{0}; seed < 50; ++seed) {
        auto const script = random_script(seed, operations_of_a_script);
        CHECK(read_script(lines(script)) == script);
    }
    CHECK(read_script("# a remark\n\n3 capture of=1 amount=-2 clamp joins cut\n").at(0).amount == -2);
    CHECK_THROWS(read_script("3 capture amonut=1"));
    CHECK_THROWS(read_script("3 steal amount=1"));
}
