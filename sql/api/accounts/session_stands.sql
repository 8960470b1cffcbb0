-- farebox_api.session_stands: whether the session that an access token names stands, with the user that it names.
--
-- Called by   auth::Tokens, before Supabase Auth is asked about a token that handlers cannot judge themselves
-- Locks       nothing
--
-- p_proof is as of farebox.session_user. It asks for no caller: it is how one is recognised, and whoever knows both ids has them
-- from a token.

create or replace function farebox_api.session_stands(p_proof bytea) returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if octet_length(p_proof) is distinct from 32 then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    return farebox.session_user(p_proof, clock_timestamp()) is not null;
end $$;
