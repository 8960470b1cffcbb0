-- Many spends in one call: a call answers exactly what its requests, sent one at a time in array order, would have been
-- answered. Here rule by rule; equivalence.sql asks the same of random calls.

begin;
\ir support.psql
select plan(71);

update farebox.settings set subscription_gate = 'ended';
delete from farebox.models where use = 'device' and name = '*';
insert into farebox.models (use, name, version, price) values ('device', 'tests-three', 1, 3);

---- In array order

select a_wallet(100) as ann \gset
select is(brief_many(r(:'ann', 80), r(:'ann', 50), r(:'ann', 20)),
          array['ok 80 100->20', 'insufficient_balance 50 of 20', 'ok 20 20->0'],
          'a smaller spend is served after a larger one was refused');
select is(journal(:'ann'), 'grant 100, spend -80, spend -20', 'the journal has them in array order');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 3', 'and the books are in order');

select a_wallet(100) as ann, a_wallet(100) as bob, a_wallet(0) as cid \gset
select is(brief_many(r(:'bob', 10), r(:'ann', 20), r(:'cid', 1), r(:'bob', 30), r(:'ann', 40)),
          array['ok 10 100->90', 'ok 20 100->80', 'insufficient_balance 1 of 0', 'ok 30 90->60', 'ok 40 80->40'],
          'every request gets its own answer, whatever the order of the wallets');
select is(books(:'ann'), 'balance 40 held 0 debt 0 seq 3', 'one wallet pays its own');
select is(books(:'bob'), 'balance 60 held 0 debt 0 seq 3', 'another its own');
select is(books(:'cid'), 'balance 0 held 0 debt 0 seq 0', 'a third nothing');

select a_wallet(100) as ann, a_wallet(100) as bob \gset
select number_of(:'ann') as ann_number, number_of(:'bob') as bob_number \gset
select is(brief_many(r(null, 10, number => :ann_number), r(:'bob', 20), r(gen_random_uuid(), 1), r(:'ann', 30),
                     r(null, 1, number => 9007199254740991), r(null, 40, number => :bob_number)),
          array['ok 10 100->90', 'ok 20 100->80', 'user_not_found', 'ok 30 90->60', 'user_not_found', 'ok 40 80->40'],
          'numbers and UUIDs may be mixed, unknown ones among them: a user by either is one wallet');
select is(books(:'ann') || ', ' || books(:'bob'),
          'balance 60 held 0 debt 0 seq 3, balance 40 held 0 debt 0 seq 3', 'and each pays once for each');

select a_wallet(1000) as ann \gset
select is(array(select brief(s::answer)
                from spend_many((select array_agg(r(:'ann', 1)) from generate_series(1, 1000))) s),
          array(select format('ok 1 %s->%s', n, n - 1) from generate_series(1000, 1, -1) n),
          'a thousand requests fit into one call');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 1001', 'and are a thousand entries');

---- Keys within one call

select a_wallet(100) as ann \gset
select array(select s::answer
             from spend_many(array[r(:'ann', 30, key => 'k'), r(:'ann', 5), r(:'ann', 30, key => 'k')]) s) as got \gset
select is(array(select brief(g) from unnest(:'got'::answer[]) g),
          array['ok 30 100->70', 'ok 5 70->65', 'replayed 30 100->70'], 'a key twice in one call replays');
select is(((:'got'::answer[])[3]).entry, ((:'got'::answer[])[1]).entry, 'with the entry of the first');
select is(((:'got'::answer[])[3]).at, ((:'got'::answer[])[1]).at, 'and its time');
select is(books(:'ann'), 'balance 65 held 0 debt 0 seq 3', 'and is taken once');

select is(brief_many(r(:'ann', 30, key => 'k2'), r(:'ann', 30, key => 'k2', fingerprint => 'other')),
          array['ok 30 65->35', 'idempotency_key_reused'], 'twice in one call for different requests: the second is refused');
select is(brief_many(r(:'ann', 5, key => 'k3'), r(:'ann', 0, key => 'k3'),
                     r(:'ann', 0, key => 'k3', fingerprint => 'other'),
                     r(:'ann', 0, key => 'k4')),
          array['ok 5 35->30', 'replayed 5 35->30', 'idempotency_key_reused', 'invalid_amount'],
          'a key used earlier in the call is asked about before the amount');
select is(brief_many(r(:'ann', 5, key => 'k5'), r(:'ann', 5, key => 'k5', model => 'tests-none'),
                     r(:'ann', 5, key => 'k5', fingerprint => 'other', model => 'tests-none')),
          array['ok 5 30->25', 'replayed 5 30->25', 'idempotency_key_reused'], 'and before the price');
select is(brief_many(r(:'ann', 0, key => 'k6'), r(:'ann', 5, key => 'k6', fingerprint => 'other'),
                     r(:'ann', 0, key => 'k6')),
          array['invalid_amount', 'ok 5 25->20', 'idempotency_key_reused'],
          'a refused request leaves its key to the next in the call');
select is(brief_many(r(:'ann', 50, key => 'k7'), r(:'ann', 5, key => 'k7', fingerprint => 'other'),
                     r(:'ann', 50, key => 'k7')),
          array['insufficient_balance 50 of 20', 'ok 5 20->15', 'idempotency_key_reused'], 'so does one that the wallet could not pay');
select is(brief_many(r(:'ann', 15), r(:'ann', 5, key => 'k7', fingerprint => 'other'), r(:'ann', 1)),
          array['ok 15 15->0', 'replayed 5 20->15', 'insufficient_balance 1 of 0'],
          'a key of an earlier call replays its answer, and what it took is not taken again');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 9', 'and the books are in order');

select a_wallet(100) as ann, a_wallet(100) as bob \gset
select is(brief_many(r(:'ann', 10, key => 'k'), r(:'bob', 20, key => 'k', fingerprint => 'other'),
                     r(:'ann', 10, key => 'k')),
          array['ok 10 100->90', 'ok 20 100->80', 'replayed 10 100->90'], 'one key on two wallets is two keys');
select is(brief_many(r(null, 10, key => 'n', number => number_of(:'ann')), r(:'ann', 10, key => 'n')),
          array['ok 10 90->80', 'replayed 10 90->80'], 'a user by number and by UUID has the same keys');

select a_wallet(100) as ann, gen_random_uuid() as one, gen_random_uuid() as two \gset
select brief_many(r(:'ann', 10, id => :'one'), r(:'ann', 20, id => :'two', key => 'k')) \g /dev/null
select is(brief_many(r(:'ann', 10, id => :'one'), r(:'ann', 20, id => :'two', key => 'k'), r(:'ann', 5)),
          array['replayed 10 100->90', 'replayed 20 90->70', 'ok 5 70->65'],
          'a call sent again with the same ids is taken once');
select is(books(:'ann'), 'balance 65 held 0 debt 0 seq 4', 'and the books are in order');

---- One poisoned request fails alone

select a_wallet(100) as ann, a_wallet(100) as stopped, a_wallet(100) as ended, a_wallet(100) as owing,
       a_wallet(100) as holding \gset
select a_key('tests: reads', '{read}') as weak_key, a_key('tests: spends', '{spend}') as good_key \gset
update farebox.wallets set blocked_at = now() where id = :'stopped';
update farebox.wallets set subscription_until = now() - interval '1 s' where id = :'ended';
select owe(:'owing', 5), a_hold(:'holding', 95) \g /dev/null
select is(brief_many(
              r(:'ann', 1, api_key => hash_of('tests: unknown')), r(:'ann', 1, api_key => :'weak_key'),
              r(:'ann', 1, session => gen_random_uuid(), caller => gen_random_uuid()), r(gen_random_uuid(), 1),
              r(:'ann', 0),
              r(:'stopped', 1), r(:'ended', 1), r(:'ann', 1, model => 'tests-none'), r(:'owing', 1), r(:'holding', 6),
              r(:'holding', 5), r(:'ann', 2, model => 'tests-three', api_key => :'good_key'), r(:'ann', 10)),
          array['unauthorized', 'forbidden', 'unauthorized', 'user_not_found', 'invalid_amount', 'wallet_blocked',
                'subscription_expired', 'model_unavailable', 'insufficient_balance 1 of 0', 'insufficient_balance 6 of 5', 'ok 5 100->95',
                'ok 6 100->94', 'ok 10 94->84'],
          'every refusal is its own request''s: the others are served');
select is(array[books(:'ann'), books(:'stopped'), books(:'ended'), books(:'owing'), books(:'holding')],
          array['balance 84 held 0 debt 0 seq 3', 'balance 100 held 0 debt 0 seq 1', 'balance 100 held 0 debt 0 seq 1',
                'balance 100 held 0 debt 5 seq 3', 'balance 95 held 95 debt 0 seq 2'],
          'and only what was ok was taken');

-- Texts are stored as they came, beside the request that they came with.
select a_wallet(100) as ann \gset
select brief_many(r(:'ann', 1, description => 'one', metadata => '{"a": "\u0000"}'),
                  r(:'ann', 2, description => null, metadata => null, key => 'k'),
                  r(:'ann', 3, description => 'three', metadata => '{"n": 1e999999}',
                    fingerprint => 'ignored')) \g /dev/null
select results_eq(
    format($$ select amount, description, metadata::text, key, fingerprint from farebox.entries where debit = %L
               order by debit_seq $$, :'ann'),
    $$ values (1::bigint, 'one', '{"a": "\u0000"}', null, null::bytea), (2, null, null, 'k', hash_of('one request')),
              (3, 'three', '{"n": 1e999999}', null, null) $$,
    'no field of a request ends up in another''s entry; metadata that no jsonb could hold is kept as it came');

---- Due events, late calls

select a_wallet() as ann, a_wallet(50) as bob \gset
select brief(gift(:'ann', 100, expires_in => '1 hour')), a_hold(:'bob', 40, '1 hour'),
       time_passes(:'ann', '2 hours'), time_passes(:'bob', '2 hours') \g /dev/null
select is(brief_many(r(:'bob', 45), r(:'ann', 1)), array['ok 45 50->5', 'insufficient_balance 1 of 0'],
          'before anything is taken, lapsed holds are free and expired tokens are gone');
select is(books(:'ann') || ', ' || books(:'bob'), 'balance 0 held 0 debt 0 seq 2, balance 5 held 0 debt 0 seq 2',
          'and the books are in order');

select a_wallet(100) as ann \gset
select brief(spend_one(r(:'ann', 10, key => 'k'))) \g /dev/null
select is(array(select brief(s::answer)
                from spend_many(array[r(:'ann', 1), r(:'ann', 10, key => 'k'), r(gen_random_uuid(), 1)],
                                                        deadline => '-1 ms') s),
          array['late', 'late', 'late'], 'past the deadline every request is late, a replay too');
select is(books(:'ann'), 'balance 90 held 0 debt 0 seq 2', 'and nothing moves');

---- A malformed call raises, whatever is malformed: one request's fields are never paired with another's

select a_wallet(100) as ann \gset

-- A call of :n requests that is in order but for one argument.
create function call_with(p_argument text, p_value text, n int default 2) returns text language sql as $f$
    select format('select * from farebox_api.spend(%s)', string_agg(
               format('p_%s => %s', a.name, case when a.name = p_argument then p_value
                    else format('array(select %s from generate_series(1, %s))', a.good, n) end), ', ')
               || ', p_not_after => ' || case p_argument when 'not_after' then p_value
                                                         else 'clock_timestamp() + interval ''1 s''' end)
      from (values ('n', 'generate_series'), ('caller', $$'api_key'::text$$), ('proof', 'proof_of(null, null, null)'),
                   ('id', 'gen_random_uuid()'), ('wallet', format('%L::uuid', current_setting('tests.wallet'))),
                   ('number', 'null::bigint'), ('amount', '1::bigint'), ('model', 'null::text'), ('key', 'null::text'),
                   ('fingerprint', 'null::bytea'), ('description', 'null::text'), ('metadata', 'null::json')) a(name, good)
$f$;
set local tests.wallet = :'ann';

select lives_ok(call_with('', ''), 'two requests with all that belongs to them are a call');
select throws_ok(call_with(a, format('array[%s]::%s[]', case a when 'amount' then '1' else 'null' end, t)), 'FB000',
                 null, format('two requests with one %s are malformed', a))
  from (values ('caller', 'text'), ('proof', 'bytea'), ('wallet', 'uuid'), ('number', 'bigint'), ('amount', 'bigint'),
               ('model', 'text'), ('key', 'text'), ('fingerprint', 'bytea'), ('description', 'text'),
               ('metadata', 'json')) v(a, t);
select throws_ok(call_with(a, format('null::%s[]', t)), 'FB000', null,
                 format('a call without the array of %s is malformed', a))
  from (values ('n', 'int'), ('caller', 'text'), ('proof', 'bytea'), ('id', 'uuid'), ('wallet', 'uuid'),
               ('number', 'bigint'), ('amount', 'bigint'), ('model', 'text'), ('key', 'text'), ('fingerprint', 'bytea'),
               ('description', 'text'), ('metadata', 'json')) v(a, t);
select throws_ok(call_with('', '', 0), 'FB000', null, 'a call of nothing is malformed');
select throws_ok(call_with('id', 'array(select gen_random_uuid() from generate_series(1, 1001))', 1001), 'FB000', null,
                 'a call of 1001 requests is malformed');
select throws_ok(call_with('id', 'array[gen_random_uuid(), null]'), 'FB000', null, 'one id missing is malformed');
select throws_ok(call_with('amount', 'array[1, null]::bigint[]'), 'FB000', null, 'one amount missing is malformed');
select throws_ok(call_with('caller', $$ array['api_key', null] $$), 'FB000', null, 'one request without a caller is malformed');
select throws_ok(call_with('proof', 'array[proof_of(null, null, null), null]'), 'FB000', null, 'or without its proof');
select throws_ok(call_with('caller', $$ array['api_key', 'somebody'] $$), 'FB000', null, 'or with a caller of no known kind');
select throws_ok(call_with('n', 'array[1, null]'), 'FB000', null, 'one request without a name in the answer is malformed');
select throws_ok(call_with('n', 'array[7, 7]'), 'FB000', null, 'two of one name are');
select results_eq(format($$ select n, entry is not null, before from farebox_api.spend(array[900, -5, 3],
                            array_fill('api_key'::text, array[3]), array_fill(proof_of(null, null, null), array[3]),
                            array[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()], array_fill(%L::uuid, array[3]),
                            array_fill(null::bigint, array[3]), array[1, 1000, 2]::bigint[],
                            array_fill(null::text, array[3]), array_fill(null::text, array[3]),
                            array_fill(null::bytea, array[3]), array_fill(null::text, array[3]),
                            array_fill(null::json, array[3]), clock_timestamp() + interval '10 s') $$, a_wallet(10)),
                  $$ values (900, true, 10::bigint), (-5, false, null), (3, true, 9) $$,
                  'each answer carries the name of its request, whatever it is, in the order of the call');
select throws_ok(call_with('number', 'array[1, null]::bigint[]'), 'FB000', null,
                 'a request with two users is malformed');
select throws_ok(call_with('wallet', format('array[%L, null]::uuid[]', :'ann')), 'FB000', null,
                 'a request without a user is malformed');
select throws_ok(call_with('key', 'array[''k'', null]'), 'FB000', null, 'a key without a fingerprint is malformed');
select throws_ok(call_with('not_after', 'null'), 'FB000', null, 'a call without a deadline is malformed');
select is(books(:'ann'), 'balance 98 held 0 debt 0 seq 3', 'and only the one that was in order moved anything');

select * from finish();
rollback;
