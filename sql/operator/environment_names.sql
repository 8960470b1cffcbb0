-- farebox.environment_names: the variables that a row of the environment is named after.
--
-- Called by   farebox.register_environment_keys, farebox.revoke_key

create or replace function farebox.environment_names(p_name text) returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select string_to_array(p_name, ' and ')
$$;
