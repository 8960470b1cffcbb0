#include "tests/model/random_script.hpp"

#include "tests/model/play.hpp"
#include "tests/model/reference.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <set>

namespace model {
namespace {

// How many of a hundred requests are of that kind.
constexpr auto weights = std::array<std::pair<Kind, int>, 16>{{
    {Kind::wait, 11},
    {Kind::read, 2},
    {Kind::spend, 14},
    {Kind::hold, 18},
    {Kind::capture, 14},
    {Kind::release, 4},
    {Kind::mark_started, 4},
    {Kind::grant, 13},
    {Kind::transfer, 5},
    {Kind::reverse, 8},
    {Kind::block, 1},
    {Kind::unblock, 2},
    {Kind::owe, 1},
    {Kind::confirm, 1},
    {Kind::leave, 1},
    {Kind::come_back, 1},
}};

bool is_request(Kind kind)
{
    return kind != Kind::wait && kind != Kind::read && kind != Kind::block && kind != Kind::unblock &&
           kind != Kind::owe && kind != Kind::confirm && kind != Kind::leave && kind != Kind::come_back;
}

bool has_key(Kind kind)
{
    return kind == Kind::spend || kind == Kind::hold || kind == Kind::grant || kind == Kind::transfer ||
           kind == Kind::reverse;
}

bool starts_batches(Kind kind)
{
    return kind == Kind::spend || kind == Kind::hold || kind == Kind::capture || kind == Kind::release;
}

class Writer {
  public:
    explicit Writer(std::uint64_t seed) : source_(seed), crowded_(below(16) == 0) {}

    Script write(int operations)
    {
        while (static_cast<int>(script_.size()) < operations)
            add(next());
        return script_;
    }

  private:
    // The standard distributions differ from one library to the next; a seed must not.
    int below(int count) { return static_cast<int>(source_() % static_cast<std::uint64_t>(count)); }
    int between(int least, int most) { return least + below(most - least + 1); }
    bool percent(int share) { return below(100) < share; }

    void add(Operation operation)
    {
        operation.label = static_cast<int>(script_.size()) + 1;
        script_.push_back(operation);
        if (!operation.joins) reference_.begin_call();
        if (reference_.apply(operation).status == "ok") {
            made_.insert(operation.label);
            if (operation.kind == Kind::capture || operation.kind == Kind::release)
                ended_.insert(operation.of);
        }
    }

    Operation next()
    {
        if (static_cast<int>(script_.size()) < wallets_of_a_script) {
            return granted(static_cast<int>(script_.size()));
        }
        if (!story_.empty() && percent(40)) {
            auto const operation = story_.front();
            story_.erase(story_.begin());
            return operation;
        }
        if (story_.empty() && percent(1)) story_ = somebody_who_leaves();
        auto const& before = script_.back();
        if (starts_batches(before.kind) && percent(before.joins ? 55 : 20)) {
            auto operation = one_of(before.kind);
            operation.joins = true;
            return operation;
        }
        if (before.kind == Kind::block && percent(90)) {
            if (auto const more = captured_beyond(before.wallet)) return *more;
        }
        if (percent(8)) {
            if (auto const repeated = repeat()) return *repeated;
        }
        auto draw = below(100);
        for (auto const& [kind, weight] : weights) {
            if ((draw -= weight) < 0) return one_of(kind);
        }
        return one_of(Kind::spend);
    }

    // Somebody has had the starting tokens, leaves, blocked or not, comes back, and asks for them again.
    Script somebody_who_leaves()
    {
        auto story = Script();
        auto const wallet = below(wallets_of_a_script);
        auto const blocked = percent(50);
        for (auto const kind : {Kind::confirm, Kind::block, Kind::leave, Kind::come_back, Kind::confirm}) {
            if (kind == Kind::block && !blocked) continue;
            auto operation = Operation();
            operation.kind = kind;
            operation.wallet = wallet;
            story.push_back(operation);
        }
        return story;
    }

    // A request with a key once more, under an id of its own; sometimes with another amount.
    std::optional<Operation> repeat()
    {
        auto keyed = std::vector<Operation>();
        std::copy_if(script_.begin(), script_.end(), std::back_inserter(keyed),
                     [](auto const& operation) { return operation.key != 0; });
        if (keyed.empty()) return {};
        auto operation = keyed[static_cast<std::size_t>(below(static_cast<int>(keyed.size())))];
        operation.joins = false;
        operation.resend = Resend::no;
        if (percent(30)) ++operation.amount;
        if (percent(20)) operation.to = below(wallets_of_a_script);
        return operation;
    }

    // More than it holds, of the last hold on that wallet that nobody has ended: no hold is a way around a block.
    std::optional<Operation> captured_beyond(int wallet)
    {
        auto const hold = std::find_if(script_.rbegin(), script_.rend(), [&](auto const& operation) {
            return operation.kind == Kind::hold && operation.wallet == wallet &&
                   made_.contains(operation.label) && !ended_.contains(operation.label);
        });
        if (hold == script_.rend()) return {};
        auto operation = Operation();
        operation.kind = Kind::capture;
        operation.of = hold->label;
        operation.amount = hold->amount + between(1, 20);
        operation.clamp = percent(50);
        return operation;
    }

    Operation granted(int wallet)
    {
        auto operation = Operation();
        operation.kind = Kind::grant;
        operation.wallet = wallet;
        operation.amount = between(10, 60) * (crowded_ ? 30 : 1);
        operation.priority = below(6);
        operation.hours = percent(35) ? 0 : between(1, 14);
        return operation;
    }

    Operation one_of(Kind kind)
    {
        auto operation = Operation();
        operation.kind = kind;
        operation.wallet = below(wallets_of_a_script);
        operation.amount = between(1, 16);
        switch (kind) {
        case Kind::wait:
            operation = Operation();
            operation.kind = kind;
            operation.hours = std::array{1, 1, 2, 3, 5}.at(static_cast<std::size_t>(below(5)));
            break;
        case Kind::read:
        case Kind::block:
        case Kind::unblock:
        case Kind::confirm:
        case Kind::leave:
        case Kind::come_back:
            operation.amount = 0;
            break;
        case Kind::hold:
            operation.hours = between(1, 10);
            if (percent(30)) operation.lapse = between(1, static_cast<int>(operation.amount));
            if (percent(2)) operation.lapse = operation.amount + 1;
            if (crowded_ && percent(50)) return crowd(operation);
            break;
        case Kind::capture:
            settle(operation);
            break;
        case Kind::release:
            settle(operation);
            operation.amount = 0;
            break;
        case Kind::mark_started:
            settle(operation);
            operation.lapse = percent(5) ? 0 : between(1, 8);
            operation.amount = 0;
            break;
        case Kind::grant:
            operation = granted(operation.wallet);
            if (percent(3)) operation.hours = -1;
            break;
        case Kind::transfer:
            operation.to = below(wallets_of_a_script);
            break;
        case Kind::reverse:
            take_back(operation);
            break;
        case Kind::spend:
        case Kind::owe:
            break;
        }
        if (kind == Kind::unblock) operation.wallet = last_blocked(operation.wallet);
        if (has_key(kind) && percent(25)) operation.key = between(1, 4);
        if (is_request(kind) && kind != Kind::mark_started && percent(2)) operation.amount = -below(2);
        if (is_request(kind) && percent(9)) operation.resend = percent(85) ? Resend::twice : Resend::cut;
        return operation;
    }

    // A hundred small ones in one step, or more than a call does of what falls due.
    Operation crowd(Operation operation)
    {
        operation.times = percent(50) ? 600 : 100;
        operation.amount = 1;
        operation.lapse = std::min<Tokens>(operation.lapse, 1);
        if (percent(10)) operation.resend = Resend::twice;
        return operation;
    }

    // Of a hold: less, exactly, or more than it holds.
    void settle(Operation& operation)
    {
        operation.wallet = 0;
        auto const* const hold = earlier([](Kind kind) { return kind == Kind::hold; });
        operation.of = hold == nullptr || percent(2) ? 1 : hold->label;
        auto const held = hold == nullptr ? 1 : static_cast<int>(hold->amount);
        if (percent(40))
            operation.amount = held;
        else
            operation.amount = percent(60) ? between(1, std::max(held, 1)) : held + between(1, 40);
        operation.clamp = percent(25);
        // Asked for once more, as a client does that missed the answer.
        auto const* const other = earlier([](Kind kind) { return kind == Kind::capture; });
        if (other != nullptr && percent(15)) {
            operation.of = other->of;
            operation.amount = percent(70) ? other->amount : other->amount + 1;
            operation.clamp = other->clamp;
        }
    }

    void take_back(Operation& operation)
    {
        operation.wallet = 0;
        auto const* const entry = earlier([](Kind kind) { return is_request(kind); });
        operation.of = entry == nullptr || percent(2) ? 999 : entry->label;
        operation.amount = percent(30) ? 0 : between(1, 10);
    }

    int last_blocked(int otherwise) const
    {
        auto const found = std::find_if(script_.rbegin(), script_.rend(),
                                        [](auto const& operation) { return operation.kind == Kind::block; });
        return found == script_.rend() ? otherwise : found->wallet;
    }

    // One of the last few operations of a kind that went through; now and then one that did not.
    template <class Wanted>
    Operation const* earlier(Wanted const& wanted)
    {
        auto found = std::vector<Operation const*>();
        for (auto operation = script_.rbegin(); operation != script_.rend() && found.size() < 6;
             ++operation) {
            if (!wanted(operation->kind)) continue;
            if (made_.contains(operation->label) || percent(4)) found.push_back(&*operation);
        }
        return found.empty() ? nullptr
                             : found[static_cast<std::size_t>(below(static_cast<int>(found.size())))];
    }

    std::mt19937_64 source_;
    bool crowded_; // with holds by the hundred
    Script story_; // what is still to come of it
    Script script_;
    Reference reference_{
        wallets_of_a_script}; // only to know what went through: a script of refusals finds nothing
    std::set<int> made_;
    std::set<int> ended_; // holds
};

} // namespace

Script random_script(std::uint64_t seed, int operations)
{
    return Writer(seed).write(operations);
}

} // namespace model
