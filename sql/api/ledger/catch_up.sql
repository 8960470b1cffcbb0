-- farebox_api.catch_up: does the first 500 things that have fallen due on a wallet. Called again until it says that no more is
-- due, each time in a transaction of its own, it brings a wallet up to date however much has fallen due.
--
-- Called by   ledger::catch_up, when a function has answered `behind`
-- Locks       the wallet, for less than 50 ms
-- Returns     whether more is due; false too where there is no such wallet
-- Raises      FB000 when the call itself is malformed; 55P03 when the lock is not had in time
--
-- It asks for no caller: it does what time has done already, and whoever deals with the wallet next would find done.
-- A COMMIT in a function, or in a procedure with the owner's rights, is refused, so the steps are the caller's.

create or replace function farebox_api.catch_up(p_wallet uuid) returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_due timestamptz;
    v_now timestamptz;
begin
    if p_wallet is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    -- The row that the lock returns is the current one; everything else is read in later statements (ledger rule 1).
    select x.next_event_at into v_due from farebox.wallets x where x.id = p_wallet for no key update;
    v_now := clock_timestamp();
    if v_due <= v_now then
        return farebox.bring_up_to_date(p_wallet, v_now, 500);
    end if;
    return false;
end $$;
