-- farebox.follows_auth_users: whether a change of an account at Supabase Auth is followed here, in the same transaction
-- (farebox.follow_auth_user). False where there is no such trigger, or it is turned off.
--
-- Called by   farebox_api.erase_account
-- Locks       nothing

create or replace function farebox.follows_auth_users() returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select exists (select from pg_trigger t
                    where t.tgrelid = to_regclass('auth.users') and t.tgname = 'farebox_follow_user'
                      and t.tgfoid = to_regproc('farebox.follow_auth_user') and t.tgenabled in ('O', 'A'))
$$;
