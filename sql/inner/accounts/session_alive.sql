-- farebox.session_alive: whether a user's session at Supabase Auth still stands: not logged out, expired, banned, deleted.
--
-- Called by   farebox_api.spend, spend_one, hold, settle, dispatch, after the lock
--
-- auth.sessions is a managed table whose columns may change: the check stands here and nowhere else. The owner must be
-- able to read it past row level security, as Supabase's `postgres` can; another owner would see no session at all.

create or replace function farebox.session_alive(p_session uuid, p_user uuid, p_now timestamptz) returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select from auth.sessions z join auth.users u on u.id = z.user_id
         where z.id = p_session and z.user_id = p_user and (z.not_after is null or z.not_after > p_now)
           and (u.banned_until is null or u.banned_until <= p_now) and u.deleted_at is null)
$$;
