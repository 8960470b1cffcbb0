// What the lane must know of each kind of move: the row that answers it, what a caller is given for that, and
// what the request calls its wallet.
#pragma once

#include "shared/ledger/move_row.hpp"
#include "shared/ledger/stuck_wallets.hpp"
#include "shared/ledger/types.hpp"

namespace ledger {

template <class Request>
struct Move;

template <>
struct Move<Spend> {
    using Row = MoveRow;
    using Answer = Receipt;
    static constexpr Subject subject = Subject::user;

    static StuckWallets::Name wallet(Spend const& spend) { return {spend.user.id, spend.user.number}; }
    static Receipt answer(MoveRow const& row, Spend const& spend)
    {
        return receipt_of(row, spend.entry, subject);
    }
};

template <>
struct Move<PlaceHold> {
    using Row = HoldRow;
    using Answer = HoldReceipt;
    static constexpr Subject subject = Subject::user;

    static StuckWallets::Name wallet(PlaceHold const& hold) { return {hold.user.id, hold.user.number}; }
    static HoldReceipt answer(HoldRow const& row, PlaceHold const& hold)
    {
        return hold_receipt_of(row, hold.hold, subject);
    }
};

template <>
struct Move<SettleHold> {
    using Row = SettleRow;
    using Answer = SettleReceipt;
    static constexpr Subject subject = Subject::hold;

    // Whose wallet it is only the database knows.
    static StuckWallets::Name wallet(SettleHold const& hold) { return {hold.hold, {}}; }
    static SettleReceipt answer(SettleRow const& row, SettleHold const& hold)
    {
        return settle_receipt_of(row, hold.id);
    }
};

} // namespace ledger
