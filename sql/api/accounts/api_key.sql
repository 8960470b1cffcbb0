-- farebox_api.api_key: name and scopes of a key that may be used now; no row otherwise.
--
-- Called by   service, to recognise a caller; every move checks the key again in its own call
-- Locks       nothing

create or replace function farebox_api.api_key(p_hash bytea)
returns table (name text, scopes text[])
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select k.name, k.scopes
      from farebox.api_keys k
     where k.hash = p_hash and k.revoked_at is null and k.expires_at > clock_timestamp()
$$;
