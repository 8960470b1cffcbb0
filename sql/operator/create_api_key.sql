-- farebox.create_api_key: stores the hash of a new key and returns its id. The key itself never comes here.
--
-- Called by   scripts/key, as the owner
-- Locks       nothing
-- Two keys of one name may live at once: that is how a key is rotated.

create or replace function farebox.create_api_key(
    p_name text, p_hash bytea, p_preview text, p_scopes text[], p_expires_at timestamptz default null)
returns uuid
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    insert into farebox.credentials (kind, name, hash, preview, scopes, expires_at)
    values ('api_key', p_name, p_hash, p_preview, p_scopes::farebox.scope[], coalesce(p_expires_at, 'infinity'))
    returning id
$$;
