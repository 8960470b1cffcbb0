-- farebox.revoke_key: revokes every live API or billing key of this name or preview; returns how many. A value of the
-- environment under two names is one key, which either name ends.
--
-- Called by   scripts/key, as the owner
-- Locks       the keys' rows
-- From the moment this commits no call under such a key moves anything.

create or replace function farebox.revoke_key(p_name_or_preview text) returns int
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    with revoked as (
        update farebox.credentials k set revoked_at = clock_timestamp()
         where k.kind in ('api_key', 'billing_key') and (k.name = p_name_or_preview or k.preview = p_name_or_preview
               or k.preview = '(environment)' and p_name_or_preview = any (farebox.environment_names(k.name)))
           and k.revoked_at is null
        returning 1
    )
    select count(*)::int from revoked
$$;
