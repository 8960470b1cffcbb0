// The only callers of farebox_api.*: one method, one SQL function, one transaction.
//
// Refusals of single calls are thrown as base::Failure; spend_all answers them per request. Lost connections
// are settled here: the same call is sent again with the same ids until the deadline (ledger rule 2,
// ARCHITECTURE), then the answer is outcome_unknown. Every call carries `not_after` in the database's clock.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/db/session.hpp"
#include "shared/ledger/account.hpp"
#include "shared/ledger/types.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace ledger {

class Ledger {
  public:
    explicit Ledger(db::Options options);
    ~Ledger();

    // Through the lane: batched with whatever else waits.
    Receipt spend(Spend spend, base::Deadline deadline); // throws its refusal
    // Up to 1000, each answered as if they were sent singly in order.
    std::vector<Receipt> spend_all(std::vector<Spend> const& spends, base::Deadline deadline);
    HoldReceipt hold(PlaceHold hold, base::Deadline deadline);        // throws its refusal
    SettleReceipt settle(SettleHold settle, base::Deadline deadline); // throws its refusal
    Balance balance(UserRef const& user, Credential const& credential, base::Deadline deadline);

    // Singly.
    // Throws its refusal; hold_already_settled when the hold has lapsed, too.
    HoldReceipt dispatch(DispatchHold const& hold, base::Deadline deadline);
    Receipt grant(Grant const& grant, base::Deadline deadline);
    Receipt reverse(Reverse const& reverse, base::Deadline deadline);
    User create_user(NewUser const& user, base::Deadline deadline);
    // Newest first; `before` is a seq.
    std::vector<Entry> statement(UserRef const& user, int limit, std::optional<std::int64_t> before,
                                 Credential const& credential, base::Deadline deadline);
    std::optional<ApiKey> api_key(base::Sha256 const& hash, base::Deadline deadline);

    // People with an account (account.hpp). Each may be sent again at will; throws its refusal.
    Account account(Person const& person, base::Deadline deadline);
    Account rename_account(Person const& person, std::optional<std::string> const& display_name,
                           base::Deadline deadline);
    std::string export_account(Person const& person, base::Deadline deadline);
    void erase_account(Person const& person, base::Deadline deadline);
    std::int64_t unused_number(base::Deadline deadline);

    // One event a lane that was used since the last time: how many requests came, in how many calls of which
    // sizes, and how many found too much waiting.
    void log_lanes();

    // Returns when the database answers.
    void ping(base::Deadline deadline);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace ledger
