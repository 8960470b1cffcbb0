-- farebox_api.mark_started: what the tokens of an open hold are for is about to begin. From here on a lapse
-- charges the estimate, since a call that was answered and never captured must not be free (ledger rule 4).
--
-- Called by   ledger::mark_started
-- Locks       the wallet of the hold
-- Answers     late, unauthorized, forbidden, hold_not_found, behind (hold: the wallet), hold_already_settled (a lapsed hold too; amount is what it
--             ended with), replayed, invalid_amount, ok
--             The order above is the order of the checks; callers may rely on it.
-- Replays     the same estimate again returns the first answer; another one takes its place
-- Raises      FB000 when the call itself is malformed

create or replace function farebox_api.mark_started(
    p_caller text, p_proof bytea,             -- who calls (farebox.caller_refusal)
    p_hold uuid,
    p_lapse_amount bigint,                    -- the estimate: 1 to what is held
    p_not_after timestamptz,                  -- in the database's clock
    out status text, out hold uuid, out amount bigint, out expires_at timestamptz, out at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    h farebox.holds;
    v_behind boolean;
begin
    if p_hold is null or p_lapse_amount is null or p_not_after is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    -- The wallet of a hold never changes, so it may be learnt before the lock; the hold itself is read again after it.
    select x.* into h from farebox.holds x where x.id = p_hold;
    select coalesce(l.at, clock_timestamp()), l.behind into at, v_behind from farebox.lock_wallet(h.wallet) l;
    if at > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.caller_refusal(p_caller, p_proof, 'hold', '{}', h.wallet, 'hold_not_found', at);
    if status is null and h.id is null then
        status := 'hold_not_found';
    end if;
    if status is null and v_behind then
        status := 'behind';
        hold := h.wallet;
    end if;
    if status is not null then
        return;
    end if;

    select x.* into h from farebox.holds x where x.id = p_hold;
    hold := p_hold;
    if not h.open then
        status := 'hold_already_settled';
        amount := coalesce(h.captured, 0);
        return;
    end if;
    if h.on_lapse = 'charge' and h.started_at is not null and h.lapse_amount = p_lapse_amount then
        status := 'replayed';
        amount := p_lapse_amount;
        expires_at := h.expires_at;
        at := h.started_at;
        return;
    end if;
    if p_lapse_amount not between 1 and h.amount then
        status := 'invalid_amount';
        return;
    end if;
    update farebox.holds x
       set on_lapse = 'charge', lapse_amount = p_lapse_amount, started_at = coalesce(x.started_at, mark_started.at)
     where x.id = p_hold;
    status := 'ok';
    amount := p_lapse_amount;
    expires_at := h.expires_at;
end $$;
