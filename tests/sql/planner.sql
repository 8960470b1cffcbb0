-- Which indexes the lookups of the hot path may use, however little the planner knows. With statistics of an empty table it
-- finds all of them equally good, so those that would read a whole wallet must not be able to serve the lookup at all.

begin;
\ir support.psql
select plan(13);

-- The plan of a query as one text, with every kind of scan but an index's forbidden.
create function plan_of(p_query text) returns text language plpgsql as $$
declare
    v_line text;
    v_plan text := '';
begin
    perform set_config('enable_seqscan', 'off', true);
    for v_line in execute 'explain ' || p_query loop
        v_plan := v_plan || v_line || E'\n';
    end loop;
    return v_plan;
end $$;

-- Copies, so that nothing is in them and their indexes may go.
create temp table e (like farebox.entries including indexes);
create temp table h (like farebox.holds including indexes);
create temp table g (like farebox.grants including indexes);
analyze e, h, g;

create function index_of(p_table regclass, p_definition text) returns text language sql as $$
    select c.relname::text from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = p_table and pg_get_indexdef(i.indexrelid) like '%' || p_definition || '%'
$$;

create temp table lookups (what text, query text, index text);
insert into lookups values
    ('a spend', $q$ select id from e where e.debit = '01900000-0000-7000-8000-000000000001'
                       and e.kind = 'spend' and e.key = 'k' and e.debit_seq is not null $q$, index_of('e', '(debit, kind, key)')),
    ('a grant', $q$ select id from e where e.credit = '01900000-0000-7000-8000-000000000001'
                       and e.kind = 'grant' and e.key = 'k' and e.debit_seq is null $q$, index_of('e', '(credit, kind, key)')),
    ('a hold', $q$ select id from h where h.wallet = '01900000-0000-7000-8000-000000000001'
                       and h.key = 'k' $q$, index_of('h', '(wallet, key)'));

select matches(plan_of(query), index, what || ' is looked up by its key') from lookups;

do $$
declare
    v_index text;
begin
    for v_index in select index from lookups loop
        execute format('drop index %I', v_index);
    end loop;
end $$;
select doesnt_match(plan_of(query), 'Index (Only )?Scan', 'and no other index could serve that: ' || what) from lookups;

select matches(plan_of($q$ select id from e where e.debit = '01900000-0000-7000-8000-000000000001'
                       and e.debit_seq > 0 order by e.debit_seq desc limit 10 $q$),
               index_of('e', '(debit, debit_seq)'), 'a statement reads from the end of the wallet''s sequence');
-- What is due, which stands in front of all that a wallet has ever had.
select matches(plan_of(query), index, what || ' in the order of the times')
  from (values ('the holds that lapse are read', $q$ select id from h where h.wallet = '01900000-0000-7000-8000-000000000001'
                       and h.open and h.expires_at <= now() order by h.expires_at, h.created_at, h.id limit 501 $q$,
                index_of('h', '(wallet, expires_at, created_at, id)')),
               ('the next one is', $q$ select min(h.expires_at) from h
                     where h.wallet = '01900000-0000-7000-8000-000000000001' and h.open $q$,
                index_of('h', '(wallet, expires_at, created_at, id)')),
               ('the grants that expire are read', $q$ select id from g where g.wallet = '01900000-0000-7000-8000-000000000001'
                       and g.remaining > 0 and not g.due and g.expires_at <= now()
                     order by g.expires_at, g.created_at, g.id limit 501 $q$,
                index_of('g', '(wallet, expires_at, created_at, id) WHERE ((remaining > 0) AND (NOT due))')),
               ('the next one is', $q$ select min(g.expires_at) from g
                     where g.wallet = '01900000-0000-7000-8000-000000000001' and g.remaining > 0 and not g.due $q$,
                index_of('g', '(wallet, expires_at, created_at, id) WHERE ((remaining > 0) AND (NOT due))')),
               ('kept ones are found', $q$ select from g where g.wallet = '01900000-0000-7000-8000-000000000001'
                       and g.remaining > 0 and g.due limit 1 $q$,
                index_of('g', '(wallet, expires_at, created_at, id) WHERE ((remaining > 0) AND due)'))) v(what, query, index);

select throws_ok($q$ insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, created_at)
                     values (gen_random_uuid(), gen_random_uuid(), '00000000-0000-7000-8000-000000000003', 1, 'spend', 0, 0, now()) $q$,
                 '23514', null, 'an entry cannot be outside of the unique sequence');

select * from finish();
rollback;
