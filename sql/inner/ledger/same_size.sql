-- farebox.same_size: whether the arrays of a batch belong together: each is as long as p_n, which names each request once.
--
-- Called by   the batches of farebox_api: one request's fields are never paired with another's

create or replace function farebox.same_size(p_n int[], variadic p_sizes int[]) returns boolean
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(cardinality(p_n) = all (p_sizes), false) and array_position(p_n, null) is null
       and (select count(distinct n) from unnest(p_n) n) = cardinality(p_n)
$$;
