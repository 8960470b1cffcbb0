// One connection to Postgres and the only way to use it: one function call, one statement, one transaction.
// Works through a transaction pooler: PQexecParams semantics only, no prepared statements, no session state.
//
// Every wait ends at a deadline, with one exception: libpq resolves a host name in its own time. Where a name
// server may fail, the conninfo should carry hostaddr as well.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/failure.hpp"
#include "shared/base/secret.hpp"
#include "shared/db/params.hpp"
#include "shared/db/rows.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

struct pg_conn;
struct pg_result;

namespace db {

struct Options {
    base::Secret conninfo;         // libpq keywords or a URI
    int connect_timeout_ms = 2000; // ours, finer than libpq's
    std::string application_name = "farebox";
};

// What is known about a call that failed. Branch on `outcome`; the SQLSTATE is for the log and the finer
// decisions.
enum class Outcome {
    not_sent,    // nothing reached the server: may be sent again at will
    rolled_back, // the server said so (sqlstate): nothing took effect
    unknown,     // it may have committed: only the same ids may be sent again
};

class CallFailed : public std::exception {
  public:
    CallFailed(Outcome what, std::string state, std::string text)
        : outcome(what), sqlstate(std::move(state)), log(std::move(text))
    {
    }
    char const* what() const noexcept override { return log.c_str(); }

    Outcome outcome;
    std::string sqlstate; // "" when there was none
    std::string log;      // SQLSTATE and the server's primary message; never parameters or the conninfo
    std::chrono::milliseconds unreachable{0}; // not_sent: how long connecting has failed by now
};

class Connection {
  public:
    explicit Connection(Options options);
    ~Connection();
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;

    // Makes sure of a live connection with a measured clock; a dead idle one is noticed. Throws CallFailed
    // not_sent. After a failed attempt to connect the next one waits 100 ms, growing to 1 s (refused
    // credentials: to 5 s, since a pooler bans hosts that hammer); calls in between fail at once.
    void ready(base::Deadline deadline);

    // ready(), then runs one statement; results come in binary. Throws CallFailed. Past the deadline the
    // query is cancelled, the connection is dropped and the outcome is unknown. Once something was sent, a
    // lost connection, SQLSTATE classes 08 and 57P, 40003, and any FATAL or PANIC are unknown; every other
    // SQLSTATE is rolled_back. Success is the server's ReadyForQuery, not its rows: they come before the
    // commit.
    Rows call(std::string_view sql, Params const& params, base::Deadline deadline);

    // The same for one function, "farebox_api.balance": its parameters stand in the order of its arguments. one() takes the
    // single row that the function answers; another number of rows is another function: Failure internal.
    Rows all(std::string_view function, Params const& params, base::Deadline deadline);
    Rows one(std::string_view function, Params const& params, base::Deadline deadline);

    // That moment by the database's clock, microseconds since 1970 UTC; right within clock_error_us().
    std::int64_t database_us(base::Deadline moment) const;
    // Half the round trip of the measurement.
    std::int64_t clock_error_us() const { return clock_error_us_; }

    // Forget the measured clock: it is asked again before the next call (after an answer `late`).
    void remeasure_clock() { clock_known_ = false; }

    // Counts connects, so a caller can tell that a call ran on another connection than the last.
    std::uint64_t generation() const { return generation_; }

  private:
    void connect(base::Deadline deadline);
    void handshake(base::Deadline deadline);
    [[noreturn]] void connect_failed(std::string const& sqlstate, std::string const& reason);
    void measure_clock(base::Deadline deadline);
    Rows execute(std::string_view sql, Params const& params, base::Deadline deadline);
    void send(std::string_view sql, Params const& params);
    std::shared_ptr<pg_result> next_result(base::Deadline deadline);
    void wait_for_answer(base::Deadline deadline);
    [[noreturn]] void lost(std::string const& reason);
    [[noreturn]] void statement_failed(pg_result const* error, base::Deadline deadline);
    bool alive();
    void drop();
    void cancel();
    static void notice(void* self, pg_result const* result);

    Options options_;
    pg_conn* handle_ = nullptr;
    bool fatal_ = false; // the server announced the end of this connection
    std::uint64_t generation_ = 0;

    bool clock_known_ = false;
    std::int64_t clock_offset_us_ = 0; // the database's clock minus our monotonic one
    std::int64_t clock_error_us_ = 0;

    std::optional<base::Deadline> unreachable_since_;
    base::Deadline next_attempt_{};
    std::chrono::milliseconds pause_{0};

    std::shared_ptr<std::atomic<bool>> cancelling_;
};

// Whether nothing took effect, once the statement was sent: `severity` is the untranslated one.
Outcome outcome_of(std::string_view sqlstate, std::string_view severity);

// The public error for a failed call that is not retried: 25006 and 53100 maintenance; 57014, 40xxx, 53xxx,
// 55P03, not_sent busy; unknown outcome_unknown; a state of errors.def its error; anything else internal.
base::Failure to_failure(CallFailed const& failed);

} // namespace db
