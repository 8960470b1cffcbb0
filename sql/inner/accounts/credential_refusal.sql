-- farebox.credential_refusal: why an API key may not do this now, or null when it may.
--
-- Called by   every single move of farebox_api, after the wallet's lock: a key revoked by then moves nothing
-- Returns     unauthorized (no such key, revoked or expired), forbidden (lacks the scope), or null
--
-- A null hash is a call under a key of the handler's environment, which the handler has compared itself.

create or replace function farebox.credential_refusal(p_api_key bytea, p_scope text) returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_scopes text[];
begin
    if p_api_key is null then
        return null;
    end if;
    select k.scopes into v_scopes
      from farebox.api_keys k
     where k.hash = p_api_key and k.revoked_at is null and k.expires_at > clock_timestamp();
    if not found then
        return 'unauthorized';
    end if;
    return case when p_scope = any (v_scopes) then null else 'forbidden' end;
end $$;
