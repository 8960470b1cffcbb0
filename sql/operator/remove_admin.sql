-- farebox.remove_admin: a user is an operator no longer, from the next call on. Named by UUID, number, email or phone.
--
-- Called by   scripts/admin, as the owner
-- Locks       the rows it removes
-- Returns     how many were removed

create or replace function farebox.remove_admin(p_who text) returns bigint
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    with removed as (
        delete from farebox.admins a
         using farebox.users u
         where u.id = a.user_id
           and (u.id::text = lower(p_who) or u.number::text = p_who or u.phone = ltrim(p_who, '+')
                or u.email = lower(p_who))
        returning a.user_id)
    select count(*) from removed
$$;
