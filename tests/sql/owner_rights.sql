-- Functions of the API run with the owner's rights, so nothing that a caller makes may run inside them. PostgreSQL looks
-- for a type or a table among a session's temporary objects before anywhere else, unless the search path names pg_temp
-- later: then a temporary domain named uuid, with a check that calls a temporary function, would run as the owner in
-- every function that declares a uuid.
--
-- A file of its own: functions are compiled at their first call in a session, and what they were compiled with stays.

begin;
\ir support.psql
select plan(3);

grant farebox_app to current_user; -- to try it in its place; gone with the rollback

-- Lays the trap in farebox_app's place, makes the calls, and says in which the trap ran as somebody else.
create function spring(p_calls text[]) returns text language plpgsql volatile as $$
declare
    v_call text;
    v_type text;
    v_message text;
begin
    set local role farebox_app;
    begin
        create function pg_temp.trap() returns boolean language plpgsql as $f$
        begin
            if current_user <> 'farebox_app' then
                raise exception using errcode = 'FBT00', message = 'ran as ' || current_user;
            end if;
            return true;
        end $f$;
    exception when insufficient_privilege then
        return 'no trap can be laid';
    end;
    foreach v_type in array array['bool', 'bytea', 'int4', 'int8', 'json', 'jsonb', 'text', 'timestamptz', 'uuid'] loop
        execute pg_catalog.format('create domain pg_temp.%I as pg_catalog.%1$I check (pg_temp.trap())', v_type);
    end loop;
    foreach v_call in array p_calls loop
        begin
            execute v_call;
        exception
            when sqlstate 'FBT00' then
                get stacked diagnostics v_message = message_text;
                return v_message || ': ' || v_call;
            when others then -- malformed, most of them: what was declared has been looked up by then
        end;
    end loop;
    return 'nothing';
end $$;

set local check_function_bodies = off; -- the check would compile it, too early
create function careless() returns void language plpgsql security definer set search_path = '' as $$
declare
    v_id uuid;
begin
end $$;
grant usage on schema :"tests" to farebox_app;

-- The calls are put together before the trap is laid: afterwards nothing here could be trusted either.
select array_agg(format('select * from farebox_api.%I(%s)', p.proname,
                        (select string_agg(format('null::pg_catalog.%I', y.typname), ', ' order by x.n)
                           from unnest(p.proargtypes) with ordinality x(t, n) join pg_type y on y.oid = x.t))
                             order by p.proname) as calls
  from pg_proc p where p.pronamespace = 'farebox_api'::regnamespace \gset

savepoint untouched;
select spring(:'calls') as sprung \gset
rollback to untouched;
select spring(array[format('select %I.careless()', :'tests')]) as sprung_carelessly \gset
rollback to untouched;

select ok(:'sprung_carelessly' ~ 'ran as postgres|no trap',
          'a function that does not look out runs a caller''s code as the owner');
select is(:'sprung', case when :'sprung_carelessly' ~ 'no trap' then 'no trap can be laid' else 'nothing' end,
          'no function of the API runs anything that its caller made');
select is_empty($$ select p.oid::regprocedure, c
                     from pg_proc p left join unnest(p.proconfig) c on c like 'search_path=%'
                    where p.pronamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace) and c !~ 'pg_temp"?$'
                      and has_database_privilege('farebox_app', current_database(), 'temporary') $$,
                'every function looks among temporary objects last, or the application can make none');

select * from finish();
rollback;
