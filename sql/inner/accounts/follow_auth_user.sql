-- farebox.follow_auth_user: a new account gets its wallet, one whose address is confirmed its starting tokens, a changed
-- address is changed here too, a removed account is forgotten.
--
-- Called by   the trigger farebox_follow_user on auth.users, which is made below where that schema exists
-- Locks       nothing but the user's own rows, and a digest that another account of the same person is just writing
--
-- A failure here must not be one of the registration: it is swallowed, with a warning that says nothing, since Supabase
-- Auth may show it to whoever registers. What was missed is made up for by farebox.provision at the next change or look.
-- A removal is the other way round: nobody would ever make up for it, so it fails, and whoever removes tries again.
-- SECURITY DEFINER, unlike the other inner functions: it runs in a session of Supabase Auth, whose role has no rights here.
--
-- The trigger names no columns, for two reasons. Supabase Auth could not change the type of one that it named. And an
-- identity is written after its user: the time of the login is the change by which it is seen.

create or replace function farebox.follow_auth_user() returns trigger
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'   -- what is locked here must not hold up whoever registers there
as $$
begin
    if tg_op = 'DELETE' then
        perform farebox.forget(old.id);
        return null;
    end if;
    if new.deleted_at is not null then
        perform farebox.forget(new.id);
        return null;
    end if;
    if tg_op = 'UPDATE' then
        update farebox.users x
           set email = y.email, phone = y.phone
          from (select case when char_length(new.email) between 3 and 255 then new.email::text end,
                       case when new.phone ~ '^[0-9]{5,15}$' and new.phone_confirmed_at is not null
                             and not exists (select from farebox.users o where o.phone = new.phone and o.id <> new.id)
                            then new.phone::text end) y(email, phone)
         where x.id = new.id and not x.managed and x.erased_at is null
           and (x.email, x.phone) is distinct from (y.email, y.phone);
    end if;
    perform farebox.provision(new.id);
    return null;
exception when others then
    if tg_op = 'DELETE' or new.deleted_at is not null then
        raise exception 'farebox could not forget this account: delete it again';
    end if;
    raise warning 'farebox: a change of an account was not followed';
    return null;
end $$;

do $$
declare
    v_trigger constant text := farebox.auth_trigger();
begin
    -- Replaced, since only the owner of the table may drop one; and only where it differs, since that locks the table.
    if to_regclass('auth.users') is not null and not exists (
        select from pg_trigger t
         where t.tgrelid = to_regclass('auth.users') and t.tgname = 'farebox_follow_user'
           and t.tgenabled in ('O', 'A') and pg_get_triggerdef(t.oid) = v_trigger) then
        execute replace(v_trigger, 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER');
    end if;
end $$;
