-- farebox_api.account: what a person is shown of the account.
--
-- Called by   handlers/register, handlers/login, handlers/profile
-- Locks       nothing
-- Answers     session_gone, not_found, ok
--
-- p_session is that of the user's token; null where Supabase Auth itself has just named the user. A user who is not known
-- here yet is provisioned.

create or replace function farebox_api.account(
    p_user uuid, p_session uuid,
    out status text, out number bigint, out email text, out phone text, out display_name text, out provider text,
    out is_admin boolean, out created_at timestamptz, out agent_id text, out agent_status text, out billing_key text)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set jit = off             -- a plan made while the tables were small must not be kept (ledger rule 7)
set enable_seqscan = off
as $$
begin
    if p_user is null then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;
    if p_session is not null and not farebox.session_alive(p_session, p_user, clock_timestamp()) then
        status := 'session_gone';
        return;
    end if;
    if not farebox.provision(p_user) then
        status := 'not_found';
        return;
    end if;
    select 'ok', u.number, u.email, u.phone, u.display_name, u.provider,
           exists (select from farebox.admins a where a.user_id = u.id), u.created_at, g.agent_id, g.status, k.preview
      into status, number, email, phone, display_name, provider, is_admin, created_at, agent_id, agent_status, billing_key
      from farebox.users u
      left join farebox.agents g on g.user_id = u.id
      left join farebox.billing_keys k on k.user_id = u.id and k.revoked_at is null
     where u.id = p_user;
end $$;
