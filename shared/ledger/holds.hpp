// Tokens set aside until it is known how many are used: farebox_api.place_holds, end_holds and mark_started.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/base/failure.hpp"
#include "shared/base/secret.hpp"
#include "shared/db/caller.hpp"
#include "shared/db/move_batcher.hpp"
#include "shared/db/session.hpp"
#include "shared/db/status.hpp"
#include "shared/ledger/user_ref.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ledger {

struct PlaceHold {
    db::Caller caller;
    UserRef user; // whose tokens
    base::Uuid hold = new_id(user);
    std::int64_t amount = 0;
    std::int64_t ttl_ms = 0;                       // 1 s to 24 h
    std::string on_lapse = "release";              // or charge
    std::optional<std::int64_t> lapse_amount = {}; // what `charge` charges: 1 to amount
    bool started = false; // what the tokens are for has begun: from the start a lapse may charge
    std::string description = {};
    std::optional<Metadata> metadata = {};
    std::optional<std::string> key = {}; // the client's idempotency key
};

base::Sha256 fingerprint(PlaceHold const& hold);

// One row of place_holds or mark_started.
struct HoldRow {
    std::string status;
    std::optional<base::Uuid> hold;
    std::optional<std::int64_t>
        amount; // with insufficient_balance: what was required; hold_already_settled: captured
    std::optional<std::int64_t> available; // with insufficient_balance: what there is
    std::optional<std::int64_t> expires_at_us;
    std::optional<std::int64_t> at_us;
    std::optional<std::string> state = {};
    std::optional<std::int64_t> captured = {};
    std::optional<std::int64_t> held = {}; // with insufficient_balance: by open holds

    std::optional<base::Uuid> behind() const { return db::row_behind(status, hold); }
};

// Placed, or marked as started.
struct HoldReceipt {
    base::Uuid hold = {};
    std::int64_t amount = 0;                    // held; of a mark: the estimate
    std::optional<std::int64_t> available = {}; // free after it; empty where the first answer is given again
    std::int64_t expires_at_us = 0;
    std::int64_t at_us = 0;
    // What has become of it by now, which a replay tells too: open, captured, released, lapsed (it may still be captured), charged.
    std::string state = "open";
    std::optional<std::int64_t> captured = {}; // empty while it is open or has lapsed
    bool replayed = false;
    std::optional<base::Failure> refusal = {};
};

HoldReceipt hold_receipt_of(HoldRow const& row, base::Uuid const& own);

// The end of a hold. An amount is captured, the rest of the hold is free; 0 releases all of it.
struct EndHold {
    db::Caller caller;
    base::Uuid hold;
    base::Uuid id = new_id_beside(hold); // of this request, and of the entry it may make
    std::int64_t amount = 0;
    bool clamp = false;                          // take what there is rather than refuse
    std::optional<std::string> description = {}; // empty: the hold's
    std::optional<Metadata> metadata = {};       // empty: the hold's
};

// One row of end_holds.
struct EndRow {
    std::string status;
    std::optional<base::Uuid> entry;
    std::optional<std::int64_t>
        amount; // with insufficient_balance: what was required; hold_already_settled: captured
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> after;
    std::optional<std::int64_t> available; // with insufficient_balance: what could be captured
    std::optional<std::int64_t> at_us;
    std::optional<std::int64_t> released;
    std::optional<base::Uuid> settled_by;  // the id of the request that ended it; empty after a lapse
    std::optional<std::int64_t> held = {}; // with insufficient_balance: by open holds, this one included

    std::optional<base::Uuid> behind() const { return db::row_behind(status, entry); }
};

struct EndReceipt {
    std::optional<base::Uuid> entry = {}; // empty where nothing was captured; before and after are then 0
    std::int64_t amount = 0;              // captured; of a clamped capture maybe less than was asked
    std::int64_t released = 0;            // of what was held
    std::int64_t before = 0;
    std::int64_t after = 0;
    std::int64_t at_us = 0;
    bool replayed = false;
    std::optional<base::Failure> refusal = {};
};

EndReceipt end_receipt_of(EndRow const& row, base::Uuid const& own);

// One call each; throws what db::Connection::call throws.
std::vector<HoldRow> place_holds(db::Connection& connection, db::MoveCall<PlaceHold> const& call,
                                 db::NotAfter not_after);
std::vector<EndRow> end_holds(db::Connection& connection, db::MoveCall<EndHold> const& call,
                              db::NotAfter not_after);

// What the tokens of a hold are for is about to begin: from here on its lapse charges the estimate.
struct MarkStarted {
    db::Caller caller;
    base::Uuid hold;
    std::int64_t lapse_amount = 0; // 1 to what is held
};

// Throws its refusal; hold_already_settled when the hold has lapsed, too.
HoldReceipt mark_started(db::Session& session, MarkStarted const& hold, base::Deadline deadline);

} // namespace ledger

template <>
struct db::Move<ledger::PlaceHold> {
    using Row = ledger::HoldRow;
    using Answer = ledger::HoldReceipt;

    static ContendedRows::Name row_name(ledger::PlaceHold const& hold)
    {
        return {hold.user.id, hold.user.number};
    }
    static Answer answer(Row const& row, ledger::PlaceHold const& hold)
    {
        return ledger::hold_receipt_of(row, hold.hold);
    }
};

template <>
struct db::Move<ledger::EndHold> {
    using Row = ledger::EndRow;
    using Answer = ledger::EndReceipt;

    // Whose wallet it is only the database knows.
    static ContendedRows::Name row_name(ledger::EndHold const& hold) { return {hold.hold, {}}; }
    static Answer answer(Row const& row, ledger::EndHold const& hold)
    {
        return ledger::end_receipt_of(row, hold.id);
    }
};
