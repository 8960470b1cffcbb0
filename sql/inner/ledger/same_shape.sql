-- farebox.same_shape: whether the arrays of a batch belong together: each has the elements 1 to N, as p_n has, which names
-- each request once.
--
-- Called by   the batches of farebox_api, with array_dims of each array: one request's fields are never paired with another's
--
-- The length alone would not do. A caller may send '[0:1]={a,b}', which unnest pairs by place and a subscript by number: who
-- calls would be proved for one wallet and tokens taken from another.

create or replace function farebox.same_shape(p_n int[], variadic p_dims text[]) returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if array_dims(p_n) = '[1:' || cardinality(p_n) || ']' and array_dims(p_n) = all (p_dims) and array_position(p_n, null) is null then
        if cardinality(p_n) = 1 then -- what has a query in it costs a query each time, so this stands alone
            return true;
        end if;
        return (select count(distinct n) from unnest(p_n) n) = cardinality(p_n);
    end if;
    return false;
end $$;
