// One connection to Postgres and the only way to use it: one function call, one statement, one transaction.
// Works through a transaction pooler: PQexecParams semantics only, no prepared statements, no session state.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/failure.hpp"
#include "shared/base/secret.hpp"
#include "shared/db/params.hpp"
#include "shared/db/rows.hpp"

#include <memory>
#include <string>
#include <string_view>

struct pg_conn;

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
    CallFailed(Outcome outcome, std::string sqlstate, std::string log)
        : outcome(outcome), sqlstate(std::move(sqlstate)), log(std::move(log))
    {
    }
    char const* what() const noexcept override { return log.c_str(); }

    Outcome outcome;
    std::string sqlstate; // "" when there was none
    std::string log;      // SQLSTATE and the server's primary message; never parameters or the conninfo
};

class Connection {
  public:
    explicit Connection(Options options);
    ~Connection();
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;

    // Runs one statement with a deadline; results come in binary. Connects first when there is no live
    // connection (a dead idle one is noticed before anything is sent). Throws CallFailed. Past the deadline
    // the query is cancelled, the connection is dropped and the outcome is unknown. SQLSTATE classes 08 and
    // 57P met after sending, 40003, and a lost connection are unknown; every other SQLSTATE is rolled_back
    // (facts: retry table for a debit).
    Rows call(std::string_view sql, Params const& params, base::Deadline deadline);

    // The database's clock minus ours, microseconds; asked at connect (outside any call's transaction).
    std::int64_t clock_offset_us() const { return clock_offset_us_; }

    // Forget the measured clock: it is asked again before the next call (after an answer `late`).
    void remeasure_clock() { clock_known_ = false; }

    // Counts connects, so a caller can tell that a call ran on another connection than the last.
    std::uint64_t generation() const { return generation_; }

  private:
    void connect(base::Deadline deadline);
    void measure_clock(base::Deadline deadline);
    Rows execute(std::string_view sql, Params const& params, base::Deadline deadline);
    bool alive();
    void drop();

    Options options_;
    pg_conn* handle_ = nullptr;
    std::int64_t clock_offset_us_ = 0;
    bool clock_known_ = false;
    std::uint64_t generation_ = 0;
};

// The public error for a failed call that is not retried: 25006 and 53100 maintenance; 57014, 40xxx, 53xxx,
// 55P03, not_sent busy; unknown outcome_unknown; a state of errors.def its error; anything else internal.
base::Failure to_failure(CallFailed const& failed);

} // namespace db
