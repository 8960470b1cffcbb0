-- farebox.lock_wallet: the opening of every single move: lock, clock, due events, in this order.
--
-- Called by   the single moves of farebox_api
-- Locks       the wallet row, FOR NO KEY UPDATE
-- Returns     the database's time after the lock; null where there is no such wallet
--
-- The caller reads the wallet in a statement of its own afterwards: a statement that locks and reads sees the locked row
-- as it is now and everything else as it was before the wait (ledger rule 1).

create or replace function farebox.lock_wallet(p_wallet uuid) returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz;
    v_due timestamptz;
begin
    perform from farebox.wallets x where x.id = p_wallet for no key update;
    if not found then
        return null;
    end if;
    v_now := clock_timestamp();
    select x.next_event_at into v_due from farebox.wallets x where x.id = p_wallet;
    if v_due <= v_now then
        perform farebox.bring_up_to_date(p_wallet, v_now);
    end if;
    return v_now;
end $$;
