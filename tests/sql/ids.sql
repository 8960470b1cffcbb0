-- Ids and numbers tell their wallet's slot, and what stands below every function of the API: locks, replays, arrays that belong
-- together, the operator's wallets.

begin;
\ir support.psql
select plan(48);

---- The slot of an id

select is(farebox.slot_of('00000000-0000-4000-8000-000000000000'), 0, 'the slot is the low 10 bits of an id');
select is(farebox.slot_of('ffffffff-ffff-4fff-bfff-fffffffffc00'), 0, 'and nothing above them');
select is(farebox.slot_of('00000000-0000-4000-8000-0000000003ff'), 1023, 'there are 1024');
select is(farebox.slot_of('00000000-0000-4000-8000-000000000102'), 258, 'in the order of the bits');
select is_empty('select n from generate_series(0, 1023) n where farebox.slot_of(farebox.new_id(n)) <> n', 'an id is made for a slot');
select is((select count(distinct farebox.new_id(n % 2)) from generate_series(1, 10000) n), 10000::bigint, 'and is nobody else''s');
select ok(bool_and(i::text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'), 'it is of version 7')
  from (select farebox.new_id(n) from generate_series(0, 1023) n) x(i);
select cmp_ok(('x' || left(replace(farebox.new_id(1)::text, '-', ''), 12))::bit(48)::bigint, '>=',
              floor(extract(epoch from t) * 1000)::bigint, 'and carries its time')
  from (select clock_timestamp()) x(t);

---- Numbers

create temp table people as select a_wallet(5) as id from generate_series(1, 40);
select is_empty('select p.id from people p join farebox.users u using (id) where u.number & 1023 <> farebox.slot_of(p.id)',
                'the number of an operator''s own user has the slot of its id');
create temp table registered (id uuid);
with r as (insert into auth.users (id, email, email_confirmed_at)
           select gen_random_uuid(), 'tests-ids-' || n || '@example.invalid', now() from generate_series(1, 40) n returning id)
insert into registered select id from r;
select is((select count(*) from registered r join farebox.users u using (id) where u.number & 1023 = farebox.slot_of(r.id)), 40::bigint,
          'so has that of a person who registers');

---- What the database makes itself

-- Everything that entries, grants and holds of a wallet can come from, but for those whose id a caller gives.
select a_wallet(0) as ann, a_wallet(100) as bob \gset
select gift(:'ann', 50, expires_in => '1 hour'), gift(:'ann', 100),
       held(:'ann', 20, '1 hour', 'charge', 5, true), time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select owe(:'ann', 10), gift(:'ann', 3), move(:'bob', :'ann', 5), gift(:'ann', 10, class => 'promo', expires_in => '1 hour') \g /dev/null
select * from spend_one(r(:'ann', 4)) \gset spent_
select time_passes(:'ann', '2 hours'), brief(take_back(:'spent_entry', 2)) \g /dev/null
-- One side of these is an operator's, and their id was made here: a caller's are of version 4.
create temp table made as
select e.id, e.kind::text as kind from farebox.entries e
 where :'ann' in (e.debit, e.credit) and substring(e.id::text from 15 for 1) = '7'
union all
select g.id, 'grant of a transfer' from farebox.grants g where g.wallet = :'ann' and g.id <> g.entry
union all
select e.id, 'starting tokens' from farebox.entries e join registered r on r.id = e.credit
 where e.description = 'starting tokens' and farebox.slot_of(e.id) = farebox.slot_of(r.id);
select bag_eq('select distinct kind from made',
              $$ values ('expire'), ('spend'), ('repayment'), ('grant of a transfer'), ('starting tokens') $$,
              'the database makes expiries, charges of lapses, repayments, what arrives by a transfer, starting tokens');
select is_empty(format($$ select * from made where kind <> 'starting tokens' and farebox.slot_of(id) <> farebox.slot_of(%L) $$, :'ann'),
                'each with the slot of the wallet');
select is((select count(*) from made where kind = 'starting tokens'), 40::bigint, 'starting tokens with that of whom they are for');
select is(books(:'ann') !~ 'BROKEN', true, 'and the books are in order');

---- Locks

select a_wallet(1) as one, a_wallet(2) as two \gset
select is((select array_agg(x order by x) from farebox.lock_wallets(array[:'two', :'one', :'two', gen_random_uuid(), null]::uuid[], s,
                                                                    clock_timestamp() + interval '1 s') l, unnest(l.locked) x),
          (select array_agg(x order by x) from unnest(array[:'one', :'two']::uuid[]) x),
          format('%s: each wallet that is there is locked, once', case when s then 'passing by what is held' else 'waiting' end))
  from unnest(array[true, false]) s;
select is((select l.locked from farebox.lock_wallets(null, false, clock_timestamp() + interval '1 s') l), '{}', 'of none, none');
select is((select l.locked from farebox.lock_wallets(array['00000000-0000-7000-8000-000000000003']::uuid[], false,
                                                     clock_timestamp() + interval '1 s') l), '{}', 'nor an operator''s');
select gift(:'one', 10, expires_in => '1 hour'), time_passes(:'one', '2 hours') \g /dev/null
select farebox.lock_wallets(array[:'one']::uuid[], false, clock_timestamp() - interval '1 s') \g /dev/null
select is(books(:'one'), 'balance 11 held 0 debt 0 seq 2', 'past the deadline nothing is brought up to date');
select ok((select l.at from farebox.lock_wallets(array[:'one']::uuid[], false, clock_timestamp() + interval '1 s') l) between t and clock_timestamp(),
          'the time is the one after the locks') from (select clock_timestamp()) x(t);
select is(books(:'one'), 'balance 1 held 0 debt 0 seq 3', 'before it, what has fallen due is done');

---- Replays

select a_wallet(100) as ann, a_wallet(0) as bob, gen_random_uuid() as keyless \gset
select * from gift(:'ann', 5, key => 'g', fingerprint => 'one') \gset given_
select * from move(:'ann', :'bob', 5, key => 't', fingerprint => 'one') \gset moved_
select brief(gift(:'ann', 7, id => :'keyless')) \g /dev/null
create function replayed(p_wallet uuid, p_kind text, p_key text, p_fingerprint text default 'one', p_id uuid default gen_random_uuid())
returns text language sql volatile as $$
    select concat_ws(' ', x.status, x.amount, x.before || '->' || x.after)
      from farebox.replay(p_wallet, p_kind::farebox.entry_kind, p_key, hash_of(p_fingerprint), p_id) x
$$;
select is(replayed(:'ann', 'grant', 'other'), '', 'what was never asked is new');
select is(replayed(:'ann', 'grant', 'g'), 'replayed 5 100->105', 'the same key and request: the first answer');
select is(replayed(:'ann', 'grant', 'g', 'two'), 'idempotency_key_reused', 'the same key and another request: refused, with nothing told');
select is(replayed(:'bob', 'grant', 'g'), '', 'the key is this wallet''s');
select is(replayed(:'ann', 'reversal', 'g'), '', 'and this kind''s');
select is(replayed(:'ann', 'transfer', 't'), 'replayed 5 105->100', 'a move out of a wallet is keyed where it leaves');
select is(replayed(:'bob', 'transfer', 't'), '', 'not where it arrives');
select is((select row(x.other, x.entry)::text from farebox.replay(:'ann', 'transfer', 't', hash_of('one'), null) x),
          row(:'bob', :'moved_entry')::text, 'it says the wallet on the other side');
select is(replayed(:'ann', 'grant', null, p_id => :'keyless'), 'replayed 7 100->107', 'without a key the id says which it is');
select is(replayed(:'bob', 'grant', null, p_id => :'keyless'), '', 'of this wallet');
select is(replayed(:'ann', 'purchase', null, p_id => :'keyless'), '', 'and this kind');
select is(replayed(:'ann', 'grant', null, p_id => :'given_entry'), 'idempotency_key_reused',
          'the id of a keyed request without its key is refused');

---- Arrays that belong together

select is(farebox.same_shape(array[5, -1, 0], '[1:3]', '[1:3]'), true,
          'arrays of one length belong together, whatever the numbers are');
select is(farebox.same_shape(p_n, variadic p_dims), false, what)
  from (values (array[1, 2], array['[1:2]', '[1:1]'], 'one that is shorter does not'),
               (array[1, 2], array['[1:2]', '[1:3]'], 'nor one that is longer'),
               (array[1, 2], array['[1:2]', null], 'nor one that is missing or empty'),
               (array[1, 2], array['[1:2]', '[0:1]'], 'nor one that begins elsewhere'),
               ('[0:1]={1,2}'::int[], array['[0:1]', '[0:1]'], 'nor several that do so together'),
               (array[[1, 2]], array['[1:2]', '[1:2]'], 'nor one of two dimensions'),
               (array[1, null], array['[1:2]'], 'a request without a number is none'),
               (array[1, 1], array['[1:2]'], 'two of one number are none'), (null, array['[1:0]'], 'nor is a call without numbers'),
               ('{}', array[null], 'nor an empty one'))
       v(p_n, p_dims, what);

---- The operator's wallets

select is_empty($$ select name, id from farebox.operator_wallets where farebox.operator_wallet(name) is distinct from id $$,
                'each wallet of the operator is known by its name');
select is(farebox.operator_wallet('nothing'), null, 'there is none by another name');
select bag_eq($$ select (regexp_matches(pg_get_functiondef('farebox.operator_wallet'::regproc), 'when ''([a-z]+)''', 'g'))[1] $$,
              'select name from farebox.operator_wallets', 'and none that is not in the table');
select is((select count(distinct id) from farebox.operator_wallets), (select count(*) from farebox.operator_wallets), 'no two are one');

select * from finish();
rollback;
