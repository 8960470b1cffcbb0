-- farebox_api.rename_account: sets the name that a person goes by; null takes it away.
--
-- Called by   handlers/profile
-- Locks       the user's row
-- Answers     session_gone, not_found, ok; the account is read with farebox_api.account afterwards
-- Raises      FB000 when the call itself is malformed

create or replace function farebox_api.rename_account(p_user uuid, p_session uuid, p_display_name text) returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off             -- a plan made while the tables were small must not be kept (ledger rule 7)
set enable_seqscan = off
as $$
begin
    if p_user is null or p_session is null or char_length(p_display_name) not between 1 and 100 then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if not farebox.session_alive(p_session, p_user, clock_timestamp()) then
        return 'session_gone';
    end if;
    if not farebox.provision(p_user) then
        return 'not_found';
    end if;
    update farebox.users u set display_name = p_display_name where u.id = p_user and u.erased_at is null;
    return case when found then 'ok' else 'not_found' end;
end $$;
