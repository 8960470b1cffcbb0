-- farebox_api.erase_account: forgets the person who asks for it.
--
-- Called by   handlers/profile, before the account is removed at Supabase Auth: that ends the session, and with it the way
--             to ask again
-- Locks       the wallet, then the user's row
-- Answers     unauthorized, forbidden, user_not_found, ok; asked again it answers ok again
-- Raises      FB000 when the call itself is malformed

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
    perform farebox.forget(p_user);
    status := 'ok';
end $$;
