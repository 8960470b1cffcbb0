-- farebox_api.erase_account: forgets the person who asks for it.
--
-- Called by   handlers/profile, before the account is removed at Supabase Auth: that ends the session, and with it the way
--             to ask again
-- Locks       the wallet, then the user's row
-- Answers     session_gone, not_found, ok; asked again it answers ok again
-- Raises      FB000 when the call itself is malformed

create or replace function farebox_api.erase_account(p_user uuid, p_session uuid) returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off             -- a plan made while the tables were small must not be kept (ledger rule 7)
set enable_seqscan = off
as $$
begin
    if p_user is null or p_session is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if not farebox.session_alive(p_session, p_user, clock_timestamp()) then
        return 'session_gone';
    end if;
    if not farebox.provision(p_user) then
        return 'not_found';
    end if;
    perform farebox.forget(p_user);
    return 'ok';
end $$;
