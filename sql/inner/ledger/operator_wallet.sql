-- farebox.operator_wallet: the id of the operator's wallet of this name (farebox.operator_wallets). Null of another name.
--
-- Immutable, so that a plan holds the id: the rows are made with the schema and never change.

create or replace function farebox.operator_wallet(p_name text) returns uuid
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select case p_name
               when 'issued' then uuid '00000000-0000-7000-8000-000000000001'
               when 'sold' then uuid '00000000-0000-7000-8000-000000000002'
               when 'consumed' then uuid '00000000-0000-7000-8000-000000000003'
               when 'expired' then uuid '00000000-0000-7000-8000-000000000004'
               when 'lent' then uuid '00000000-0000-7000-8000-000000000005'
           end
$$;
