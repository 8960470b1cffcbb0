-- farebox.bring_up_to_date: does what has fallen due on a wallet: holds lapse, grants expire.
--
-- Called by   every function that deals with a wallet whose next_event_at has come, a read included
-- Locks       nothing: the caller holds the wallet
--
-- Events happen in the order of their times, holds before grants at the same time, then a debt is paid from what that set
-- free, exactly as if somebody had been there at each. A grant that expires keeps what open holds placed before its expiry
-- may still need; the rest goes. While anything is kept, next_event_at stays in the past and every access comes here.

create or replace function farebox.bring_up_to_date(p_wallet uuid, p_now timestamptz) returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_at timestamptz;
    v_charge bigint;
    v_entry uuid;
    h farebox.holds;
    w farebox.wallets;
begin
    perform farebox.flush(p_wallet);

    loop
        select least(
                   (select min(x.expires_at) from farebox.holds x where x.wallet = p_wallet and x.open),
                   (select min(x.expires_at) from farebox.grants x
                     where x.wallet = p_wallet and x.remaining > 0 and not x.due))
          into v_at;
        exit when v_at is null or v_at > p_now;

        for h in
            select x.* from farebox.holds x
             where x.wallet = p_wallet and x.open and x.expires_at = v_at
             order by x.created_at, x.id
        loop
            update farebox.wallets x set held = x.held - h.amount where x.id = p_wallet returning x.* into w;
            v_charge := null;
            v_entry := null;
            -- Work that had started may have been answered: its estimate is charged, never refunded to zero (rule 4).
            if h.on_lapse = 'charge' and h.started_at is not null then
                v_charge := least(h.lapse_amount, w.balance - w.held);
            end if;
            if v_charge > 0 then
                v_entry := farebox.new_id(farebox.slot_of(p_wallet));
                perform farebox.attribute(p_wallet, w.burned, v_charge, h.created_at);
                insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from,
                                             created_at, description)
                values (v_entry, p_wallet, farebox.operator_wallet('consumed'), v_charge, 'spend', w.seq + 1,
                        w.balance - v_charge, w.burned, p_now, 'estimate of a call that was never settled');
                update farebox.wallets x
                   set balance = x.balance - v_charge, burned = x.burned + v_charge,
                       attributed = x.attributed + v_charge, seq = x.seq + 1
                 where x.id = p_wallet;
            end if;
            update farebox.holds x set open = false, captured = v_charge, entry = v_entry where x.id = h.id;
        end loop;

        update farebox.grants x set due = true
         where x.wallet = p_wallet and x.remaining > 0 and not x.due and x.expires_at = v_at;
        perform farebox.expire_due(p_wallet, p_now);
        -- What a lapse set free pays a debt before anything later happens, and what that burned is booked before a later
        -- grant expires.
        perform farebox.pay_debt(p_wallet, p_now);
        perform farebox.flush(p_wallet);
    end loop;

    perform farebox.expire_due(p_wallet, p_now); -- what was kept may be free since a hold ended

    update farebox.wallets x set next_event_at = farebox.next_event(p_wallet) where x.id = p_wallet;
end $$;
