-- farebox_api.find_credential: what a hashed secret is, if it may be used now; no row otherwise.
--
-- Called by   auth::Authenticator, to recognise a caller; every function checks the credential again in its own call
-- Locks       nothing
--
-- It asks for no caller: whoever knows the hash could only have it from the secret.

create or replace function farebox_api.find_credential(p_hash bytea)
returns table (kind text, owner uuid, name text, scopes text[])
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    select k.kind, k.owner, k.name, k.scopes::text[]
      from farebox.credentials k
     where k.hash = p_hash and k.revoked_at is null and k.expires_at > clock_timestamp()
$$;
