-- farebox_api.rename_account: sets the name that a person goes by; null takes it away.
--
-- Called by   handlers/profile
-- Locks       the user's row
-- Answers     unauthorized, forbidden, user_not_found, ok; the account is read with farebox_api.account afterwards
-- Raises      FB000 when the call itself is malformed

create or replace function farebox_api.rename_account(
    p_caller text, p_proof bytea, p_user uuid, p_display_name text, out status text)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if char_length(p_display_name) not between 1 and 100 then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    status := farebox.account_refusal(p_caller, p_proof, p_user);
    if status is not null then
        return;
    end if;
    update farebox.users u set display_name = p_display_name where u.id = p_user and u.erased_at is null;
    status := case when found then 'ok' else 'user_not_found' end;
end $$;
