-- farebox.flush: books everything a wallet burned since the last time to its grants.
--
-- Called by   every function that changes the set of grants, before it does
-- Locks       nothing: the caller holds the wallet
--
-- Spends only count what they burn. That is exact as long as the set of grants stands still, so whoever changes the set
-- books the count first (ledger rule 3).

create or replace function farebox.flush(p_wallet uuid) returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    w farebox.wallets;
begin
    select x.* into w from farebox.wallets x where x.id = p_wallet;
    if w.burned > w.attributed then
        perform farebox.attribute(p_wallet, w.attributed, w.burned - w.attributed);
        update farebox.wallets x set attributed = x.burned where x.id = p_wallet;
    end if;
end $$;
