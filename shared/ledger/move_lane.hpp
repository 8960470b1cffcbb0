// Moves of one kind on their way to the database (spends, holds, settlements of holds): batched by a lane,
// settled one by one.
//
// Every request keeps its own time. A batch carries those that wait; whatever is not final after the call (a
// lost connection, a locked wallet, a clock that was off) goes back to the thread that submitted it, which
// sends it again in a later batch or gives up at its own deadline. So one request in trouble never keeps the
// others of its batch.
//
// The deadline of a call is that of the earliest request it carries (settlement.hpp: half of what that one
// has left). A request with less than 200 ms left is not sent at all. One with less time than a lock may take
// goes in a call of its own that waits for no locks; since its thread waits for the whole batch it does cut
// short the call of the others, but to no less than 400 ms, which is more than a call takes unless the
// database hangs. So a request is answered at the latest half a second after its deadline, and at its
// deadline as a rule.
//
// A wallet that somebody else holds: the call fails with 55P03 after the role's lock_timeout and is sent
// again without waiting for locks, so that only that wallet's requests are answered `busy`. They are tried
// again, and so is everything new for that wallet, in a call of their own that never waits (StuckWallets).
//
// The order within a group is kept for each wallet: all of a wallet's requests are answered in one call, or
// none of them is.
#pragma once

#include "shared/base/clock.hpp"
#include "shared/db/connection.hpp"
#include "shared/db/lane.hpp"
#include "shared/ledger/move.hpp"
#include "shared/ledger/settlement.hpp"
#include "shared/ledger/stuck_wallets.hpp"
#include "shared/ledger/types.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <variant>
#include <vector>

namespace ledger {

// One call of the function that serves this kind of move.
template <class Request>
struct MoveCall {
    std::vector<Request const*> requests;
    bool skip_locked = false;     // answer `busy` instead of waiting for a lock
    bool remeasure_clock = false; // before sending
    base::Deadline deadline;
};

inline constexpr std::size_t lane_batch_max = 128;

template <class Request>
class MoveLane {
  public:
    using Row = typename Move<Request>::Row;
    using Answer = typename Move<Request>::Answer;

    // Makes the call: a row a request, in order, or CallFailed. Fills in the Sending before anything leaves.
    using Caller = std::function<std::vector<Row>(MoveCall<Request> const&, Sending&)>;

    // `waiting_max`: requests that may wait for a call; beyond that they are answered `busy` at once.
    explicit MoveLane(Caller caller, std::size_t waiting_max = db::lane_waiting_max);

    // Blocks until each is answered. Each answer is what the requests, sent one by one in this order, would
    // have got. A wallet's requests take turns with those of others; a group counts for its first wallet.
    std::vector<Answer> submit(std::vector<Request> const& requests, base::Deadline deadline);

    // How many groups wait for a call at this moment.
    std::size_t waiting() { return lane_.waiting(); }

    // What it has done since the counts were taken.
    db::LaneCounts counts() { return lane_.counts(); }
    db::LaneCounts take_counts() { return lane_.take_counts(); }

  private:
    struct Item {
        Request const* request = nullptr;
        base::Deadline deadline;
        bool cautious = false;
        bool remeasure_clock = false;
    };

    // What one request got from one batch.
    struct Sent {
        Sending sending;
        std::variant<Row, db::CallFailed> answer;
        bool turned_away = false; // nothing was sent: too much waits
    };

    class Open;

    std::vector<Sent> ride(std::vector<Item> items, base::Deadline deadline, std::uint64_t flow);
    std::vector<Open> open(std::vector<Request> const& requests, base::Deadline deadline,
                           std::vector<Answer>& answers);
    bool close(Open& open, Sent const& sent);
    bool may_wait(Open& open);
    std::vector<Sent> execute(std::span<Item const> batch);
    void send(std::span<Item const> batch, std::span<std::size_t const> which, bool skip_locked,
              std::vector<Sent>& answers);
    static MoveCall<Request> call_for(std::span<Item const> batch, std::span<std::size_t const> which,
                                      bool skip_locked);

    Caller caller_;
    StuckWallets stuck_;
    db::Lane<Item, Sent> lane_;
};

extern template class MoveLane<Spend>;
extern template class MoveLane<PlaceHold>;
extern template class MoveLane<SettleHold>;

} // namespace ledger
