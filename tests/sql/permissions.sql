-- Who may do what: the application calls the functions of sql/api and nothing else; the API roles of Supabase nothing at
-- all. Asked twice: by trying it in the role, and of the catalogue, which also knows what nobody thought of trying.

begin;
\ir support.psql
\ir open_functions.psql
select plan(62);

grant farebox_app to current_user; -- to try things in its place; gone with the rollback

-- What happens when a role does this: its SQLSTATE, or `allowed`. Nothing of it stays.
create function attempt(p_role text, p_sql text) returns text language plpgsql volatile as $$
begin
    execute format('set local role %I', p_role);
    execute p_sql;
    raise exception using errcode = 'FBT00';
exception
    when sqlstate 'FBT00' then
        return 'allowed';
    when others then
        return sqlstate;
end $$;

create temp table roles as select unnest(array['farebox_app', 'anon', 'authenticated', 'service_role']) as role;

-- Everything that can be done to a table, a sequence and a function of the inner schema.
create temp table attempts as
select format('%s %s', v.verb, t.tablename) as what, format(v.sql, t.tablename, a.attname) as sql
  from pg_tables t
  join pg_attribute a on a.attrelid = format('farebox.%I', t.tablename)::regclass and a.attnum = 1
 cross join (values ('read', 'select from farebox.%1$I'), ('write', 'insert into farebox.%1$I default values'),
                    ('change', 'update farebox.%1$I set %2$I = %2$I'), ('delete from', 'delete from farebox.%1$I'),
                    ('truncate', 'truncate farebox.%1$I'), ('lock', 'lock farebox.%1$I in access share mode'),
                    ('alter', 'alter table farebox.%1$I add column more int')) v(verb, sql)
 where t.schemaname = 'farebox'
union all
select 'call ' || p.oid::regprocedure, format('select farebox.%I(%s)', p.proname,
           (select string_agg(case when p.provariadic <> 0 and n = p.pronargs then 'variadic ' else '' end
                              || 'null::' || format_type(x, null), ', ' order by n)
              from unnest(p.proargtypes) with ordinality y(x, n)))
  from pg_proc p where p.pronamespace = 'farebox'::regnamespace
union all
select 'take a number of ' || s.sequencename, format('select nextval(%L)', 'farebox.' || s.sequencename)
  from pg_sequences s where s.schemaname = 'farebox'
union all
select v.* from (values ('create a table', 'create table farebox.mine (n int)'),
                        ('create a function',
                         'create function farebox_api.mine() returns int language sql as $f$ select 1 $f$')) v;

select cmp_ok((select count(*) from attempts), '>', 80::bigint, 'there is much to try');
select is_empty(format($$ select what, attempt(%L, sql) from attempts where attempt(%1$L, sql) <> '42501' $$, r.role),
                format('%s reads, writes and changes no table, takes no number, calls no inner function', r.role))
  from roles r;

-- The schema is one door; behind it every table and function is locked as well.
savepoint open_schemas;
grant usage on schema farebox, farebox_api to anon, authenticated, service_role, farebox_app;
select is_empty(format($$ select what, attempt(%L, sql) from attempts where attempt(%1$L, sql) <> '42501' $$, r.role),
                format('nor does %s when the schemas are opened', r.role))
  from roles r;
rollback to open_schemas;

---- What somebody would try first

select a_wallet(100) as ann \gset
select is(attempt(role, format($$ select farebox.post_grant(gen_random_uuid(), %L, 1000, 'paid', 1, null, null, null, null,
                                                            null, now()) $$, :'ann')),
          '42501', role || ' mints no tokens past the API key') from roles;
select is(attempt(role, $$ select farebox.create_api_key('mine', sha256('x'), 'fb_mine', '{grant}') $$), '42501',
          role || ' makes no API key') from roles;
select is(attempt(role, format('update farebox.entries set amount = 1 where credit = %L', :'ann')), '42501',
          role || ' changes no entry') from roles;
select is(attempt(role, format('delete from farebox.entries where credit = %L', :'ann')), '42501',
          role || ' deletes no entry') from roles;
select is(attempt(role, 'select from auth.sessions'), '42501', role || ' reads no session')
  from roles where role <> 'service_role';

---- What the application may

create function calls(p_role text) returns setof text language sql stable as $$
    select p.oid::regprocedure::text from pg_proc p
     where p.pronamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace)
       and has_function_privilege(p_role, p.oid, 'execute')
$$;
set local search_path = extensions, :"tests";
select bag_eq($$ select split_part(calls('farebox_app'), '(', 1) $$,
              $$ values ('farebox_api.spend'), ('farebox_api.spend_one'), ('farebox_api.place_holds'),
                        ('farebox_api.end_holds'), ('farebox_api.mark_started'), ('farebox_api.reverse'),
                        ('farebox_api.transfer'), ('farebox_api.balance'), ('farebox_api.entries'),
                        ('farebox_api.create_user'), ('farebox_api."grant"'), ('farebox_api.find_credential'),
                        ('farebox_api.account'), ('farebox_api.rename_account'), ('farebox_api.export_account'),
                        ('farebox_api.erase_account'), ('farebox_api.registration_ids'), ('farebox_api.catch_up'),
                        ('farebox_api.session_stands') $$,
              'the application calls the functions of sql/api, each of them once, and no other');
select bag_eq($$ select p.proname::text from pg_proc p
                  where p.pronamespace = 'farebox_api'::regnamespace and not 'p_caller' = any (p.proargnames) $$,
              'select name from open_functions', 'every one of them asks who calls, but those that say why not');
create function rows_changed() returns bigint language sql volatile as $$
    select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint from pg_stat_xact_user_tables where schemaname in ('farebox', 'auth')
$$;
create function changed_by(p_call text) returns bigint language plpgsql volatile as $$
declare
    v_before constant bigint := rows_changed();
begin
    execute p_call;
    return rows_changed() - v_before;
end $$;
select is(changed_by(call), 0::bigint, format('%s changes no row, so no balance: %s', name, reason)) from open_functions order by name;
select is(changed_by(format('update farebox.wallets set debt = debt where id = %L', :'ann')), 1::bigint, 'a change of one would be seen');
select is_empty(format('select calls(%L)', r), format('%s calls none', r))
  from unnest(array['anon', 'authenticated', 'service_role']) r;
select is_empty($$ select p.oid::regprocedure
                     from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                    where p.pronamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace)
                      and (a.grantee = 0 or a.is_grantable and a.grantee <> p.proowner) $$,
                'no function is everybody''s, or handed on');
select is(attempt('farebox_app',
                  format($$ select * from farebox_api.balance(array[1], array['api_key'], array[%L::bytea], array[%L]::uuid[],
                                                              array[null]::bigint[], array[null]::text[]) $$,
                         proof_of(null, null, null), :'ann')),
          'allowed', 'the application reads a balance');
select is(attempt('farebox_app',
                  format($$ select * from farebox_api.spend_one('user', %L, gen_random_uuid(), %L, null, 1, null, null, null,
                                                                null, null, clock_timestamp() + interval '10 s') $$,
                         proof_of(gen_random_uuid(), null, null), :'ann')),
          'allowed', 'and spends, sessions looked up and all');
select is_empty($$ select c.oid::regclass, a.privilege_type, a.grantee::regrole
                     from pg_class c
                    cross join lateral (select case c.relkind when 'S' then 's' else 'r' end::"char" as kind) k
                    cross join lateral aclexplode(coalesce(c.relacl, acldefault(k.kind, c.relowner))) a
                    where c.relnamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace)
                      and a.grantee <> c.relowner
                   union all
                   select t.attrelid::regclass, a.privilege_type, a.grantee::regrole
                     from pg_attribute t join pg_class c on c.oid = t.attrelid, aclexplode(t.attacl) a
                    where c.relnamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace)
                      and a.grantee <> c.relowner $$,
                'nobody but the owner has a right to any table, column or sequence');
select bag_eq($$ select n.nspname::text, a.privilege_type, a.grantee::regrole::text
                   from pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
                  where n.nspname in ('farebox', 'farebox_api') and a.grantee <> n.nspowner $$,
              $$ values ('farebox_api', 'USAGE', 'farebox_app') $$,
              'nor to a schema, but the application to use the one of the functions');

---- The application's role

select is((select row(rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls)::text
             from pg_roles where rolname = 'farebox_app'),
          row(false, false, false, false, true, false, false)::text,
          'the application''s role can log in and nothing else');
select cmp_ok((select rolconnlimit from pg_roles where rolname = 'farebox_app'), '>', 0, 'with a limit of connections');
select is_empty($$ select roleid::regrole from pg_auth_members where member = 'farebox_app'::regrole $$,
                'it is a member of no other role');
select is_empty($$ select c.oid::regclass::text from pg_class c where c.relowner = 'farebox_app'::regrole
                   union all
                   select p.oid::regprocedure::text from pg_proc p where p.proowner = 'farebox_app'::regrole $$, 'and owns nothing');
select bag_eq($$ select unnest(rolconfig) from pg_roles where rolname = 'farebox_app' $$,
              $$ values ('search_path=""'), ('lock_timeout=250ms'), ('statement_timeout=5s'), ('TimeZone=UTC'),
                        ('idle_in_transaction_session_timeout=10s'), ('default_transaction_isolation=read committed') $$,
              'its sessions have the timeouts, the isolation and the time zone that the functions count on');

---- The shape of the schemas

select is_empty($$ select p.oid::regprocedure from pg_proc p
                    where p.pronamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace)
                      and not exists (select from unnest(p.proconfig) c where c like 'search_path=%') $$,
                'every function pins its search path');
select is_empty($$ select p.oid::regprocedure, c from pg_proc p,
                          unnest(array['plan_cache_mode=force_generic_plan', 'jit=off', 'enable_seqscan=off',
                                       'enable_hashjoin=off', 'enable_mergejoin=off']) c
                    where p.pronamespace = 'farebox_api'::regnamespace and not c = any (coalesce(p.proconfig, '{}')) $$,
                'every function that handlers call keeps one plan, and one that is good when the tables have grown');
select is_empty($$ select p.oid::regprocedure from pg_proc p
                    where p.pronamespace = 'farebox'::regnamespace and p.prosecdef <> (p.proname = 'follow_auth_user')
                       or p.pronamespace = 'farebox_api'::regnamespace and not p.prosecdef $$,
                'functions of the API run with the owner''s rights, inner ones with their caller''s, but for the trigger that '
                'Supabase Auth fires');
create temp table ours as
select c.* from pg_class c where c.relnamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace);
select is_empty($$ select relname from ours c
                    where relkind in ('r', 'p')
                      and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary) $$,
                'every table has a primary key');
select is_empty($$ select relname from ours where relkind in ('r', 'p') and not relrowsecurity $$,
                'every table has row level security');
select is_empty($$ select relname from ours c
                    where relkind in ('r', 'p')
                      and not exists (select from pg_policy p where p.polrelid = c.oid) $$,
                'and a policy');
select is_empty($$ select p.polname, p.polrelid::regclass from pg_policy p join ours c on c.oid = p.polrelid
                    where pg_get_expr(p.polqual, p.polrelid) is distinct from 'false'
                       or pg_get_expr(p.polwithcheck, p.polrelid) is distinct from 'false' $$,
                'that lets nobody in');
select is_empty($$ select k.conname from pg_constraint k join ours c on c.oid = k.conrelid
                    where k.contype = 'f' and not exists (
                        select from pg_index i where i.indrelid = k.conrelid and i.indpred is null
                           and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] = k.conkey) $$,
                'every foreign key has an index that covers it');
select is_empty($$ select k.conname from pg_constraint k join ours c on c.oid = k.conrelid
                    where k.contype = 'f' and c.relname = 'entries' $$,
                'the journal has none: it would lock the other side of every spend');
select is_empty($$ select c.oid::regclass::text from pg_class c where c.relnamespace = 'public'::regnamespace
                      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
                   union all
                   select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'public'::regnamespace
                      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
                   union all
                   select t.oid::regtype::text from pg_type t where t.typnamespace = 'public'::regnamespace
                      and not exists (select from pg_depend d where d.objid = t.oid and d.deptype = 'e') $$,
                'nothing of ours is in public');
select is_empty($$ select extname from pg_extension
                    where extnamespace in ('public'::regnamespace, 'farebox'::regnamespace, 'farebox_api'::regnamespace) $$,
                'and no extension in public or in a schema of ours');

---- The owner

select is_empty($$ select c.relname::text, c.relowner::regrole from ours c where c.relowner <> 'postgres'::regrole
                   union all select p.proname::text, p.proowner::regrole from pg_proc p
                    where p.pronamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace)
                      and p.proowner <> 'postgres'::regrole
                   union all select t.typname::text, t.typowner::regrole from pg_type t
                    where t.typnamespace in ('farebox'::regnamespace, 'farebox_api'::regnamespace)
                      and t.typowner <> 'postgres'::regrole
                   union all select n.nspname::text, n.nspowner::regrole from pg_namespace n
                    where n.nspname in ('farebox', 'farebox_api') and n.nspowner <> 'postgres'::regrole $$,
                    'everything belongs to postgres');
select is((select rolsuper from pg_roles where rolname = 'postgres'), false, 'who is no superuser, as on Supabase');
select is((select rolbypassrls from pg_roles where rolname = 'postgres'), true,
          'but sees past row level security, sessions included');

select * from finish();
rollback;
