-- Supabase's roles for a private cluster. Run once by the cluster's superuser, supabase_admin; never on Supabase.
--
-- The point is least surprise: `postgres`, who owns everything of farebox, is no superuser there and is none here, so
-- what works here works there. Passwords are set out of band.

do $$
begin
    if not exists (select from pg_roles where rolname = 'postgres') then
        create role postgres login createdb createrole replication bypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'anon') then
        create role anon nologin noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'authenticated') then
        create role authenticated nologin noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'service_role') then
        create role service_role nologin noinherit bypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'authenticator') then
        create role authenticator login noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'supabase_auth_admin') then
        create role supabase_auth_admin login noinherit createrole;
    end if;
end $$;

alter role postgres set search_path = "$user", public, extensions;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_auth_admin set search_path = auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout = '60s';

-- As on Supabase, where the owner may set what skips plain triggers.
grant set on parameter session_replication_role to postgres;

grant anon, authenticated, service_role to postgres;
grant anon, authenticated, service_role to authenticator;

do $$
begin
    execute format('alter database %I owner to postgres', current_database());
end $$;

create schema if not exists extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role;
