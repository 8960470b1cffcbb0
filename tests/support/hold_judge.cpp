// The judge of holds.hpp. A hold's row and its entry are taken as what happened; every answer is then held
// against them.
#include "tests/support/database.hpp"
#include "tests/support/findings.hpp"
#include "tests/support/holds.hpp"

#include <map>
#include <optional>
#include <set>

namespace support {
namespace {

struct HoldRow {
    std::string id;
    std::string wallet;
    std::string key;
    std::int64_t amount = 0;
    bool open = false;
    std::optional<std::int64_t> captured;
    bool settled = false; // by a request, not by a lapse
    bool expired = false;
    std::optional<std::int64_t> lapse; // what a lapse charges
    std::optional<std::string> entry;
    std::int64_t entry_amount = 0;
    std::int64_t entry_after = 0;
};

HoldRow hold_row(Row const& row)
{
    auto const number = [&](std::size_t i) {
        auto value = std::optional<std::int64_t>();
        if (row[i]) value = std::stoll(*row[i]);
        return value;
    };
    return {.id = row[0].value(),
            .wallet = row[1].value(),
            .key = row[2].value_or(""),
            .amount = number(3).value(),
            .open = row[4] == "t",
            .captured = number(5),
            .settled = row[6] == "t",
            .expired = row[7] == "t",
            .lapse = number(8),
            .entry = row[9],
            .entry_amount = number(10).value_or(0),
            .entry_after = number(11).value_or(0)};
}

std::map<std::string, HoldRow> rows_of(Wallet const& wallet)
{
    auto const* const sql = R"(
        select h.id, h.wallet, h.key, h.amount, h.open, h.captured, h.settled_by is not null,
               h.expires_at <= clock_timestamp(), case when h.on_lapse = 'charge' then h.lapse_amount end, h.entry,
               e.amount, e.debit_after
          from farebox.holds h left join farebox.entries e on e.id = h.entry
         where h.wallet = $1)";
    auto result = std::map<std::string, HoldRow>();
    for (auto const& row : database().rows(sql, {wallet.id}))
        result.emplace(row[0].value(), hold_row(row));
    return result;
}

std::string sentence(std::string const& hold, std::string const& what)
{
    return "hold " + hold + ": " + what;
}

// The holds of one wallet.
class Case {
  public:
    Case(Wallet wallet, HoldHistory const& history, Losses losses, Findings& findings)
        : wallet_(std::move(wallet)), rows_(rows_of(wallet_)), losses_(losses), findings_(findings)
    {
        for (auto const& held : history.holds) {
            if (held.order.wallet.id == wallet_.id) holds_.push_back(&held);
        }
        for (auto const& settled : history.settlements) {
            if (settled.wallet.id == wallet_.id) settlements_.push_back(&settled);
        }
        for (auto const& [id, row] : rows_)
            by_key_[row.key] = &row;
    }

    void judge()
    {
        placed();
        settled();
        lapsed();
        entries();
        held();
    }

  private:
    void placed()
    {
        auto asked = std::set<std::string>();
        auto first_answers = std::map<std::string, int>();
        for (auto const* const held : holds_) {
            auto const& key = held->order.key;
            asked.insert(key);
            auto const found = by_key_.find(key);
            if (held->through()) {
                first_answers[key] += held->replayed ? 0 : 1;
                findings_.unless(
                    found != by_key_.end() && found->second->id == held->hold,
                    sentence(held->hold, "acknowledged under key " + key + ", but there is none"));
                findings_.unless(found == by_key_.end() || found->second->amount == held->order.amount,
                                 sentence(held->hold, "holds another amount than was asked"));
            } else {
                other_answer(held->hold + " of key " + key, held->status, held->error);
            }
        }
        for (auto const& [id, row] : rows_) {
            findings_.unless(asked.contains(row.key), sentence(id, "nobody asked for it"));
            first_answer(id, "placing", first_answers[row.key]);
        }
    }

    void settled()
    {
        auto first_answers = std::map<std::string, int>();
        for (auto const* const one : settlements_) {
            auto const found = rows_.find(one->hold);
            findings_.unless(found != rows_.end(), sentence(one->hold, "settled, but there is none"));
            if (found == rows_.end()) continue;
            auto const& row = found->second;
            asked_[one->hold].insert(one->asked);
            if (one->through()) {
                // What a lapse charged may be asked for and is then a replay.
                first_answers[one->hold] += one->replayed ? 0 : 1;
                acknowledged(*one, row);
            } else if (one->error == "hold_already_settled") {
                findings_.unless(row.captured == one->captured && one->captured != one->asked,
                                 sentence(row.id, "called settled with " + std::to_string(one->captured) +
                                                      ", which it was not"));
            } else {
                other_answer(one->hold, one->status, one->error);
            }
        }
        for (auto const& [id, row] : rows_) {
            if (!row.settled) continue;
            findings_.unless(asked_[id].contains(row.captured.value_or(-1)),
                             sentence(id, "settled with what nobody asked for"));
            first_answer(id, "settling", first_answers[id]);
        }
    }

    void acknowledged(Settled const& one, HoldRow const& row)
    {
        findings_.unless(!row.open && row.captured == one.asked,
                         sentence(row.id, "acknowledged as settled with " + std::to_string(one.asked) +
                                              ", which it is not"));
        if (one.asked == 0) {
            findings_.unless(!row.entry, sentence(row.id, "released, yet it has an entry"));
            return;
        }
        findings_.unless(row.entry == one.entry,
                         sentence(row.id, "captured by another entry than was answered"));
        findings_.unless(row.entry_amount == one.asked && one.spent == one.asked &&
                             row.entry_after == one.after && one.before == one.after + one.asked,
                         sentence(row.id, "captured with other figures than were answered"));
    }

    void lapsed()
    {
        for (auto const& [id, row] : rows_) {
            findings_.unless(!(row.open && row.expired), sentence(id, "still held past its expiry"));
            if (row.open || row.settled) continue;
            findings_.unless(row.expired, sentence(id, "ended by nobody before its expiry"));
            findings_.unless(row.captured == row.lapse, sentence(id, "its lapse charged something else"));
        }
    }

    // Every burn without a key is one hold's.
    void entries()
    {
        auto owners = std::map<std::string, HoldRow const*>();
        for (auto const& [id, row] : rows_) {
            if (!row.entry) continue;
            findings_.unless(owners.emplace(*row.entry, &row).second,
                             sentence(id, "shares its entry with another"));
            findings_.unless(row.captured == row.entry_amount,
                             sentence(id, "captured another amount than its entry has"));
        }
        for (auto const& entry : wallet_.spends()) {
            if (entry.key) continue;
            findings_.unless(owners.contains(entry.id), "wallet " + std::to_string(wallet_.number) +
                                                            ": nobody asked for entry " + entry.id);
        }
        for (auto const& [id, row] : rows_)
            findings_.unless(row.captured.value_or(0) == 0 || row.entry,
                             sentence(id, "captured without an entry"));
    }

    void held()
    {
        auto sum = std::int64_t{0};
        for (auto const& [id, row] : rows_)
            sum += row.open ? row.amount : 0;
        auto const stands =
            database().integer("select held from farebox.wallets where id = $1", {wallet_.id});
        findings_.unless(stands == sum, "wallet " + std::to_string(wallet_.number) + ": holds " +
                                            std::to_string(stands) + ", its open holds are " +
                                            std::to_string(sum));
    }

    void first_answer(std::string const& id, std::string const& what, int count)
    {
        findings_.unless(count <= 1, sentence(id, "two first answers to its " + what));
        findings_.unless(losses_ == Losses::some || count == 1,
                         sentence(id, "no first answer to its " + what));
    }

    void other_answer(std::string const& id, int status, std::string const& error)
    {
        auto const lost = status == 0 || status == 502 || status == 503 || status == 504;
        findings_.unless(losses_ == Losses::some && lost,
                         sentence(id, "answered " + std::to_string(status) + " " + error));
    }

    Wallet wallet_;
    std::map<std::string, HoldRow> rows_;
    Losses losses_;
    Findings& findings_;
    std::map<std::string, HoldRow const*> by_key_;
    std::vector<Held const*> holds_;
    std::vector<Settled const*> settlements_;
    std::map<std::string, std::set<std::int64_t>> asked_; // of a hold's settlements
};

} // namespace

std::vector<std::string> judge_holds(HoldHistory const& history, std::vector<Wallet> const& wallets,
                                     Losses losses)
{
    auto findings = Findings();
    for (auto const& wallet : wallets)
        Case(wallet, history, losses, findings).judge();
    return findings.all();
}

} // namespace support
