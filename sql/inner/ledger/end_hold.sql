-- farebox.end_hold: ends one hold of a wallet that is locked and up to date: captures tokens, or releases it.
--
-- Called by   farebox_api.end_holds, which documents arguments and answers
-- Locks       nothing: the caller holds the wallet, and whoever changes a hold holds its wallet
-- Leaves      next_event_at to the caller, who sets it once for all the holds of a wallet that it ends
-- Answers     replayed, hold_already_settled, invalid_amount, wallet_blocked, subscription_expired, insufficient_balance,
--             short, ok
--
-- A capture may take the hold's own tokens, whatever has become of the wallet since: the work was done. What it takes beyond
-- them is a plain spend, with the checks of one, and a late capture of a hold that lapsed and released is nothing else. Clamped,
-- an open hold is captured with its own tokens where a spend would be refused. A capture burns what due grants kept for the hold
-- first; what they kept and it did not need expires here, before a debt may be paid from what the hold sets free.

create or replace function farebox.end_hold(
    p_entry uuid, p_hold uuid, p_amount bigint, p_clamp boolean, p_description text, p_metadata json,
    p_gate text, p_now timestamptz,
    out status text, out entry uuid, out amount bigint, out before bigint, out after bigint, out available bigint,
    out held bigint, out at timestamptz, out released bigint, out settled_by uuid)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    w farebox.wallets;
    h farebox.holds;
    v_own bigint;     -- of the hold, while it is open
    v_free bigint;    -- beside it
    v_most bigint;    -- what may be captured
    v_take bigint;
    v_refusal text;   -- of a plain spend, where more than the hold's own is asked for
    v_kept boolean;
begin
    at := p_now;
    select x.* into h from farebox.holds x where x.id = p_hold;
    if h.captured is not null then
        amount := h.captured;
        if coalesce(h.asked, h.captured) <> p_amount then
            status := 'hold_already_settled';
            return;
        end if;
        select x.debit_after + x.amount, coalesce(x.answered, x.debit_after), x.created_at into before, after, at
          from farebox.entries x where x.id = h.entry;
        status := 'replayed';
        entry := h.entry;
        at := coalesce(h.settled_at, at);
        released := greatest(0, h.amount - h.captured);
        settled_by := h.settled_by;
        return;
    end if;

    if p_amount not between 0 and 1000000000000 then
        status := 'invalid_amount';
        return;
    end if;
    select x.* into w from farebox.wallets x where x.id = h.wallet;
    v_own := case when h.open then h.amount else 0 end;
    if p_amount > v_own then
        v_refusal := case when w.blocked_at is not null then 'wallet_blocked'
                          when (w.subscription_until <= p_now and p_gate <> 'never')
                               or (w.subscription_until is null and p_gate = 'required')
                              then 'subscription_expired' end;
    end if;
    if v_refusal is not null and not (h.open and p_clamp) then
        status := v_refusal;
        return;
    end if;
    v_free := case when w.debt > 0 then 0 else w.balance - w.held end; -- a debt leaves nothing free
    v_most := v_own + case when v_refusal is null then v_free else 0 end;
    v_take := least(p_amount, v_most);
    if v_take < p_amount and not p_clamp then
        status := 'insufficient_balance';
        amount := p_amount;
        available := v_most;
        held := w.held;
        return;
    end if;

    v_kept := h.open and exists (
        select from farebox.grants x where x.wallet = h.wallet and x.remaining > 0 and x.due);
    if v_kept then
        perform farebox.flush(h.wallet);
        perform farebox.attribute(h.wallet, w.burned, v_take, h.created_at);
    end if;
    entry := case when v_take > 0 then p_entry end;
    -- Without kept tokens a capture burns what a plain spend would, so it only counts as one does (ledger rule 3).
    update farebox.wallets x
       set balance = x.balance - v_take, burned = x.burned + v_take, seq = x.seq + (v_take > 0)::int,
           attributed = x.attributed + case when v_kept then v_take else 0 end,
           held = x.held - case when h.open then h.amount else 0 end, open_holds = x.open_holds - h.open::int
     where x.id = h.wallet;
    update farebox.holds x
       set open = false, captured = v_take, entry = end_hold.entry, asked = p_amount, settled_by = p_entry,
           settled_at = p_now
     where x.id = p_hold;

    if v_kept then
        perform farebox.bring_up_to_date(h.wallet, p_now, 0); -- lets go and pays a debt
    elsif h.open and w.debt > 0 then
        perform farebox.pay_debt(h.wallet, p_now);
    end if;
    after := w.balance - v_take;
    available := v_own + v_free - v_take;
    if v_kept or w.debt > 0 then
        select x.balance, case when x.debt > 0 then 0 else x.balance - x.held end into after, available
          from farebox.wallets x where x.id = h.wallet;
    end if;
    if v_take > 0 then -- last, since it tells what the whole call left
        insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, answered, burn_from,
                                     created_at, description, metadata)
        values (p_entry, h.wallet, farebox.operator_wallet('consumed'), v_take, 'spend', w.seq + 1,
                w.balance - v_take, nullif(after, w.balance - v_take), w.burned, p_now,
                coalesce(p_description, h.description), coalesce(p_metadata, h.metadata));
        before := w.balance;
    else
        after := null;
    end if;
    status := case when v_take < p_amount then 'short' else 'ok' end;
    amount := v_take;
    released := greatest(0, h.amount - v_take);
    settled_by := p_entry;
end $$;
