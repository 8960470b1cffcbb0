-- farebox_api.erase_account: forgets the person who asks for it, unless the removal of the account at Supabase Auth will.
--
-- Called by   handlers/profile, which then removes the account at Supabase Auth
-- Locks       where it forgets: the wallet, then the user's row
-- Answers     unauthorized, forbidden, user_not_found, ok; asked again it answers ok again
-- Raises      FB000 when the call itself is malformed
--
-- The trigger on auth.users forgets in the transaction of the removal: both are done or neither, whatever refuses the removal.
-- Without the trigger it is done here, before the removal ends the session and with it the way to ask again.

create or replace function farebox_api.erase_account(p_caller text, p_proof bytea, p_user uuid, out status text)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    status := farebox.account_refusal(p_caller, p_proof, p_user);
    if status is not null then
        return;
    end if;
    if not farebox.follows_auth_users() then
        perform farebox.forget(p_user);
    end if;
    status := 'ok';
end $$;
