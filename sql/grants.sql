-- The whole permission surface on one page. Applied after the functions, in the same transaction, so a function is never
-- callable by more than it should be: PostgreSQL lets everybody execute a new one.

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
grant execute on function farebox_api.spend to farebox_app;
grant execute on function farebox_api.spend_one to farebox_app;
grant execute on function farebox_api.hold to farebox_app;
grant execute on function farebox_api.settle to farebox_app;
grant execute on function farebox_api.dispatch to farebox_app;
grant execute on function farebox_api.reverse to farebox_app;
grant execute on function farebox_api.balance to farebox_app;
grant execute on function farebox_api.statement to farebox_app;
grant execute on function farebox_api.create_user to farebox_app;
grant execute on function farebox_api."grant" to farebox_app;
grant execute on function farebox_api.api_key to farebox_app;
grant execute on function farebox_api.account to farebox_app;
grant execute on function farebox_api.rename_account to farebox_app;
grant execute on function farebox_api.export_account to farebox_app;
grant execute on function farebox_api.erase_account to farebox_app;
grant execute on function farebox_api.unused_number to farebox_app;
