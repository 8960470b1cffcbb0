-- farebox.auth_trigger: the trigger by which accounts are followed, as the catalogue prints it (pg_get_triggerdef).
--
-- Called by   follow_auth_user.sql, which makes it; farebox.verify_accounts, which looks whether it is there
-- Locks       nothing

create or replace function farebox.auth_trigger() returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select 'CREATE TRIGGER farebox_follow_user AFTER INSERT OR DELETE OR UPDATE ON auth.users '
           'FOR EACH ROW EXECUTE FUNCTION farebox.follow_auth_user()'
$$;
