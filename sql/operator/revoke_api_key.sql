-- farebox.revoke_api_key: revokes every live key of this name or prefix; returns how many.
--
-- Called by   scripts/key, as the owner
-- Locks       the keys' rows
-- From the moment this commits no call under such a key moves anything.

create or replace function farebox.revoke_api_key(p_name_or_prefix text) returns int
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    with revoked as (
        update farebox.api_keys k set revoked_at = clock_timestamp()
         where (k.name = p_name_or_prefix or k.prefix = p_name_or_prefix) and k.revoked_at is null
        returning 1
    )
    select count(*)::int from revoked
$$;
