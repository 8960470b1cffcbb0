#include "shared/db/connection.hpp"

#include "shared/base/log.hpp"
#include "shared/db/conninfo.hpp"
#include "shared/db/socket.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace db {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds reconnect_pause_first{100};
constexpr milliseconds reconnect_pause_most{1000};
constexpr milliseconds reconnect_pause_refused{5000};

std::string field(pg_result const* result, int code)
{
    auto const* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string() : std::string(text);
}

std::int64_t since_start_us(base::Deadline moment)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(moment.time_since_epoch()).count();
}

CallFailed not_sent(std::string log)
{
    return CallFailed(Outcome::not_sent, "", std::move(log));
}

} // namespace

Connection::Connection(Options options)
    : options_(std::move(options)), cancelling_(std::make_shared<std::atomic<bool>>(false))
{
}

Connection::~Connection()
{
    drop();
}

void Connection::ready(base::Deadline deadline)
{
    if (handle_ != nullptr && !alive()) drop();
    if (handle_ == nullptr) connect(deadline);
    if (!clock_known_) measure_clock(deadline);
}

Rows Connection::call(std::string_view sql, Params const& params, base::Deadline deadline)
{
    ready(deadline);
    return execute(sql, params, deadline);
}

Rows Connection::all(std::string_view function, Params const& params, base::Deadline deadline)
{
    auto sql = std::string("select * from ").append(function).append("(");
    for (std::size_t i = 1; i <= params.values().size(); ++i)
        sql += (i == 1 ? "$" : ",$") + std::to_string(i);
    return call(sql + ")", params, deadline);
}

Rows Connection::one(std::string_view function, Params const& params, base::Deadline deadline)
{
    auto rows = all(function, params, deadline);
    if (rows.size() != 1)
        throw base::Failure(base::Error::internal, "not one row from " + std::string(function));
    return rows;
}

std::int64_t Connection::database_us(base::Deadline moment) const
{
    return since_start_us(moment) + clock_offset_us_;
}

// --- Connecting

void Connection::connect(base::Deadline deadline)
{
    auto const now = std::chrono::steady_clock::now();
    if (now < next_attempt_) {
        auto failed = not_sent("not connected; the next attempt is due later");
        failed.unreachable = std::chrono::duration_cast<milliseconds>(now - unreachable_since_.value_or(now));
        throw failed;
    }
    handle_ = start_connect(options_.conninfo, options_.application_name);
    if (handle_ == nullptr) connect_failed("", "the connection string is not valid");
    if (PQstatus(handle_) == CONNECTION_BAD) connect_failed("", connect_reason(PQerrorMessage(handle_)));
    PQsetErrorVerbosity(handle_, PQERRORS_SQLSTATE);
    PQsetNoticeReceiver(handle_, notice, this);
    handshake(std::min(deadline, now + milliseconds(options_.connect_timeout_ms)));

    // Without this a large batch would be written by a blocking send that knows no deadline.
    if (PQsetnonblocking(handle_, 1) != 0) connect_failed("", "the socket cannot be made non-blocking");
    unreachable_since_.reset();
    pause_ = milliseconds{0};
    fatal_ = false;
    clock_known_ = false;
    ++generation_;
    base::log::event(base::log::Level::info, "database_connected");
}

void Connection::handshake(base::Deadline deadline)
{
    // Until the first PQconnectPoll, libpq waits to write.
    for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK; state = PQconnectPoll(handle_)) {
        if (state == PGRES_POLLING_FAILED) {
            auto const message = std::string(PQerrorMessage(handle_));
            connect_failed(connect_sqlstate(message), connect_reason(message));
        }
        short const events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!wait_for(PQsocket(handle_), events, deadline))
            connect_failed("", "the server did not answer in time");
    }
}

void Connection::connect_failed(std::string const& sqlstate, std::string const& reason)
{
    drop();
    auto const now = std::chrono::steady_clock::now();
    auto const most = sqlstate.starts_with("28") ? reconnect_pause_refused : reconnect_pause_most;
    pause_ = std::min(std::max(reconnect_pause_first, pause_ * 2), most);
    next_attempt_ = now + pause_;
    if (!unreachable_since_) unreachable_since_ = now;
    base::log::event(base::log::Level::warning, "database_unreachable",
                     {{"sqlstate", sqlstate}, {"reason", reason}, {"pause_ms", pause_.count()}});

    auto failed = CallFailed(Outcome::not_sent, sqlstate, "cannot connect: " + reason);
    failed.unreachable = std::chrono::duration_cast<milliseconds>(now - *unreachable_since_);
    throw failed;
}

void Connection::measure_clock(base::Deadline deadline)
{
    auto const asked = std::chrono::steady_clock::now();
    try {
        auto const rows = execute("select pg_catalog.clock_timestamp()", Params{}, deadline);
        auto const answered = std::chrono::steady_clock::now();
        clock_error_us_ = (since_start_us(answered) - since_start_us(asked)) / 2;
        clock_offset_us_ = rows.timestamp_us(0, 0) - since_start_us(asked) - clock_error_us_;
        clock_known_ = true;
    } catch (CallFailed const& failed) {
        // The question moved nothing, and the caller's statement has not been sent.
        throw CallFailed(Outcome::not_sent, failed.sqlstate, "cannot read the clock: " + failed.log);
    }
}

// The server may have gone since the last call, which PQstatus does not know; what it left behind is
// readable. Finding out now is what makes the next call's failure not_sent instead of unknown.
bool Connection::alive()
{
    while (PQstatus(handle_) == CONNECTION_OK && !fatal_) {
        if (!readable(PQsocket(handle_))) return true;
        if (PQconsumeInput(handle_) == 0) return false;
        PQisBusy(handle_); // parses what came: a setting that changed, or the server's farewell (see notice)
    }
    return false;
}

void Connection::drop()
{
    PQfinish(handle_);
    handle_ = nullptr;
}

void Connection::notice(void* self, pg_result const* result)
{
    auto const severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity == "FATAL" || severity == "PANIC") static_cast<Connection*>(self)->fatal_ = true;
    base::log::event(base::log::Level::info, "database_notice",
                     {{"severity", severity},
                      {"sqlstate", field(result, PG_DIAG_SQLSTATE)},
                      {"message", field(result, PG_DIAG_MESSAGE_PRIMARY)}});
}

// --- One statement

Rows Connection::execute(std::string_view sql, Params const& params, base::Deadline deadline)
{
    send(sql, params);
    auto const first = next_result(deadline);
    if (first == nullptr) lost("the server answered nothing");
    auto const status = PQresultStatus(first.get());
    if (status == PGRES_FATAL_ERROR) statement_failed(first.get(), deadline);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) lost("the server answered something else");

    // The rows are sent before the commit. It has happened when the server is ready again, and only then: an
    // error or a lost connection in between takes the rows back.
    auto const rest = next_result(deadline);
    if (rest != nullptr && PQresultStatus(rest.get()) == PGRES_FATAL_ERROR)
        statement_failed(rest.get(), deadline);
    if (rest != nullptr || PQtransactionStatus(handle_) != PQTRANS_IDLE)
        lost("the server did not finish the transaction");

    return Rows(first);
}

void Connection::send(std::string_view sql, Params const& params)
{
    auto types = std::vector<Oid>();
    auto values = std::vector<char const*>();
    auto lengths = std::vector<int>();
    for (auto const& [oid, bytes] : params.values()) {
        types.push_back(oid);
        values.push_back(bytes ? bytes->data() : nullptr);
        lengths.push_back(bytes ? static_cast<int>(bytes->size()) : 0);
    }
    auto const formats = std::vector<int>(types.size(), 1);
    // A failure here may have written a part, and libpq does not say which: so it is not not_sent.
    if (PQsendQueryParams(handle_, std::string(sql).c_str(), static_cast<int>(types.size()), types.data(),
                          values.data(), lengths.data(), formats.data(), 1) == 0)
        lost("the statement could not be sent");
}

// The next result of the running statement; null when the server is ready for another.
std::shared_ptr<pg_result> Connection::next_result(base::Deadline deadline)
{
    wait_for_answer(deadline);
    return {PQgetResult(handle_), PQclear};
}

void Connection::wait_for_answer(base::Deadline deadline)
{
    for (;;) {
        auto const unsent = PQflush(handle_);
        if (PQisBusy(handle_) == 0) return;
        if (unsent < 0) lost("the connection was lost");
        auto const events = static_cast<short>(POLLIN | (unsent > 0 ? POLLOUT : 0));
        if (!wait_for(PQsocket(handle_), events, deadline)) {
            cancel();
            lost("no answer before the deadline");
        }
        // Reading first, whatever poll said: a server that stops reading may be waiting for us to read.
        if (PQconsumeInput(handle_) == 0) lost("the connection was lost");
    }
}

void Connection::lost(std::string const& reason)
{
    drop();
    throw CallFailed(Outcome::unknown, "", reason);
}

void Connection::statement_failed(pg_result const* error, base::Deadline deadline)
{
    auto const sqlstate = field(error, PG_DIAG_SQLSTATE);
    auto const outcome = outcome_of(sqlstate, field(error, PG_DIAG_SEVERITY_NONLOCALIZED));
    auto const log = sqlstate.empty() ? "the server's answer could not be read"
                                      : sqlstate + " " + field(error, PG_DIAG_MESSAGE_PRIMARY);

    // A statement that failed stays failed, whatever becomes of the connection now. A server that cannot
    // write may be an old primary: the next call should look for the new one.
    auto usable = outcome == Outcome::rolled_back && sqlstate != "25006";
    try {
        while (usable && next_result(deadline) != nullptr) {
        }
    } catch (CallFailed const&) {
        usable = false;
    }
    if (!usable || PQtransactionStatus(handle_) != PQTRANS_IDLE) drop();
    throw CallFailed(outcome, sqlstate, log);
}

// Asks the server to stop what it is doing for us. PQcancel connects and waits without a deadline of its own,
// so it gets a thread, and never more than one: whatever it cannot stop ends by the role's statement_timeout.
void Connection::cancel()
{
    if (cancelling_->exchange(true)) return;
    auto const request = std::shared_ptr<PGcancel>(PQgetCancel(handle_), PQfreeCancel);
    try {
        std::thread([request, busy = cancelling_] {
            char reason[256];
            if (request != nullptr) PQcancel(request.get(), reason, static_cast<int>(sizeof reason));
            *busy = false;
        }).detach();
    } catch (std::system_error const&) { // no thread to be had: then without
        *cancelling_ = false;
    }
}

} // namespace db
