-- farebox.register_environment_keys: the keys that handlers are given in their environment become rows like all others: every
-- scope but act_as, named after their variables. Returns a line for each: what became of it.
--
-- Called by   scripts/key environment, as the owner; by hand on a database that no script reaches (SUPABASE.md)
-- Locks       the keys' rows
-- Raises      23505 with a sentence when a value is another key already, or was revoked: a revoked secret stays one
--
-- A name that is not given keeps its row. Another value under a name replaces the one before it, which is no key from then
-- on. Equal values under two names are one row, which has both names and ends when neither has the value any more.

create or replace function farebox.register_environment_keys(p_names text[], p_hashes bytea[]) returns setof text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_name text;
    v_hash bytea;
    k record;
begin
    if array_dims(p_names) is distinct from array_dims(p_hashes) or array_position(p_names, null) is not null
       or array_position(p_hashes, null) is not null then
        raise exception 'each name needs a hash' using errcode = '22023';
    end if;
    for v_name, v_hash in select r.name, r.hash from unnest(p_names, p_hashes) with ordinality r(name, hash, n) order by r.n loop
        -- The name leaves the row of its value before.
        delete from farebox.credentials c
         where c.kind = 'api_key' and c.preview = '(environment)' and c.name = v_name and c.hash <> v_hash and c.revoked_at is null;
        update farebox.credentials c
           set name = array_to_string(array_remove(farebox.environment_names(c.name), v_name), ' and ')
         where c.kind = 'api_key' and c.preview = '(environment)' and v_name = any (farebox.environment_names(c.name))
           and c.hash <> v_hash and c.revoked_at is null;
        -- And joins that of its value now.
        select coalesce(c.name, c.preview) as name, c.preview, c.revoked_at into k from farebox.credentials c where c.hash = v_hash;
        if not found then
            insert into farebox.credentials (kind, name, hash, preview, scopes)
            values ('api_key', v_name, v_hash, '(environment)',
                    array_remove(enum_range(null::farebox.scope), 'act_as'));
            return next v_name || ' registered';
        elsif k.revoked_at is not null then
            raise exception 'the value of % was revoked: give it another one', v_name using errcode = '23505';
        elsif k.preview <> '(environment)' then
            raise exception 'the value of % is the key % already: give it another one', v_name, k.name
                using errcode = '23505';
        elsif v_name = any (farebox.environment_names(k.name)) then
            return next v_name || ' is registered';
        else
            update farebox.credentials c set name = k.name || ' and ' || v_name where c.hash = v_hash;
            return next v_name || ' registered, the same key as ' || k.name;
        end if;
    end loop;
end $$;
