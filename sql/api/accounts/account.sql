-- farebox_api.account: what a person is shown of the account.
--
-- Called by   handlers/register, handlers/login, handlers/profile
-- Locks       nothing
-- Answers     unauthorized, forbidden, user_not_found, ok
-- Raises      FB000 when the call itself is malformed
--
-- A user who is not known here yet is provisioned.

create or replace function farebox_api.account(
    p_caller text, p_proof bytea, p_user uuid, -- who calls (farebox.caller_refusal), and whose account it is
    out status text, out number bigint, out email text, out phone text, out display_name text, out provider text,
    out is_admin boolean, out created_at timestamptz, out agent_id text, out agent_status text, out billing_key text)
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
    select 'ok', u.number, u.email, u.phone, u.display_name, u.provider,
           exists (select from farebox.admins a where a.user_id = u.id), u.created_at, g.agent_id, g.status, k.preview
      into status, number, email, phone, display_name, provider, is_admin, created_at, agent_id, agent_status, billing_key
      from farebox.users u
      left join farebox.agents g on g.user_id = u.id
      left join farebox.credentials k on k.owner = u.id and k.kind = 'billing_key' and k.revoked_at is null
     where u.id = p_user;
end $$;
