-- farebox.fits: whether a wallet with this balance may be credited this many tokens: the balance stays exact in a client whose
-- numbers are doubles. Whoever credits a wallet asks, for every balance on the way is shown in the journal.
--
-- Called by   farebox_api.grant, transfer, reverse
-- Locks       nothing

create or replace function farebox.fits(p_balance bigint, p_amount bigint) returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return p_amount <= 9007199254740991 - p_balance; -- a sum might be too large for a bigint
end $$;
