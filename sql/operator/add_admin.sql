-- farebox.add_admin: makes a user an operator. Named by UUID, number, email or phone; exactly one user must answer to it.
--
-- Called by   scripts/admin, as the owner
-- Locks       nothing
-- Returns     the user's id; null when nobody or more than one answers to the name
--
-- An email counts only where Supabase Auth holds it as confirmed: anybody may register with somebody else's address.

create or replace function farebox.add_admin(p_who text, p_granted_by text) returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_ids uuid[];
begin
    select array_agg(u.id) into v_ids
      from farebox.users u
     where u.erased_at is null
       and (u.id::text = lower(p_who) or u.number::text = p_who
            or (u.phone = ltrim(p_who, '+') and exists (
                    select from auth.users z where z.id = u.id and z.phone_confirmed_at is not null))
            or (u.email = lower(p_who) and exists (
                    select from auth.users z where z.id = u.id and z.email_confirmed_at is not null)));
    if cardinality(v_ids) is distinct from 1 then
        return null;
    end if;
    insert into farebox.admins (user_id, granted_by) values (v_ids[1], p_granted_by) on conflict do nothing;
    return v_ids[1];
end $$;
