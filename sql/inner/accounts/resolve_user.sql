-- farebox.resolve_user: the wallet id of a user named by UUID or by number; null where there is none by that number.
--
-- Called by   the single moves of farebox_api
--
-- A number never changes hands, so it may be looked up before the lock.

create or replace function farebox.resolve_user(p_wallet uuid, p_number bigint) returns uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(p_wallet, (select u.id from farebox.users u where u.number = p_number));
end $$;
