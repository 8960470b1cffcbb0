#include "tests/model/subject.hpp"

#include "shared/base/secret.hpp"
#include "tests/support/target.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace model {
namespace {

constexpr auto deadline = "clock_timestamp() + interval '10 s'";
constexpr auto classes = std::array<char const*, 3>{"promo", "allotment", "paid"};

std::string in_quotes(std::string const& text)
{
    return "'" + text + "'"; // of our own making, without quotes inside
}

// The two arguments that tell a repeated request from another one.
std::string key(Operation const& operation)
{
    return operation.key == 0 ? "null" : in_quotes("key " + std::to_string(operation.key));
}

std::string print(Operation const& operation)
{
    return operation.key == 0 ? "null" : "sha256(" + in_quotes(fingerprint(operation)) + "::bytea)";
}

// array[...]::type[] of one value an operation.
template <class Value>
std::string array_of(std::span<Operation const> call, char const* type, Value const& value)
{
    auto text = std::string("array[");
    for (std::size_t i = 0; i < call.size(); ++i)
        text += (i == 0 ? "" : ",") + std::string(value(call[i]));
    return text + "]::" + type + "[]";
}

std::string nulls(std::span<Operation const> call, char const* type)
{
    return array_of(call, type, [](auto const&) { return "null"; });
}

std::string number(Tokens value)
{
    return std::to_string(value);
}

// The proof of the tests' own service, who may do everything.
std::string proof()
{
    auto text = std::ostringstream();
    for (auto const byte : base::sha256(support::target().service_key))
        text << std::hex << (byte >> 4U) << (byte & 15U);
    return "'\\x" + text.str() + "'";
}

// With what every single function begins.
std::string caller()
{
    return "'api_key', " + proof() + ", ";
}

// With what every batch begins: a number for each request, out of order on purpose, and the same caller for all.
std::string callers(std::span<Operation const> call)
{
    auto n = static_cast<int>(call.size()) * 7;
    auto const numbers = array_of(call, "int", [&](auto const&) { return std::to_string(n -= 7); });
    return numbers + ", " + array_of(call, "text", [](auto const&) { return "'api_key'"; }) + ", " +
           array_of(call, "bytea", [](auto const&) { return proof(); }) + ", ";
}

} // namespace

// One connection; several statements a round trip.
class Subject::Session {
  public:
    explicit Session(std::string const& conninfo) : connection_(PQconnectdb(conninfo.c_str()), &PQfinish)
    {
        if (PQstatus(connection_.get()) != CONNECTION_OK)
            throw std::runtime_error(std::string("no database: ") + PQerrorMessage(connection_.get()));
    }

    // The rows of every statement that has columns. Nothing: the connection broke.
    std::optional<std::vector<Table>> ask(std::string const& sql)
    {
        auto tables = std::vector<Table>();
        auto failure = std::string();
        if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return {};
        while (auto* const next = PQgetResult(connection_.get())) {
            auto const result = std::unique_ptr<PGresult, void (*)(PGresult*)>(next, &PQclear);
            auto const status = PQresultStatus(next);
            if (status == PGRES_TUPLES_OK) tables.push_back(table(next));
            if (status == PGRES_FATAL_ERROR && failure.empty()) failure = PQresultErrorMessage(next);
        }
        if (PQstatus(connection_.get()) != CONNECTION_OK) return {};
        if (!failure.empty()) throw std::runtime_error(failure);
        return tables;
    }

  private:
    static Table table(PGresult const* result)
    {
        auto rows = Table(static_cast<std::size_t>(PQntuples(result)));
        for (auto row = 0; row < PQntuples(result); ++row) {
            for (auto column = 0; column < PQnfields(result); ++column) {
                auto& cell = rows[static_cast<std::size_t>(row)].emplace_back();
                if (PQgetisnull(result, row, column) == 0) cell = PQgetvalue(result, row, column);
            }
        }
        return rows;
    }

    std::unique_ptr<pg_conn, void (*)(pg_conn*)> connection_;
};

Subject::Subject() : directory_((std::filesystem::temp_directory_path() / "farebox-line-XXXXXX").string())
{
    if (::mkdtemp(directory_.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), "mkdtemp");
    line_ = std::make_unique<support::Line>(support::Line::Plan(), directory_);
    session_ = std::make_unique<Session>(support::target().database_url);
    // Nothing here asks what survives a crash, and ten thousand commits need not wait for the disk.
    // verify does not know for how few wallets it is asked here, and would read the whole journal after each
    // operation.
    session_->ask(
        "set synchronous_commit = off; set client_min_messages = warning; set enable_seqscan = off; "
        "set enable_hashjoin = off; set enable_mergejoin = off");
}

Subject::~Subject()
{
    line_.reset();
    auto ignored = std::error_code();
    std::filesystem::remove_all(directory_, ignored);
}

// The ids of a play differ only in their end, so its wallets lie side by side and one call of verify sees
// them all.
std::string Subject::id(char kind, int label) const
{
    auto const digits = std::to_string(label);
    return prefix_ + "-7000-8" + kind + "00-" + std::string(12 - digits.size(), '0') + digits;
}

void Subject::begin(int people)
{
    auto source = std::random_device();
    auto text = std::ostringstream();
    text << std::hex << (0x10000000U | (source() >> 4U)) << '-' << (0x1000U | (source() >> 20U));
    prefix_ = text.str();
    wallets_ = 0;
    wallet_of_.clear();
    here_.assign(static_cast<std::size_t>(people), true);
    auto sql = std::string();
    for (auto person = 0; person < people; ++person) {
        wallet_of_.push_back(wallets_++);
        sql += registered(person);
    }
    start_ = session_->ask(sql + "select clock_timestamp()").value().back()[0][0].value();
}

std::string Subject::wallet(int person) const
{
    return in_quotes(id('0', wallet_of_.at(static_cast<std::size_t>(person)) + 1));
}

std::string Subject::wallets() const
{
    return " between " + in_quotes(id('0', 1)) + " and " + in_quotes(id('0', wallets_));
}

// An account as Supabase Auth makes it: its trigger makes the wallet. Nobody has confirmed the address yet.
std::string Subject::registered(int person) const
{
    return "insert into auth.users (id, email) values (" + wallet(person) + ", " +
           in_quotes("model-" + prefix_ + "-" + std::to_string(person) + "@example.com") +
           ") on conflict (id) do nothing;";
}

// --- Requests

std::string Subject::request(std::span<Operation const> call) const
{
    switch (call.front().kind) {
    case Kind::spend:
        if (call.size() > 1) return spend(call);
        break;
    case Kind::hold:
        return call.front().times == 0 ? hold(call) : holds(call.front());
    case Kind::capture:
    case Kind::release:
        return end_hold(call);
    default:
        break;
    }
    return single(call.front());
}

std::string Subject::spend(std::span<Operation const> call) const
{
    auto const of = [&](char const* type, auto const& value) { return array_of(call, type, value) + ", "; };
    auto const none = [&](char const* type) { return nulls(call, type) + ", "; };
    return "select status, entry, amount, before, after, available, null, held from farebox_api.spend(" +
           callers(call) + of("uuid", [&](auto const& o) { return in_quotes(id('8', o.label)); }) +
           of("uuid", [&](auto const& o) { return wallet(o.wallet); }) + none("bigint") +
           of("bigint", [](auto const& o) { return number(o.amount); }) + none("text") + of("text", key) +
           of("bytea", print) + none("text") + none("json") + deadline + ") order by n desc;";
}

std::string Subject::hold(std::span<Operation const> call) const
{
    auto const of = [&](char const* type, auto const& value) { return array_of(call, type, value) + ", "; };
    auto const none = [&](char const* type) { return nulls(call, type) + ", "; };
    return "select status, hold, amount, null, null, available, nullif(concat_ws(' ', state, captured), ''), "
           "held "
           "from farebox_api.place_holds(" +
           callers(call) + of("uuid", [&](auto const& o) { return in_quotes(id('8', o.label)); }) +
           of("uuid", [&](auto const& o) { return wallet(o.wallet); }) + none("bigint") +
           of("bigint", [](auto const& o) { return number(o.amount); }) +
           of("bigint", [](auto const& o) { return number(o.hours * Tokens{3'600'000}); }) +
           of("text", [](auto const& o) { return in_quotes(o.lapse > 0 ? "charge" : "release"); }) +
           of("bigint", [](auto const& o) { return o.lapse > 0 ? number(o.lapse) : "null"; }) +
           of("boolean", [](auto const& o) { return o.lapse > 0 ? "true" : "false"; }) + of("text", key) +
           of("bytea", print) + none("text") + none("json") + deadline + ") order by n desc;";
}

// The last one's answer, with the tokens that all of them hold.
std::string Subject::holds(Operation const& o) const
{
    auto const size = "array[" + std::to_string(o.times) + "]";
    auto const all = [&](std::string const& value) { return "array_fill(" + value + ", " + size + "), "; };
    auto const last = [](std::string const& column) {
        return "(array_agg(" + column + " order by n desc))[1]";
    };
    auto const first_id = id('9', o.label * 1000);
    return "select " + last("status") + ", " + last("case status when 'behind' then hold end") +
           ", coalesce(sum(amount) filter (where status in ('ok', 'replayed')), 0), null, null, " +
           last("available") + ", " + last("nullif(concat_ws(' ', state, captured), '')") + ", " +
           last("held") + " from farebox_api.place_holds(array(select generate_series(1, " +
           std::to_string(o.times) + ")), " + all("'api_key'::text") + all(proof() + "::bytea") +
           "array(select case n when 0 then " + in_quotes(id('8', o.label)) + " else " +
           in_quotes(first_id.substr(0, first_id.size() - 12)) + " || lpad((" +
           std::to_string(o.label * 1000) + " + n)::text, 12, '0') end::uuid from generate_series(0, " +
           std::to_string(o.times - 1) + ") n order by n), " + all(wallet(o.wallet) + "::uuid") +
           all("null::bigint") + all(number(o.amount) + "::bigint") +
           all(number(o.hours * Tokens{3'600'000}) + "::bigint") +
           all(o.lapse > 0 ? "'charge'::text" : "'release'::text") +
           all((o.lapse > 0 ? number(o.lapse) : "null") + "::bigint") + all(o.lapse > 0 ? "true" : "false") +
           all("null::text") + all("null::bytea") + all("null::text") + all("null::json") + deadline + ");";
}

std::string Subject::end_hold(std::span<Operation const> call) const
{
    auto const of = [&](char const* type, auto const& value) { return array_of(call, type, value) + ", "; };
    auto const none = [&](char const* type) { return nulls(call, type) + ", "; };
    return "select status, entry, amount, before, after, available, null, held from farebox_api.end_holds(" +
           callers(call) + of("uuid", [&](auto const& o) { return in_quotes(id('8', o.label)); }) +
           of("uuid", [&](auto const& o) { return in_quotes(id('8', o.of)); }) +
           of("bigint", [](auto const& o) { return number(o.kind == Kind::release ? 0 : o.amount); }) +
           of("boolean", [](auto const& o) { return o.clamp ? "true" : "false"; }) + none("text") +
           none("json") + deadline + ") order by n desc;";
}

std::string Subject::single(Operation const& o) const
{
    auto const wallet = this->wallet(o.wallet);
    auto const entry = in_quotes(id('8', o.label));
    auto const keyed = key(o) + ", " + print(o) + ", ";
    auto const amount = number(o.amount) + ", ";
    auto const move =
        std::string("select status, entry, amount, before, after, available, null, held from farebox_api.");
    switch (o.kind) {
    case Kind::spend:
        return move + "spend_one(" + caller() + entry + ", " + wallet + ", null, " + amount + "null, " +
               keyed + "null, null, " + deadline + ");";
    case Kind::mark_started:
        return "select status, hold, amount, null, null, null, null, null from farebox_api.mark_started(" +
               caller() + in_quotes(id('8', o.of)) + ", " + number(o.lapse) + ", " + deadline + ");";
    case Kind::grant:
        return move + "\"grant\"(" + caller() + entry + ", " + wallet + ", null, " + amount +
               in_quotes(classes.at(static_cast<std::size_t>(o.priority) / 2)) + ", " + number(o.priority) +
               ", " +
               (o.hours == 0
                    ? std::string("null")
                    : in_quotes(start_) + "::timestamptz + " + number(o.hours) + " * interval '1 hour'") +
               ", " + keyed + "null, null, " + deadline + ");";
    case Kind::transfer:
        return move + "transfer(" + caller() + entry + ", " + wallet + ", " + this->wallet(o.to) + ", " +
               amount + keyed + "null, null, " + deadline + ");";
    case Kind::reverse:
        return move + "reverse(" + caller() + entry + ", " + in_quotes(id('8', o.of)) + ", " +
               (o.amount == 0 ? std::string("null") : number(o.amount)) + ", " + keyed + "null, " + deadline +
               ");";
    case Kind::read:
        return "select status, case status when 'behind' then user_id end, balance, held, debt, null, null, "
               "null from "
               "farebox_api.balance(array[1], "
               "array['api_key'], array[" +
               proof() + "]::bytea[], array[" + wallet +
               "]::uuid[], array[null]::bigint[], array[null]::text[]);";
    case Kind::block:
    case Kind::unblock:
        return "update farebox.wallets set blocked_at = " +
               std::string(o.kind == Kind::block ? "clock_timestamp()" : "null") + " where id = " + wallet +
               "; select 'ok', null, null, null, null, null, null, null from farebox.lock_wallet(" + wallet +
               ");";
    case Kind::wait:
        return passing(o.hours);
    case Kind::owe:
        return owed(o);
    case Kind::confirm:
        return "do $$ begin perform farebox.lock_wallet(" + wallet +
               "); end $$; update auth.users set email_confirmed_at = coalesce(email_confirmed_at, now()) "
               "where id = " +
               wallet + "; select 'ok', null, null, null, null, null, null, null;";
    case Kind::leave:
        return "delete from auth.users where id = " + wallet +
               "; select 'ok', null, null, null, null, null, null, null;";
    case Kind::come_back:
        return registered(o.wallet) + "select 'ok', null, null, null, null, null, null, null;";
    default:
        throw std::logic_error("not a request of its own: " + line(o));
    }
}

// Time passes: everything that is written down with a time moves into the past.
std::string Subject::passing(int hours) const
{
    auto const by = number(hours) + " * interval '1 hour'";
    auto const range = wallets() + ";";
    return "update farebox.grants set created_at = created_at - " + by + ", expires_at = expires_at - " + by +
           " where wallet" + range + "update farebox.holds set created_at = created_at - " + by +
           ", expires_at = expires_at - " + by + ", started_at = started_at - " + by + " where wallet" +
           range + "update farebox.wallets set next_event_at = next_event_at - " + by + " where id" + range +
           "select 'ok', null, null, null, null, null, null, null;";
}

// A debt as a payment provider's refund leaves it: tokens claimed back that were spent, and lent in the same
// moment.
std::string Subject::owed(Operation const& o) const
{
    auto const wallet = this->wallet(o.wallet);
    auto const amount = number(o.amount);
    auto const posted = [&](char const* kind, char const* sides, char const* side, char const* seq,
                            std::string const& after) {
        return "insert into farebox.entries (id, debit, credit, amount, kind, " + std::string(side) +
               "_seq, " + side + "_after, created_at) select gen_random_uuid(), " + sides + ", " + amount +
               ", '" + kind + "', seq + " + seq + ", " + after +
               ", clock_timestamp() from farebox.wallets where id = " + wallet + ";";
    };
    return "do $$ begin perform farebox.lock_wallet(" + wallet + "); end $$;" +
           posted("debt", "'00000000-0000-7000-8000-000000000005', id", "credit", "1",
                  "balance + " + amount) +
           posted("reversal", "id, '00000000-0000-7000-8000-000000000001'", "debit", "2", "balance") +
           "update farebox.wallets set debt = debt + " + amount + ", seq = seq + 2 where id = " + wallet +
           "; select 'ok', null, null, null, null, null, null, null;";
}

// --- Observations

// Statements of their own, so that they see what the request did. The third looks for what verify does not:
// an event that comes before the wallet expects one would be missed.
std::string Subject::looks() const
{
    auto const range = wallets();
    return "select w.balance, w.held, w.debt, (select coalesce(sum(e.amount), 0) from farebox.entries e "
           "where "
           "e.debit = w.id and e.debit_seq > 0 and e.kind = 'expire'), w.next_event_at <= least("
           "(select min(h.expires_at) from farebox.holds h where h.wallet = w.id and h.open), "
           "(select min(g.expires_at) from farebox.grants g where g.wallet = w.id and g.remaining > 0 and "
           "not g.due "
           "and g.expires_at < 'infinity')) from farebox.wallets w where w.id" +
           range + " order by w.id; select nullif(violations, '[]')::text from farebox.verify(" +
           in_quotes(id('0', 0)) + ", " + number(wallets_) + ");";
}

Observed Subject::observed(std::vector<Answer> answers)
{
    auto const tables = session_->ask(looks()).value();
    auto result = Observed();
    result.answers = std::move(answers);
    result.steps = std::exchange(steps_, 0);
    for (auto const& row : tables.at(0)) {
        auto const tokens = [&](std::size_t column) { return std::stoll(row.at(column).value()); };
        result.wallets.push_back(
            {.balance = tokens(0), .held = tokens(1), .debt = tokens(2), .expired = tokens(3)});
        if (row.at(4).value_or("t") != "t") {
            result.broken +=
                "wallet " + std::to_string(result.wallets.size() - 1) + " would miss its next event; ";
        }
    }
    result.broken += tables.at(1).at(0).at(0).value_or("");
    return result;
}

Answer Subject::answer(std::vector<std::optional<std::string>> const& row) const
{
    auto const tokens = [&](std::size_t column) {
        return row.at(column) ? std::optional<Tokens>(std::stoll(*row[column])) : std::nullopt;
    };
    auto result = Answer{.status = row.at(0).value(),
                         .made = {},
                         .amount = tokens(2),
                         .before = tokens(3),
                         .after = tokens(4),
                         .available = tokens(5),
                         .became = row.at(6),
                         .held = tokens(7)};
    if (auto const& id = row.at(1)) {
        auto const ours = id->starts_with(prefix_);
        result.made = ours ? std::stoi(id->substr(id->rfind('-') + 1)) : -1;
    }
    return result;
}

Observed Subject::perform(std::span<Operation const> call)
{
    auto const& first = call.front();
    auto const person = static_cast<std::size_t>(first.wallet);
    if (first.kind == Kind::block || first.kind == Kind::unblock || first.kind == Kind::owe ||
        first.kind == Kind::confirm)
        catch_up(wallet(first.wallet)); // what no function does leaves nobody behind
    if (first.kind == Kind::come_back && !here_.at(person)) {
        wallet_of_.at(person) = wallets_++;
        here_.at(person) = true;
    }
    if (first.kind == Kind::leave) here_.at(person) = false;
    if (first.resend == Resend::cut) {
        for (auto number = 1; number <= wallets_; ++number)
            catch_up(in_quotes(id('0', number))); // so that the lost answer is none of `behind`
        lose_an_answer(request(call));
    }

    auto answers = answers_to(call);
    if (first.resend == Resend::twice) {
        auto const again = answers_to(call);
        answers.insert(answers.end(), again.begin(), again.end());
    }
    return observed(std::move(answers));
}

std::vector<Answer> Subject::answers_to(std::span<Operation const> call)
{
    auto const tables = session_->ask(request(call));
    if (!tables) throw std::runtime_error("the connection to the database broke");
    auto answers = std::vector<Answer>();
    auto behind = std::vector<Operation>();
    auto places = std::vector<std::size_t>();
    for (auto const& row : tables->at(0)) {
        answers.push_back(answer(row));
        if (answers.back().status != "behind") continue;
        catch_up(in_quotes(row.at(1).value()));
        behind.push_back(call[answers.size() - 1]);
        places.push_back(answers.size() - 1);
    }
    if (behind.empty()) return answers;
    auto const served = answers_to(behind);
    for (std::size_t i = 0; i < places.size(); ++i)
        answers[places[i]] = served.at(i);
    return answers;
}

void Subject::catch_up(std::string const& wallet)
{
    auto const sql = "select farebox_api.catch_up(" + wallet + ")";
    while (session_->ask(sql).value().at(0).at(0).at(0) == "t")
        ++steps_;
}

// Sends the request so that it is done and committed and nobody hears of it.
void Subject::lose_an_answer(std::string const& sql)
{
    line_->follow({});
    auto lossy = Session(support::target().database_url + " host='" + directory_ + "'");
    line_->follow({.fault = support::Fault::cut_after, .each = 1, .delay = {}});
    if (lossy.ask(sql)) throw std::runtime_error("an answer came through although it was to be lost");
}

Observed Subject::finish()
{
    auto sql = std::string("do $$ begin ");
    for (auto number = 1; number <= wallets_; ++number) {
        auto const wallet = in_quotes(id('0', number));
        catch_up(wallet);
        sql += "perform farebox.lock_wallet(" + wallet + "), farebox.flush(" + wallet + ");";
    }
    session_->ask(sql + " end $$;");
    return observed({});
}

std::vector<std::vector<std::string>> Subject::grants()
{
    auto result = std::vector<std::vector<std::string>>(static_cast<std::size_t>(wallets_));
    auto const tables = session_->ask("select g.wallet, g.entry, g.priority, g.remaining, g.amount from "
                                      "farebox.grants g where g.wallet" +
                                      wallets());
    for (auto const& row : tables.value().at(0)) {
        auto const last = [&](std::size_t column) { // -1: the ledger's own
            auto const& text = row.at(column).value();
            return text.starts_with(prefix_) ? std::stoi(text.substr(text.rfind('-') + 1)) : -1;
        };
        result.at(static_cast<std::size_t>(last(0)) - 1)
            .push_back("entry " + std::to_string(last(1)) + " priority " + *row.at(2) + ": " + *row.at(3) +
                       " of " + *row.at(4));
    }
    for (auto& one : result)
        std::sort(one.begin(), one.end());
    return result;
}

} // namespace model
