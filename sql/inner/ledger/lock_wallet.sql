-- farebox.lock_wallet: the opening of every single move: lock, clock, due events, in this order.
--
-- Called by   the single moves of farebox_api, farebox.give_starting_tokens
-- Locks       the wallet row, FOR NO KEY UPDATE
-- Returns     at: the database's time after the lock; null where there is no such wallet. behind: more has fallen due than this
--             call has time for, so it does nothing and answers `behind` (farebox.meet_due)
--
-- The caller reads the wallet in a statement of its own afterwards: a statement that locks and reads sees the locked row
-- as it is now and everything else as it was before the wait (ledger rule 1).

create or replace function farebox.lock_wallet(p_wallet uuid, out at timestamptz, out behind boolean)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_due timestamptz;
begin
    behind := false;
    perform from farebox.wallets x where x.id = p_wallet for no key update;
    if not found then
        return;
    end if;
    at := clock_timestamp();
    select x.next_event_at into v_due from farebox.wallets x where x.id = p_wallet;
    if v_due <= at then
        behind := farebox.meet_due(p_wallet, at) is null;
    end if;
end $$;
