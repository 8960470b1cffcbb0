-- farebox_api.entries: a user's entries, newest first, page by page.

begin;
\ir support.psql
select plan(34);

create function page(
    p_wallet uuid, p_limit int default 100, p_before bigint default null, number bigint default null,
    api_key bytea default null, session uuid default null, caller uuid default null)
returns text language sql volatile as $$
    select string_agg(concat_ws(' ', s.status, s.seq, s.kind, s.amount, '=' || s.balance_after), ', ' order by s.place)
      from (select row_number() over () as place, *
              from farebox_api.entries(kind_of(null, session), proof_of(session, caller, api_key), p_wallet, number,
                                       p_limit, p_before)) s
$$;

select a_wallet(100) as ann, a_wallet(10) as bob \gset
select * from spend_one(r(:'ann', 30, key => 'k', description => 'a call', metadata => '{"n": 1}')) \gset spent_
select * from take_back(:'spent_entry', 10, key => 'back') \gset refund_
select * from move(:'ann', :'bob', 25) \gset moved_
select is(page(:'ann'), 'ok 4 transfer -25 =55, ok 3 refund 10 =80, ok 2 spend -30 =70, ok 1 grant 100 =100',
          'a statement has every entry, newest first, signed as it moved the balance, with the balance after it');
select is(page(:'bob'), 'ok 2 transfer 25 =35, ok 1 grant 10 =10',
          'a transfer is on both statements, each from its side');
select is(page(null, number => number_of(:'bob')), page(:'bob'), 'a user is found by number too');
select results_eq(
    format($$ select entry, description, metadata::text, key, reverses, created_at
                from farebox_api.entries('api_key', proof_of(null, null, null), %L, null, 2, 4) $$, :'ann'),
    format($$ values (%L::uuid, 'taken back', null, 'back', %L::uuid, %L::timestamptz),
                     (%L::uuid, 'a call', '{"n": 1}', 'k', null, %L::timestamptz) $$,
           :'refund_entry', :'spent_entry', :'refund_at', :'spent_entry', :'spent_at'),
    'each entry has its id, texts, key, time, and what it takes back');

---- Pages

select a_wallet(100) as ann \gset
select brief_many(r(:'ann', 1), r(:'ann', 2), r(:'ann', 3)), brief(gift(:'ann', 4)), brief(gift(:'ann', 5)) \g /dev/null
select is(page(:'ann', 2), 'ok 6 grant 5 =103, ok 5 grant 4 =98', 'a page is no longer than asked for');
select is(page(:'ann', 2, 5), 'ok 4 spend -3 =94, ok 3 spend -2 =97',
          'the next one begins before the last seq of this one');
select is(page(:'ann', 2, 3), 'ok 2 spend -1 =99, ok 1 grant 100 =100', 'and so on to the first entry');
select is(page(:'ann', 2, 1), 'ok', 'before the first there is nothing: ok without an entry');
select is(page(:'ann', 4, 6), 'ok 5 grant 4 =98, ok 4 spend -3 =94, ok 3 spend -2 =97, ok 2 spend -1 =99',
          'debits and credits are one list on every page');
select is(page(:'ann', 1000, 9223372036854775807), page(:'ann'), 'a seq beyond the last gives the newest');
select is(page(a_wallet(0)), 'ok', 'a wallet without an entry has an empty statement');

---- Refusals

select a_key('tests: all others', '{spend,hold,grant,users}') as weak_key,
       a_key('tests: reads', '{read}') as good_key \gset
select is(page(gen_random_uuid(), api_key => hash_of('tests: unknown')), 'unauthorized',
          'an unknown API key is refused before anything else');
select is(page(gen_random_uuid(), api_key => :'weak_key'), 'forbidden', 'then one without the scope');
select is(page(gen_random_uuid(), api_key => :'good_key'), 'user_not_found', 'then an unknown user');
select is(page(null, number => 9007199254740991, api_key => :'good_key'), 'user_not_found', 'by number too');
select is(page('00000000-0000-7000-8000-000000000003'), 'user_not_found', 'an operator''s wallet has no statement');
select is(page(:'ann', 1, api_key => :'good_key'), 'ok 6 grant 5 =103', 'a key with the scope reads');
select a_session(:'ann') as session \gset
select is(page(:'ann', 1, session => gen_random_uuid(), caller => :'ann'), 'unauthorized', 'a session that is none is refused');
select is(page(a_wallet(5), session => :'session', caller => :'ann'), 'user_not_found', 'a user finds nobody else''s entries');
select is(page(:'ann', 1, session => :'session', caller => :'ann'), 'ok 6 grant 5 =103', 'and reads the own ones');

---- A read settles what has fallen due

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), time_passes(:'ann', '2 hours') \g /dev/null
select is(page(:'ann'), 'ok 2 expire -10 =0, ok 1 grant 10 =10', 'expired tokens are off the statement''s balance');
select brief(gift(:'ann', 10)), a_hold(:'ann', 10, '1 hour', 'charge', 4, true),
       time_passes(:'ann', '2 hours') \g /dev/null
select is(page(:'ann', 1), 'ok 4 spend -4 =6', 'the estimate of a lapsed hold is on it');
select is(books(:'ann'), 'balance 6 held 0 debt 0 seq 4', 'and the books are in order');

---- A malformed call is our fault and raises

select throws_ok(format('select page(%L, %s)', :'ann', n), 'FB000', null, format('a page of %s is malformed', n))
  from unnest(array['0', '-1', '1001', 'null']) n;
select is(page(:'ann', 1000), page(:'ann', 4), 'a page of 1000 is in order');
select throws_ok(format('select page(%L, number => 1000000001)', :'ann'), 'FB000', null, 'two users are malformed');
select throws_ok('select page(null)', 'FB000', null, 'none is');

---- Entries that the database makes itself

create function made_by_database(p_wallet uuid) returns setof farebox.entries language sql stable as $$
    select e.* from farebox.entries e where e.debit = p_wallet and e.kind in ('expire', 'spend')
$$;
select is(count(*), 2::bigint, 'the expiry and the estimate') from made_by_database(:'ann');
select ok(bool_and(e.id::text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'),
          'have ids of version 7')
  from made_by_database(:'ann') e;
select ok(bool_and(abs(extract(epoch from e.created_at) * 1000
                       - ('x' || left(replace(e.id::text, '-', ''), 12))::bit(48)::bigint) < 60000),
                       'that carry their time')
  from made_by_database(:'ann') e;
select ok(bool_and(farebox.slot_of(e.id) = farebox.slot_of(:'ann')), 'and the slot of the wallet')
  from made_by_database(:'ann') e;

select * from finish();
rollback;
