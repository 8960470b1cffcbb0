-- The whole permission surface on one page. Applied after the functions, in the same transaction, so a function is never
-- callable by more than it should be: PostgreSQL lets everybody execute a new one.
--
-- The directory is the grant: what lies in sql/api is made in farebox_api, and handlers may call all of that schema and
-- nothing else. scripts/check-sql holds the files to their directories; tests/sql/permissions.sql has the list by name.

do $$
declare
    r text;
begin
    foreach r in array array['public', 'anon', 'authenticated', 'service_role', 'farebox_app'] loop
        if r = 'public' or exists (select from pg_roles where rolname = r) then
            execute format('revoke all on schema farebox, farebox_api from %s', r);
            execute format('revoke all on all tables in schema farebox, farebox_api from %s', r);
            execute format('revoke all on all sequences in schema farebox, farebox_api from %s', r);
            execute format('revoke all on all functions in schema farebox, farebox_api from %s', r);
        end if;
    end loop;
end $$;

grant usage on schema farebox_api to farebox_app;
grant execute on all functions in schema farebox_api to farebox_app;
