#include "tests/model/play.hpp"

#include <algorithm>
#include <exception>
#include <span>

namespace model {
namespace {

// The operations that go in one call, from `begin` on.
std::size_t call_end(Script const& script, std::size_t begin)
{
    auto end = begin + 1;
    while (end < script.size() && script[end].joins && same_call(script[begin], script[end]))
        ++end;
    return end;
}

std::string difference(std::string const& what, std::string const& ours, std::string const& reference)
{
    return what + "\n    ledger:    " + ours + "\n    reference: " + reference;
}

class Play {
  public:
    Play(Subject& subject, Coverage& coverage) : subject_(subject), coverage_(coverage)
    {
        subject_.begin(wallets_of_a_script);
    }

    std::optional<std::string> call(std::span<Operation const> operations)
    {
        reference_.begin_call();
        auto expected = std::vector<Answer>();
        auto touched = std::vector<int>();
        // A call sent twice is answered twice; of a call that was cut only the second answer arrives.
        auto const resend = operations.front().resend;
        for (auto sent = resend == Resend::no ? 1 : 0; sent < 2; ++sent) {
            if (sent == 1 && resend == Resend::cut) expected.clear();
            for (auto const& operation : operations) {
                expected.push_back(reference_.apply(operation));
                auto const wallets = reference_.touched(operation);
                touched.insert(touched.end(), wallets.begin(), wallets.end());
            }
        }

        auto const observed = subject_.perform(operations);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            auto const& operation = operations[i % operations.size()];
            auto const answer = i < observed.answers.size() ? text(observed.answers[i]) : "no answer";
            ++coverage_[std::string(name(operation.kind)) + " " + expected[i].status];
            if (answer != text(expected[i])) return difference(line(operation), answer, text(expected[i]));
        }
        coverage_["step that left more due"] += observed.steps;
        auto const& last = operations.back();
        if (!observed.broken.empty())
            return difference("after " + line(last), observed.broken, "books in order");
        for (auto const wallet : touched) {
            if (auto found = wallet_differs("after " + line(last), observed, wallet)) return found;
        }
        return {};
    }

    std::optional<std::string> finish()
    {
        auto const observed = subject_.finish();
        if (!observed.broken.empty()) return difference("at the end", observed.broken, "books in order");
        for (auto const& [what, times] : reference_.events())
            coverage_[what] += times;
        auto const grants = subject_.grants();
        for (auto wallet = 0; wallet < reference_.wallets(); ++wallet) {
            if (auto found = wallet_differs("at the end", observed, wallet)) return found;
            auto const ours = joined(grants[static_cast<std::size_t>(wallet)]);
            auto const reference = joined(reference_.grants(wallet));
            if (ours != reference)
                return difference("grants of wallet " + std::to_string(wallet) + " at the end", ours,
                                  reference);
        }
        return {};
    }

  private:
    static std::string joined(std::vector<std::string> const& texts)
    {
        auto result = std::string();
        for (auto const& one : texts)
            result += (result.empty() ? "" : ", ") + one;
        return result;
    }

    std::optional<std::string> wallet_differs(std::string const& when, Observed const& observed,
                                              int wallet) const
    {
        auto const& ours = observed.wallets.at(static_cast<std::size_t>(wallet));
        if (ours == reference_.state(wallet)) return {};
        return difference("wallet " + std::to_string(wallet) + " " + when, text(ours),
                          text(reference_.state(wallet)));
    }

    Subject& subject_;
    Coverage& coverage_;
    Reference reference_{wallets_of_a_script};
};

// One operation made simpler in one way; what cannot be made simpler in that way stays as it is.
Operation simpler(Operation operation, int way)
{
    switch (way) {
    case 0:
        operation.resend = Resend::no;
        break;
    case 1:
        operation.joins = false;
        break;
    case 2:
        operation.key = 0;
        break;
    case 3:
        operation.clamp = false;
        break;
    case 4:
        operation.lapse = operation.kind == Kind::hold ? 0 : std::min<Tokens>(operation.lapse, 1);
        break;
    case 5:
        operation.priority = 0;
        break;
    case 6:
        operation.amount = std::min<Tokens>(operation.amount, 1);
        break;
    case 7:
        operation.amount = operation.amount / 2;
        break;
    case 8:
        operation.amount = std::max<Tokens>(operation.amount - 1, std::min<Tokens>(operation.amount, 1));
        break;
    case 9:
        operation.hours = std::min(operation.hours, 1);
        break;
    case 10:
        operation.hours = std::max(operation.hours - 1, std::min(operation.hours, 1));
        break;
    case 11:
        operation.times = operation.times / 2;
        break;
    case 12:
        operation.times = std::max(operation.times - 1, std::min(operation.times, 1));
        break;
    default:
        break;
    }
    return operation;
}
constexpr int ways = 13;

} // namespace

std::optional<std::string> play(Subject& subject, Script const& script, Coverage& coverage)
{
    auto now = std::string("before the first operation");
    try {
        auto side_by_side = Play(subject, coverage);
        for (auto begin = std::size_t{0}; begin < script.size();) {
            auto const end = call_end(script, begin);
            now = line(script[begin]);
            if (auto found = side_by_side.call(std::span(script).subspan(begin, end - begin))) return found;
            begin = end;
        }
        now = "at the end";
        return side_by_side.finish();
    } catch (std::exception const& error) {
        return difference(now, error.what(), "no exception");
    }
}

Script shrink(Script script, std::function<bool(Script const&)> const& fails, int attempts_max)
{
    auto attempts = 0;
    auto const take = [&](Script smaller) {
        if (smaller == script || attempts >= attempts_max) return false;
        ++attempts;
        if (!fails(smaller)) return false;
        script = std::move(smaller);
        return true;
    };

    for (auto shorter = true; shorter && attempts < attempts_max;) {
        shorter = false;
        for (auto size = std::max<std::size_t>(script.size() / 2, 1); size > 0; size /= 2) {
            for (std::size_t from = 0; from < script.size();) {
                auto smaller = script;
                auto const first = smaller.begin() + static_cast<std::ptrdiff_t>(from);
                smaller.erase(first,
                              first + static_cast<std::ptrdiff_t>(std::min(size, script.size() - from)));
                if (take(std::move(smaller)))
                    shorter = true;
                else
                    from += size;
            }
        }
        for (std::size_t i = 0; i < script.size(); ++i) {
            for (auto way = 0; way < ways; ++way) {
                for (auto smaller = script;;) {
                    smaller[i] = simpler(smaller[i], way);
                    if (!take(smaller)) break;
                    shorter = true;
                }
            }
        }
    }
    return script;
}

} // namespace model
