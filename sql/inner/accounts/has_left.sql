-- farebox.has_left: whether the user whose wallet this is has left (farebox.forget). Of an unknown wallet: false.
--
-- Called by   farebox_api.grant, farebox_api.transfer, after the lock, which who leaves takes too
-- Locks       nothing
--
-- Nobody is given anything there: it would be spent by nobody.

create or replace function farebox.has_left(p_wallet uuid) returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from farebox.wallets w join farebox.users u on u.id = w.owner
                    where w.id = p_wallet and u.erased_at is not null);
end $$;
