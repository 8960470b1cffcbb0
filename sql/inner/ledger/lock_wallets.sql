-- farebox.lock_wallets: the opening of every move of many wallets: lock, clock, due events, in this order.
--
-- Called by   farebox_api.spend, place_holds, end_holds and transfer
-- Locks       the wallets' rows by kind and id (ledger rule 8), FOR NO KEY UPDATE; with p_skip_locked those that nobody else
--             holds
-- Returns     locked: the ids that are locked now and up to date; behind: those that are locked, but more has fallen due on them
--             than this call has time for (farebox.meet_due); at: the database's time after the locks. Past p_not_after nothing
--             was brought up to date: the caller answers `late`.
-- Raises      55P03 when a lock is not had in time
--
-- Each statement here has a snapshot of its own, and so have the caller's statements after it (ledger rule 1): nothing that
-- was read before the wait is used after it.

create or replace function farebox.lock_wallets(
    p_wallets uuid[], p_skip_locked boolean, p_not_after timestamptz, out locked uuid[], out behind uuid[], out at timestamptz)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_due uuid;
    v_left int := 500; -- events that this call still has time for
    v_done int;
begin
    behind := '{}';
    if p_skip_locked then
        select coalesce(array_agg(l.id), '{}') into locked
          from (select w.id from farebox.wallets w where w.id = any (p_wallets)
                 order by w.kind, w.id for no key update skip locked) l;
    else
        select coalesce(array_agg(l.id), '{}') into locked
          from (select w.id from farebox.wallets w where w.id = any (p_wallets)
                 order by w.kind, w.id for no key update) l;
    end if;
    at := clock_timestamp();
    if at > p_not_after then
        return;
    end if;
    for v_due in
        select w.id from farebox.wallets w
         where w.id = any (locked) and w.next_event_at <= lock_wallets.at order by w.kind, w.id
    loop
        v_done := farebox.meet_due(v_due, at, v_left);
        if v_done is null then
            behind := behind || v_due;
        else
            v_left := v_left - v_done;
        end if;
    end loop;
    if behind <> '{}' then
        locked := array(select l from unnest(locked) l where not l = any (behind));
    end if;
end $$;
