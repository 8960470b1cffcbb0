-- farebox.remove_admin: a user is an operator no longer, from the next call on, and the admin pages' sessions of this user
-- end. Named by UUID, number, email or phone.
--
-- Called by   scripts/admin, as the owner
-- Locks       the rows it removes and those sessions
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
        returning a.user_id
    ), ended as (
        update farebox.credentials c set revoked_at = clock_timestamp()
          from removed r
         where c.kind = 'admin_session' and c.owner = r.user_id and c.revoked_at is null
    )
    select count(*) from removed
$$;
