// What many ask of wallets at the same time: each kind of request goes through a batcher of its own, so that one call of the
// database answers all that wait.
//
// Refusals of single requests are thrown as base::Failure; spend_all answers them per request. After a lost
// connection the same call is sent again with the same ids until the deadline (db/resend.hpp), then the answer is
// outcome_unknown. What is not batched is a function over db::Session, beside its request (grants, entries, holds).
#pragma once

#include "shared/base/clock.hpp"
#include "shared/db/session.hpp"
#include "shared/ledger/balances.hpp"
#include "shared/ledger/holds.hpp"
#include "shared/ledger/spends.hpp"

#include <memory>
#include <vector>

namespace ledger {

class Ledger {
  public:
    // The session outlives it.
    explicit Ledger(db::Session& session);
    ~Ledger();

    Receipt spend(Spend spend, base::Deadline deadline);
    // Up to 1000, each answered as if they were sent singly in order.
    std::vector<Receipt> spend_all(std::vector<Spend> const& spends, base::Deadline deadline);
    HoldReceipt place_hold(PlaceHold hold, base::Deadline deadline);
    EndReceipt end_hold(EndHold hold, base::Deadline deadline);
    Balance balance(ReadBalance const& asked, base::Deadline deadline);

    // One event a batcher that was used since the last time: how many requests came, in how many calls of which
    // sizes, and how many found too much waiting.
    void log_batches();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace ledger
