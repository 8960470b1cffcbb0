#include "tests/support/wallet.hpp"

#include "tests/support/body.hpp"
#include "tests/support/client.hpp"
#include "tests/support/database.hpp"

#include <random>
#include <stdexcept>

namespace support {
namespace {

std::int64_t between(std::int64_t least, std::int64_t most)
{
    thread_local auto source =
        std::mt19937_64((static_cast<std::uint64_t>(std::random_device{}()) << 32U) | std::random_device{}());
    return std::uniform_int_distribution<std::int64_t>(least, most)(source);
}

JournalEntry journal_entry(Row const& row)
{
    return {.id = row[0].value(),
            .amount = std::stoll(row[1].value()),
            .seq = std::stoll(row[2].value()),
            .after = std::stoll(row[3].value()),
            .kind = row[4].value(),
            .key = row[5],
            .description = row[6]};
}

} // namespace

std::string Wallet::path(std::string_view what) const
{
    return "/api/v1/users/" + std::to_string(number) + "/" + std::string(what);
}

std::int64_t Wallet::balance() const
{
    return database().integer("select balance from farebox.wallets where id = $1", {id});
}

std::int64_t Wallet::seq() const
{
    return database().integer("select seq from farebox.wallets where id = $1", {id});
}

std::vector<JournalEntry> Wallet::entries() const
{
    auto const* const sql = R"(
        select e.id, case when e.debit = $1 then -e.amount else e.amount end as amount,
               case when e.debit = $1 then e.debit_seq else e.credit_seq end as seq,
               case when e.debit = $1 then e.debit_after else e.credit_after end as after,
               e.kind, e.key, e.description
          from farebox.entries e
         where e.debit = $1 or e.credit = $1
         order by seq)";
    auto result = std::vector<JournalEntry>();
    for (auto const& row : database().rows(sql, {id}))
        result.push_back(journal_entry(row));
    return result;
}

std::vector<JournalEntry> Wallet::spends() const
{
    auto result = entries();
    std::erase_if(result, [](JournalEntry const& entry) { return entry.kind != "spend"; });
    return result;
}

void Wallet::block() const
{
    database().rows("update farebox.wallets set blocked_at = now() where id = $1", {id});
}

void Wallet::subscribe_until(std::string_view sql_instant) const
{
    database().rows("update farebox.wallets set subscription_until = " + std::string(sql_instant) +
                        " where id = $1",
                    {id});
}

void Wallet::top_up(std::int64_t tokens) const
{
    auto const reply = post(path("grants"), body({{"amount", tokens}, {"description", "top-up"}}));
    if (reply.status != 201) throw std::runtime_error("no top-up: " + reply.body);
}

NewUser NewUser::with_phone(std::string digits) const
{
    auto user = *this;
    user.phone = std::move(digits);
    return user;
}

NewUser NewUser::with_email(std::string address) const
{
    auto user = *this;
    user.email = std::move(address);
    return user;
}

Wallet NewUser::holding(std::int64_t tokens) const
{
    auto const optional = [](std::optional<std::string> const& text) {
        return text ? Literal(*text) : Literal(nullptr);
    };
    auto const reply = post("/api/v1/users", body({{"user_id", a_number()},
                                                   {"phone", optional(phone)},
                                                   {"email", optional(email)},
                                                   {"tokens", tokens}}));
    if (reply.status != 201) {
        throw std::runtime_error("no user: " + std::to_string(reply.status) + " " + reply.body);
    }
    return {.id = reply["id"].text(), .number = reply["user_id"].integer()};
}

NewUser a_user()
{
    return {};
}

std::vector<Wallet> wallets_holding(std::int64_t tokens, int count)
{
    auto wallets = std::vector<Wallet>();
    for (auto i = 0; i < count; ++i)
        wallets.push_back(a_user().holding(tokens));
    return wallets;
}

std::string an_order(std::int64_t amount)
{
    return body({{"amount", amount}, {"description", "a render job"}});
}

std::string an_order(std::int64_t amount, std::string const& key)
{
    return body({{"amount", amount}, {"description", "a render job"}, {"idempotency_key", key}});
}

std::string a_phone()
{
    return std::to_string(between(100'000'000'000'000, 999'999'999'999'999));
}

std::int64_t a_number()
{
    return between(1'000'000'000'000, 9'007'199'254'740'991);
}

std::string a_key()
{
    return "key-" + std::to_string(between(0, 9'223'372'036'854'775'807));
}

} // namespace support
