-- farebox_api.dispatch: marks an open hold as dispatched: what its tokens are for is about to begin. From here on a lapse
-- charges the estimate, since a call that was answered and never settled must not be free (ledger rule 4).
--
-- Called by   ledger::dispatch
-- Locks       the wallet of the hold
-- Answers     late, unauthorized, forbidden, session_gone, not_found, already_settled (a lapsed hold too; amount is what
--             it was settled with), replayed, invalid_amount, ok
--             The order above is the order of the checks; callers may rely on it.
-- Replays     the same estimate again returns the first answer; another one takes its place
-- Raises      FB000 when the call itself is malformed

create or replace function farebox_api.dispatch(
    p_hold uuid,
    p_lapse_amount bigint,                    -- the estimate: 1 to what is held
    p_session uuid, p_user uuid,              -- of a user's token; null where a service calls
    p_api_key bytea,                          -- SHA-256 of the key that calls; null under a key of the environment
    p_not_after timestamptz,                  -- in the database's clock
    out status text, out hold uuid, out amount bigint, out expires_at timestamptz, out at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off             -- with these no plan made while the tables were small is kept when they are not (ledger rule 7)
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    h farebox.holds;
begin
    if p_hold is null or p_lapse_amount is null or p_not_after is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    -- The wallet of a hold never changes, so it may be learnt before the lock; the hold itself is read again after it.
    select x.* into h from farebox.holds x where x.id = p_hold;
    at := coalesce(farebox.touch_wallet(h.wallet), clock_timestamp());
    if at > p_not_after then
        status := 'late';
        return;
    end if;
    status := farebox.credential_refusal(p_api_key, 'hold');
    if status is not null then
        return;
    end if;
    if p_session is not null and not farebox.session_alive(p_session, p_user, at) then
        status := 'session_gone';
        return;
    end if;
    if h.id is null then
        status := 'not_found';
        return;
    end if;

    select x.* into h from farebox.holds x where x.id = p_hold;
    hold := p_hold;
    if not h.open then
        status := 'already_settled';
        amount := coalesce(h.captured, 0);
        return;
    end if;
    if h.on_lapse = 'charge' and h.dispatched_at is not null and h.lapse_amount = p_lapse_amount then
        status := 'replayed';
        amount := p_lapse_amount;
        expires_at := h.expires_at;
        at := h.dispatched_at;
        return;
    end if;
    if p_lapse_amount not between 1 and h.amount then
        status := 'invalid_amount';
        return;
    end if;
    update farebox.holds x
       set on_lapse = 'charge', lapse_amount = p_lapse_amount, dispatched_at = coalesce(x.dispatched_at, dispatch.at)
     where x.id = p_hold;
    status := 'ok';
    amount := p_lapse_amount;
    expires_at := h.expires_at;
end $$;
