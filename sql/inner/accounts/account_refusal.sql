-- farebox.account_refusal: why this caller may not deal with this account, or null when it may.
--
-- Called by   farebox_api.account, rename_account, erase_account
-- Locks       nothing
-- Returns     null; unauthorized, forbidden, user_not_found
-- Raises      FB000 when caller or account is missing
--
-- An account is its user's. One that is not known here yet is provisioned, so that it can be looked at, named and left.

create or replace function farebox.account_refusal(p_caller text, p_proof bytea, p_user uuid) returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_refusal text;
begin
    if p_user is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    v_refusal := farebox.caller_refusal(p_caller, p_proof, null, '{user}', p_user, 'user_not_found', clock_timestamp());
    if v_refusal is null and not farebox.provision(p_user) then
        v_refusal := 'user_not_found';
    end if;
    return v_refusal;
end $$;
