-- The journal is append-only, for its owner too, and also where replication switches ordinary triggers off: whoever may
-- set session_replication_role, as postgres may on Supabase, can work as a replica.

begin;
\ir support.psql
select plan(14);

create function refused(p_sql text, p_what text) returns text language sql volatile as $$
    select throws_ok(p_sql, '55000', null, p_what)
$$;

create function work_as(p_role text) returns boolean language plpgsql volatile as $$
begin
    perform set_config('session_replication_role', p_role, true);
    return true;
exception when insufficient_privilege then
    return false;
end $$;
select work_as('replica') and work_as('origin') as replica \gset

---- All entries at once. This comes first: a file that waits for a table must hold nothing that others wait for

select refused($$ select patiently('truncate farebox.entries') $$, 'the owner does not delete all entries at once');
select refused($$ select patiently('truncate farebox.entries, farebox.wallets, farebox.grants, farebox.burns, farebox.holds') $$,
               'in no company');
\if :replica
select work_as('replica') \g /dev/null
select refused($$ select patiently('truncate farebox.entries') $$, 'nor as a replica');
select work_as('origin') \g /dev/null
\else
select skip('this role may not set session_replication_role here');
\endif

---- One entry

select a_wallet(100) as ann \gset
select * from spend_one(r(:'ann', 30, key => 'k')) \gset spent_
select e::text as before from farebox.entries e where e.id = :'spent_entry' \gset

select refused(format('update farebox.entries set amount = 1 where id = %L', :'spent_entry'), 'the owner changes no amount');
select refused(format('update farebox.entries set description = null where id = %L', :'spent_entry'), 'nor a text');
select refused(format('update farebox.entries set id = id where id = %L', :'spent_entry'),
               'nor does anybody change an entry into itself');
select refused(format('delete from farebox.entries where id = %L', :'spent_entry'), 'the owner deletes no entry');
select refused(format($$ insert into farebox.entries select * from farebox.entries where id = %L
                         on conflict (id) do update set amount = 1 $$, :'spent_entry'),
               'nor is one replaced by another');
select refused(format($$ merge into farebox.entries e using (select %L::uuid as id) x on e.id = x.id
                         when matched then update set amount = 1 $$, :'spent_entry'),
               'or merged');
\if :replica
select work_as('replica') \g /dev/null
select refused(format('update farebox.entries set amount = 1 where id = %L', :'spent_entry'), 'as a replica the owner changes no entry');
select refused(format('delete from farebox.entries where id = %L', :'spent_entry'), 'and deletes none');
select work_as('origin') \g /dev/null
\else
select skip('this role may not set session_replication_role here', 2);
\endif
select is((select e::text from farebox.entries e where e.id = :'spent_entry'), :'before', 'it is as it was');
select is(books(:'ann'), 'balance 70 held 0 debt 0 seq 2', 'and the books are in order');

select bag_eq($$ select t.tgname::text, t.tgenabled::text,
                        regexp_replace(pg_get_triggerdef(t.oid), '^.*BEFORE (.*) ON.*FOR EACH (\w+).*$', '\1 \2')
                   from pg_trigger t where t.tgrelid = 'farebox.entries'::regclass and not t.tgisinternal $$,
              $$ values ('entries_append_only_row', 'A', 'DELETE OR UPDATE ROW'),
                        ('entries_append_only_table', 'A', 'TRUNCATE STATEMENT') $$,
              'its triggers fire always');

select * from finish();
rollback;
