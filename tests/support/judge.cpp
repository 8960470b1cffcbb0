// The judge of spends.hpp. A wallet's journal is taken as the one order of events; every answer is then held
// against it. Positions are sequence numbers: position p is the moment after entry p and before entry p + 1.
#include "tests/support/database.hpp"
#include "tests/support/findings.hpp"
#include "tests/support/spends.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>

namespace support {
namespace {

constexpr auto never = std::numeric_limits<std::int64_t>::max();

// What is known of an entry's moment: after the first request for it was sent, before the first answer that
// names it was received.
struct Made {
    JournalEntry entry;
    Instant not_before = Instant::max();
    Instant not_after = Instant::max();
};

std::string sentence(Spent const& spent, std::string const& what)
{
    return "wallet " + std::to_string(spent.order.wallet.number) + " key \"" + spent.order.key.substr(0, 60) +
           "\" amount " + std::to_string(spent.order.amount) + ": " + what;
}

std::string sentence(Wallet const& wallet, std::string const& what)
{
    return "wallet " + std::to_string(wallet.number) + ": " + what;
}

// The order in which things can have happened, by what was answered before what was asked.
class Timeline {
  public:
    explicit Timeline(std::vector<Made> const& made)
    {
        for (auto const& one : made) {
            if (one.not_after != Instant::max()) answered_.emplace_back(one.not_after, one.entry.seq);
            if (one.not_before != Instant::max()) asked_.emplace_back(one.not_before, one.entry.seq);
        }
        std::sort(answered_.begin(), answered_.end());
        std::sort(asked_.begin(), asked_.end());
        for (std::size_t i = 1; i < answered_.size(); ++i) {
            answered_[i].second = std::max(answered_[i].second, answered_[i - 1].second);
        }
        for (auto i = asked_.size(); i-- > 1;) {
            asked_[i - 1].second = std::min(asked_[i - 1].second, asked_[i].second);
        }
    }

    // The latest position known to be reached at that instant.
    std::int64_t reached(Instant at) const
    {
        auto const later =
            std::lower_bound(answered_.begin(), answered_.end(), std::pair(at, std::int64_t{0}));
        return later == answered_.begin() ? 0 : std::prev(later)->second;
    }

    // The earliest position known to lie after that instant; `never` when nothing was asked later.
    std::int64_t first_after(Instant at) const
    {
        auto const later = std::upper_bound(asked_.begin(), asked_.end(), std::pair(at, never));
        return later == asked_.end() ? never : later->second;
    }

  private:
    std::vector<std::pair<Instant, std::int64_t>> answered_; // with the greatest position so far
    std::vector<std::pair<Instant, std::int64_t>> asked_;    // with the least position from here on
};

class WalletCase {
  public:
    WalletCase(Wallet wallet, std::vector<Spent const*> spents, Losses losses, Findings& findings)
        : wallet_(std::move(wallet)), spents_(std::move(spents)), losses_(losses), findings_(findings)
    {
        for (auto const& entry : wallet_.entries()) {
            if (entry.key && entry.kind == "spend") {
                findings_.unless(by_key_.emplace(*entry.key, made_.size()).second,
                                 sentence(wallet_, "two entries of one key: " + *entry.key));
            }
            made_.push_back({.entry = entry});
        }
    }

    void judge()
    {
        chain();
        match_answers();
        auto const timeline = Timeline(made_);
        real_time(timeline);
        batches();
        refusals(timeline);
    }

  private:
    void chain()
    {
        auto balance = std::int64_t{0};
        auto seq = std::int64_t{0};
        for (auto const& [entry, not_before, not_after] : made_) {
            findings_.unless(entry.seq == ++seq,
                             sentence(wallet_, "entry " + entry.id + " is out of sequence"));
            balance += entry.amount;
            findings_.unless(
                entry.after == balance,
                sentence(wallet_, "entry " + entry.id + " states another balance than its history"));
            findings_.unless(balance >= 0, sentence(wallet_, "below zero after entry " + entry.id));
        }
        findings_.unless(wallet_.balance() == balance,
                         sentence(wallet_, "stands elsewhere than its journal"));
        findings_.unless(wallet_.seq() == seq,
                         sentence(wallet_, "counts other entries than its journal has"));
    }

    Made* made_by(std::string const& key)
    {
        auto const found = by_key_.find(key);
        return found == by_key_.end() ? nullptr : &made_[found->second];
    }

    static bool same_request(Made const& made, Order const& order)
    {
        return -made.entry.amount == order.amount && made.entry.description == order.description;
    }

    void match_answers()
    {
        auto fresh = std::map<std::string, int>();
        auto acknowledged = std::set<std::string>();
        for (auto const* const spent : spents_) {
            auto* const made = made_by(spent->order.key);
            if (made != nullptr && same_request(*made, spent->order)) {
                made->not_before = std::min(made->not_before, spent->sent);
            }
            if (!spent->through()) continue;
            good_answer(*spent, made);
            acknowledged.insert(spent->order.key);
            if (!spent->replayed) ++fresh[spent->order.key];
        }
        for (auto const& [key, index] : by_key_) {
            findings_.unless(made_[index].not_before != Instant::max(),
                             sentence(wallet_, "an entry that nobody asked for, key " + key));
            findings_.unless(fresh[key] <= 1, sentence(wallet_, "two first answers to key " + key));
            if (losses_ == Losses::some) continue;
            findings_.unless(acknowledged.contains(key), sentence(wallet_, "nobody was told of key " + key));
            findings_.unless(fresh[key] == 1, sentence(wallet_, "no first answer to key " + key));
        }
    }

    void good_answer(Spent const& spent, Made* made)
    {
        findings_.unless(made != nullptr, sentence(spent, "acknowledged, but there is no entry"));
        if (made == nullptr) return;
        auto const& entry = made->entry;
        findings_.unless(same_request(*made, spent.order),
                         sentence(spent, "answered with another request's entry"));
        findings_.unless(spent.entry == entry.id, sentence(spent, "answered with another id"));
        findings_.unless(spent.after == entry.after && spent.before == entry.after - entry.amount,
                         sentence(spent, "answered with other balances than the journal's"));
        made->not_after = std::min(made->not_after, spent.received);
    }

    void real_time(Timeline const& timeline)
    {
        for (auto const& made : made_) {
            if (made.not_before == Instant::max()) continue;
            findings_.unless(
                timeline.reached(made.not_before) < made.entry.seq,
                sentence(wallet_, "entry " + made.entry.id +
                                      " precedes one that was answered before it was asked for"));
        }
    }

    void batches()
    {
        auto last = std::map<int, std::int64_t>();
        for (auto const* const spent : spents_) {
            auto* const made = made_by(spent->order.key);
            if (spent->batch < 0 || !spent->through() || spent->replayed || made == nullptr) continue;
            auto& previous = last[spent->batch];
            findings_.unless(made->entry.seq > previous,
                             sentence(*spent, "a batch took effect out of order"));
            previous = made->entry.seq;
        }
    }

    void refusals(Timeline const& timeline)
    {
        for (std::size_t i = 0; i < spents_.size(); ++i) {
            auto const& spent = *spents_[i];
            if (spent.through() || (losses_ == Losses::some && unsettled(spent))) continue;
            auto const earliest = std::max(timeline.reached(spent.sent), earlier_in_batch(i));
            auto const latest = std::min({timeline.first_after(spent.received), later_in_batch(i),
                                          static_cast<std::int64_t>(made_.size()) + 1}) -
                                1;
            if (spent.error == "insufficient_balance") {
                insufficient(spent, earliest, latest);
            } else if (spent.error == "idempotency_key_reused") {
                reused(spent, latest);
            } else {
                findings_.unless(
                    false, sentence(spent, "answered " + std::to_string(spent.status) + " " + spent.error));
            }
        }
    }

    void insufficient(Spent const& spent, std::int64_t earliest, std::int64_t latest)
    {
        findings_.unless(spent.required == spent.order.amount,
                         sentence(spent, "names another amount as required"));
        findings_.unless(spent.available < spent.required,
                         sentence(spent, "refused although there was enough"));
        auto had = false;
        for (auto position = earliest; position <= latest && !had; ++position) {
            had = balance_at(position) == spent.available;
        }
        findings_.unless(had, sentence(spent, "refused with a balance of " + std::to_string(spent.available) +
                                                  " that the wallet had at no moment in between"));
        auto const* const made = made_by(spent.order.key);
        findings_.unless(made == nullptr || made->entry.seq > earliest,
                         sentence(spent, "refused for balance although its key was spent already"));
    }

    void reused(Spent const& spent, std::int64_t latest)
    {
        auto const* const made = made_by(spent.order.key);
        findings_.unless(made != nullptr && !same_request(*made, spent.order) && made->entry.seq <= latest,
                         sentence(spent, "called reused, but no other request had its key"));
    }

    std::int64_t balance_at(std::int64_t position) const
    {
        return position == 0 ? 0 : made_[static_cast<std::size_t>(position - 1)].entry.after;
    }

    // Positions that items of the same batch, before and after item i, are known to have.
    std::int64_t earlier_in_batch(std::size_t i)
    {
        for (auto j = i; j-- > 0 && spents_[i]->batch >= 0 && spents_[j]->batch == spents_[i]->batch;) {
            if (auto const seq = fresh_position(*spents_[j])) return *seq;
        }
        return 0;
    }

    std::int64_t later_in_batch(std::size_t i)
    {
        for (auto j = i + 1;
             j < spents_.size() && spents_[i]->batch >= 0 && spents_[j]->batch == spents_[i]->batch; ++j) {
            if (auto const seq = fresh_position(*spents_[j])) return *seq;
        }
        return never;
    }

    std::optional<std::int64_t> fresh_position(Spent const& spent)
    {
        auto const* const made = made_by(spent.order.key);
        if (!spent.through() || spent.replayed || made == nullptr) return {};
        return made->entry.seq;
    }

    Wallet wallet_;
    std::vector<Spent const*> spents_;
    Losses losses_;
    Findings& findings_;
    std::vector<Made> made_; // in order of seq
    std::map<std::string, std::size_t> by_key_;
};

} // namespace

std::vector<std::string> judge(std::vector<Spent> const& spents, std::vector<Wallet> const& wallets,
                               Losses losses)
{
    auto of_wallet = std::map<std::string, std::vector<Spent const*>>();
    for (auto const& spent : spents)
        of_wallet[spent.order.wallet.id].push_back(&spent);
    auto findings = Findings();
    for (auto const& wallet : wallets)
        WalletCase(wallet, of_wallet[wallet.id], losses, findings).judge();
    return findings.all();
}

} // namespace support
