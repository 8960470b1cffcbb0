-- farebox.place_hold: places one hold on a wallet that is locked and up to date.
--
-- Called by   farebox_api.place_holds, which documents the arguments
-- Locks       nothing: the caller holds the wallet
-- Answers     idempotency_key_reused, replayed, invalid_amount, wallet_blocked, subscription_expired, too_many_holds,
--             insufficient_balance, ok

create or replace function farebox.place_hold(
    p_id uuid, p_wallet uuid, p_amount bigint, p_ttl_ms bigint, p_on_lapse text, p_lapse_amount bigint,
    p_started boolean, p_key text, p_fingerprint bytea, p_description text, p_metadata json,
    p_gate text, p_now timestamptz,
    out status text, out hold uuid, out amount bigint, out available bigint, out held bigint, out expires_at timestamptz,
    out at timestamptz, out state text, out captured bigint)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    w farebox.wallets;
    h farebox.holds;
    v_free bigint;
    v_fingerprint constant bytea := case when p_key is not null then p_fingerprint end;
begin
    at := p_now;
    if p_key is not null then
        select x.* into h from farebox.holds x where x.wallet = p_wallet and x.key = p_key;
    else
        select x.* into h from farebox.holds x where x.id = p_id and x.wallet = p_wallet;
    end if;
    if found then
        if h.fingerprint is distinct from v_fingerprint then
            status := 'idempotency_key_reused';
            return;
        end if;
        status := 'replayed';
        hold := h.id;
        amount := h.amount;
        expires_at := h.expires_at;
        at := h.created_at;
        state := farebox.state_of(h);
        captured := h.captured;
        return;
    end if;

    if p_amount not between 1 and 1000000000000 or p_lapse_amount not between 1 and p_amount then
        status := 'invalid_amount';
        return;
    end if;
    select x.* into w from farebox.wallets x where x.id = p_wallet;
    if w.blocked_at is not null then
        status := 'wallet_blocked';
        return;
    end if;
    if (w.subscription_until <= p_now and p_gate <> 'never')
       or (w.subscription_until is null and p_gate = 'required') then
        status := 'subscription_expired';
        return;
    end if;
    -- What an end of a hold costs where grants keep tokens, and how long a wallet takes to catch up, grow with these.
    if w.open_holds >= 10000 then
        status := 'too_many_holds';
        return;
    end if;
    amount := p_amount;
    v_free := case when w.debt > 0 then 0 else w.balance - w.held end; -- a debt leaves nothing free
    if p_amount > v_free then
        status := 'insufficient_balance';
        available := v_free;
        held := w.held;
        return;
    end if;

    hold := p_id;
    expires_at := p_now + p_ttl_ms * interval '1 millisecond';
    available := v_free - p_amount;
    insert into farebox.holds (id, wallet, amount, created_at, expires_at, on_lapse, lapse_amount, started_at,
                               key, fingerprint, description, metadata)
    values (p_id, p_wallet, p_amount, p_now, place_hold.expires_at, p_on_lapse, p_lapse_amount,
            case when p_started then p_now end, p_key, v_fingerprint, p_description, p_metadata);
    update farebox.wallets x
       set held = x.held + p_amount, open_holds = x.open_holds + 1, next_event_at = least(x.next_event_at, place_hold.expires_at)
     where x.id = p_wallet;
    status := 'ok';
    state := 'open';
end $$;
