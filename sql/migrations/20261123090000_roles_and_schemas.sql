-- The application's login and the two schemas. The password is set by the operator, never here.

do $$
begin
    if not exists (select from pg_roles where rolname = 'farebox_app') then
        create role farebox_app login noinherit connection limit 30;
    end if;
end $$;

-- Session settings live on the role: a transaction pooler drops what a client sets. lock_timeout is short because a call
-- is a batch: one stuck wallet must not hold up the others (ledger rule 5, ARCHITECTURE).
alter role farebox_app set search_path = '';
alter role farebox_app set lock_timeout = '250ms';
alter role farebox_app set statement_timeout = '5s';
alter role farebox_app set idle_in_transaction_session_timeout = '10s';
alter role farebox_app set default_transaction_isolation = 'read committed';
alter role farebox_app set timezone = 'UTC';

create schema if not exists farebox;      -- tables, settings and inner functions: nobody but the owner
create schema if not exists farebox_api;  -- functions that handlers may call
revoke all on schema farebox, farebox_api from public;
