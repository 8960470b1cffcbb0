-- farebox.lock_wallets: the opening of every move of many wallets: lock, clock, due events, in this order.
--
-- Called by   farebox_api.spend, place_holds, end_holds and transfer
-- Locks       the wallets' rows by kind and id (ledger rule 8), FOR NO KEY UPDATE; with p_skip_locked those that nobody else
--             holds
-- Returns     locked: the ids that are locked now and up to date; at: the database's time after the locks. Past
--             p_not_after nothing was brought up to date: the caller answers `late`.
-- Raises      55P03 when a lock is not had in time
--
-- Each statement here has a snapshot of its own, and so have the caller's statements after it (ledger rule 1): nothing that
-- was read before the wait is used after it.

create or replace function farebox.lock_wallets(
    p_wallets uuid[], p_skip_locked boolean, p_not_after timestamptz, out locked uuid[], out at timestamptz)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_due uuid;
begin
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
        perform farebox.bring_up_to_date(v_due, at);
    end loop;
end $$;
