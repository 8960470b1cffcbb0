-- The journal is append-only, for its owner too.

begin;
\ir support.psql
select plan(14);

select a_wallet(100) as ann \gset
select * from spend_one(r(:'ann', 30, key => 'k')) \gset spent_
select e::text as before from farebox.entries e where e.id = :'spent_entry' \gset

create function refused(p_sql text, p_what text) returns text language sql volatile as $$
    select throws_ok(p_sql, '55000', null, p_what)
$$;

select refused(format('update farebox.entries set amount = 1 where id = %L', :'spent_entry'), 'the owner changes no amount');
select refused(format('update farebox.entries set description = null where id = %L', :'spent_entry'), 'nor a text');
select refused(format('update farebox.entries set id = id where id = %L', :'spent_entry'), 'nor does anybody change an entry into itself');
select refused(format('delete from farebox.entries where id = %L', :'spent_entry'), 'the owner deletes no entry');
select refused($$ select patiently('truncate farebox.entries') $$, 'nor all of them at once');
select refused($$ select patiently('truncate farebox.wallets, farebox.grants, farebox.burns, farebox.holds, farebox.entries cascade') $$, 'in no company');
select refused(format($$ insert into farebox.entries select * from farebox.entries where id = %L on conflict (id) do update set amount = 1 $$, :'spent_entry'),
               'nor is one replaced by another');
select refused(format($$ merge into farebox.entries e using (select %L::uuid as id) x on e.id = x.id when matched then update set amount = 1 $$, :'spent_entry'),
               'or merged');

---- Whoever may set session_replication_role, as postgres may on Supabase, switches ordinary triggers off

select bag_eq($$ select t.tgname::text, t.tgenabled::text, regexp_replace(pg_get_triggerdef(t.oid), '^.*BEFORE (.*) ON.*FOR EACH (\w+).*$', '\1 \2')
                   from pg_trigger t where t.tgrelid = 'farebox.entries'::regclass and not t.tgisinternal $$,
              $$ values ('entries_append_only_row', 'A', 'DELETE OR UPDATE ROW'), ('entries_append_only_table', 'A', 'TRUNCATE STATEMENT') $$,
              'the triggers fire always, not only where replication does not');

create function may_replicate() returns boolean language plpgsql volatile as $$
begin
    set local session_replication_role = replica;
    return true;
exception when insufficient_privilege then
    return false;
end $$;
select may_replicate() as replica \gset
\if :replica
select refused(format('update farebox.entries set amount = 1 where id = %L', :'spent_entry'), 'as a replica the owner changes no entry');
select refused(format('delete from farebox.entries where id = %L', :'spent_entry'), 'deletes none');
select refused($$ select patiently('truncate farebox.entries') $$, 'and does not delete all at once');
set local session_replication_role = origin;
\else
select skip('this role may not set session_replication_role here', 3);
\endif

select is((select e::text from farebox.entries e where e.id = :'spent_entry'), :'before', 'it is as it was');
select is(books(:'ann'), 'balance 70 held 0 debt 0 seq 2', 'and the books are in order');

select * from finish();
rollback;
