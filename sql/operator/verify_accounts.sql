-- farebox.verify_accounts: whether accounts of Supabase Auth are followed. Without the trigger new users have no wallet before their first
-- look, and whoever is deleted there is not forgotten here.
--
-- Called by   scripts/verify and the tests, as the owner
-- Locks       nothing
-- Returns     a JSON list of {rule, detail}, empty where all is well or there is no Supabase Auth
--
-- A trigger that Supabase disabled, or that was made by hand, is found as well: it must be the one that migrating makes.

create or replace function farebox.verify_accounts() returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with t as (
        select t.tgenabled, pg_get_triggerdef(t.oid) as made
          from pg_trigger t
         where t.tgrelid = to_regclass('auth.users') and t.tgname = 'farebox_follow_user'
    ), v as (
        select 'it is not there' as detail where not exists (select from t)
        union all
        select 'it is disabled' from t where t.tgenabled not in ('O', 'A')
        union all
        select 'it is another: ' || t.made from t where t.made <> farebox.auth_trigger()
    )
    select coalesce(jsonb_agg(jsonb_build_object('rule', 'accounts are followed by the trigger: run scripts/migrate',
                                                 'detail', v.detail)), '[]')
      from v
     where to_regclass('auth.users') is not null
$$;
