-- Placing holds: what is kept, in what order a request is judged, keys, and how holds lapse. equivalence_holds.sql asks the
-- same of many in one call, two_sessions.sql of two at once, grants.sql of the tokens behind them.

begin;
\ir support.psql
select plan(80);
update farebox.settings set subscription_gate = 'ended';

---- A hold

select a_wallet(100) as ann \gset
select * from place(h(:'ann', 30, key => 'k1', ttl => '90 s')) \gset first_
select is(format('%s %s of %s', :'first_status', :'first_amount', :'first_available'), 'ok 30 of 70',
          'a hold that the wallet can bear is ok, and names the amount and what is still free');
select is(books(:'ann'), 'balance 100 held 30 debt 0 seq 1', 'it takes nothing yet');
select is(:'first_expires_at'::timestamptz - :'first_at'::timestamptz, interval '90 s', 'and lasts as long as was asked');
select results_eq(
    format($$ select wallet, amount, created_at = %L, expires_at = %L, open, captured, on_lapse, lapse_amount,
                     started_at, key, fingerprint, description, metadata::text
                from farebox.holds where id = %L $$, :'first_at', :'first_expires_at', :'first_hold'),
    format($$ values (%L::uuid, 30::bigint, true, true, true, null::bigint, 'release', null::bigint, null::timestamptz,
                      'k1', hash_of('one request'), 'a call', '{"n": 1}') $$, :'ann'),
    'what is stored is what was asked and answered');
select is((select w.next_event_at from farebox.wallets w where w.id = :'ann'), :'first_expires_at'::timestamptz,
          'the wallet waits for its lapse');
select is(brief(spend_one(r(:'ann', 71))), 'insufficient_balance 71 of 70', 'nobody can spend what is held');
select is(brief(place(h(:'ann', 71))), 'insufficient_balance 71 of 70', 'nor hold it again');
select is(brief(place(h(:'ann', 70))), 'ok 70 of 0', 'the last free token can be held');
select is(brief(place(h(:'ann', 1))), 'insufficient_balance 1 of 0', 'and then none');
select is(shortage(place(h(:'ann', 1))), '1 of 0, 100 held', 'who waits for a hold to end need not top up: the refusal says what is held');
select is(books(:'ann'), 'balance 100 held 100 debt 0 seq 1', 'the books are in order');

select a_wallet(100) as ann \gset
select number_of(:'ann') as number \gset
select is(brief(place(h(null, 30, number => :number))), 'ok 30 of 70', 'a user is found by number too');
select is(brief(place(h(null, 30, number => 9007199254740991))), 'user_not_found', 'an unknown number is not found');
select is(brief(place(h(gen_random_uuid(), 30))), 'user_not_found', 'an unknown UUID is not found');
select is(brief(place(h('00000000-0000-7000-8000-000000000001', 30))), 'user_not_found', 'nor is an operator''s wallet');

select held(:'ann', 10, on_lapse => 'charge', lapse_amount => 7, started => true) as hold \gset
select is((select row(x.on_lapse, x.lapse_amount, x.started_at = x.created_at)::text from farebox.holds x
            where x.id = :'hold'), '(charge,7,t)', 'work that has started when a hold is placed has started from its first moment');

---- The order of the checks: a request with everything wrong, cured of one thing at a time

select a_wallet(100) as bea \gset
select * from place(h(:'bea', 90, key => 'used')) \gset used_
update farebox.wallets set blocked_at = now(), subscription_until = now() - interval '1 day' where id = :'bea';
select a_key('tests: spends only', '{spend}') as weak_key, a_key('tests: holds', '{hold}') as good_key \gset
create function asked(
    p_wallet uuid, p_amount bigint, p_key text, p_fingerprint text, p_api_key bytea, deadline interval default '10 s')
returns text language sql volatile as $$
    select brief(place(h(p_wallet, p_amount, p_key, p_fingerprint, api_key => p_api_key), deadline))
$$;

select is(asked(gen_random_uuid(), 0, 'used', 'other', hash_of('tests: unknown'), '-1 s'),
          'late', 'past the deadline nothing else is looked at');
select is(asked(gen_random_uuid(), 0, 'used', 'other', hash_of('tests: unknown')),
          'unauthorized', 'then an unknown API key is refused');
select is(asked(gen_random_uuid(), 0, 'used', 'other', :'weak_key'), 'forbidden',
          'then one without the scope');
select is(asked(gen_random_uuid(), 0, 'used', 'other', :'good_key'), 'user_not_found',
          'then an unknown user');
select is(asked(:'bea', 0, 'used', 'other', :'good_key'), 'idempotency_key_reused',
          'then a key that was used for another request');
select is(asked(:'bea', 0, 'used', 'one request', :'good_key'), 'replayed 90',
          'then a key that was used for this one: the first answer, whatever has changed since');
select is(asked(:'bea', 0, 'new', 'other', :'good_key'), 'invalid_amount',
          'then an amount that is none');
select is(asked(:'bea', 11, 'new', 'other', :'good_key'), 'wallet_blocked', 'then a blocked wallet');
update farebox.wallets set blocked_at = null where id = :'bea';
select is(asked(:'bea', 11, 'new', 'other', :'good_key'), 'subscription_expired',
          'then a subscription that has ended');
update farebox.wallets set subscription_until = now() + interval '1 day' where id = :'bea';
select is(asked(:'bea', 11, 'new', 'other', :'good_key'), 'insufficient_balance 11 of 10',
          'then tokens that are not there');
select is(books(:'bea'), 'balance 100 held 90 debt 0 seq 1', 'none of these refusals moved anything');
select is((select count(*) from farebox.holds x where x.wallet = :'bea'), 1::bigint, 'or left a hold');
select is(asked(:'bea', 9, 'new', 'other', :'good_key'), 'ok 9 of 1',
          'a request with nothing wrong is ok');

-- A hold is a server's.
select a_wallet(100) as cat \gset
select is(brief(place(h(:'cat', 10, session => a_session(:'cat'), caller => :'cat'))), 'forbidden', 'a user holds nothing, on the own wallet neither');

update farebox.settings set subscription_gate = 'required';
select is(brief(place(h(:'ann', 1))), 'subscription_expired',
          'where a subscription is required, who never had one holds nothing');
update farebox.settings set subscription_gate = 'ended';

---- Keys

select a_wallet(100) as ann, a_wallet(100) as bob \gset
select * from place(h(:'ann', 30, key => 'k')) \gset first_
select is(place(h(:'ann', 30, key => 'k')),
          row('replayed', :'first_hold', 30, null, null, :'first_expires_at', :'first_at', 'open', null)::hold_answer,
          'the same key and request gets the first answer again: hold, amount and times');
select capture(:'first_hold', 30) \g /dev/null
select is(place(h(:'ann', 30, key => 'k')),
          row('replayed', :'first_hold', 30, null, null, :'first_expires_at', :'first_at', 'captured', 30)::hold_answer,
          'the first answer stands when the hold has been settled, and says that it has');
select is(brief(place(h(:'ann', 30, key => 'k', fingerprint => 'other'))), 'idempotency_key_reused',
          'the same key for another request is refused');
select is(brief(place(h(:'bob', 30, key => 'k', fingerprint => 'other'))), 'ok 30 of 70',
          'one key on two wallets is two keys');
select is(brief(spend_one(r(:'ann', 5, key => 'k', fingerprint => 'other'))), 'ok 5 70->65',
          'the key of a hold is free for a spend');
select is(brief(place(h(:'ann', 66, key => 'later'))), 'insufficient_balance 66 of 65', 'a refusal');
select is(brief(place(h(:'ann', 65, key => 'later', fingerprint => 'other'))), 'ok 65 of 0', 'leaves its key free');
select is(books(:'ann'), 'balance 65 held 65 debt 0 seq 3', 'and the books are in order');

select a_wallet(100) as ann, gen_random_uuid() as id \gset
select is(brief(place(h(:'ann', 30, id => :'id'))) || ', ' || brief(place(h(:'ann', 30, id => :'id'))),
          'ok 30 of 70, replayed 30', 'without a key the same id is the same request');
select * from place(h(:'ann', 10, key => 'k')) \gset keyed_
select is(brief(place(h(:'ann', 10, id => :'keyed_hold'))), 'idempotency_key_reused',
          'the id of a keyed request without its key is refused');
select is(books(:'ann'), 'balance 100 held 40 debt 0 seq 1', 'and each was held once');

---- What has become of it since

-- A hold placed again, in a line.
create function again(p_wallet uuid, p_key text, on_lapse text default 'release', lapse_amount bigint default null)
returns text language sql volatile as $$
    select concat_ws(' ', a.status, a.state, coalesce(a.captured::text, 'null'))
      from place(h(p_wallet, 10, key => p_key, on_lapse => on_lapse, lapse_amount => lapse_amount, started => true)) a
$$;
select a_wallet(1000) as ann \gset
select is(again(:'ann', 'a'), 'ok open null', 'a hold that is placed is open, and nothing is captured');
select is(again(:'ann', 'a'), 'replayed open null', 'placed again while it is open, it still is');
select capture((place(h(:'ann', 10, key => 'a', started => true))).hold, 4) \g /dev/null
select is(again(:'ann', 'a'), 'replayed captured 4', 'once it is captured, it says so and with how much: the work need not be done again');
select again(:'ann', 'b'), release((place(h(:'ann', 10, key => 'b', started => true))).hold) \g /dev/null
select is(again(:'ann', 'b'), 'replayed released 0', 'a release likewise');
select again(:'ann', 'c'), again(:'ann', 'd'), again(:'ann', 'e', 'charge', 3), time_passes(:'ann', '2 hours') \g /dev/null
select is(again(:'ann', 'c'), 'replayed lapsed null', 'a hold whose time is over has lapsed, though nobody has looked since');
select is(again(:'ann', 'e', 'charge', 3), 'replayed charged 3', 'or has charged its estimate');
select capture((place(h(:'ann', 10, key => 'c', started => true))).hold, 7),
       release((place(h(:'ann', 10, key => 'd', started => true))).hold) \g /dev/null
select is(again(:'ann', 'c') || ', ' || again(:'ann', 'd'), 'replayed captured 7, replayed released 0',
          'one that lapsed may still be ended');
select a_wallet(10) as bea \gset
select again(:'bea', 'a'), time_passes(:'bea', '2 hours'), brief(spend_one(r(:'bea', 10))) \g /dev/null
select capture((place(h(:'bea', 10, key => 'a', started => true))).hold, 5, true) \g /dev/null
select is(again(:'bea', 'a'), 'replayed captured 0', 'one that was captured for nothing was captured all the same');
select is((select row(a.status, a.state, a.captured)::text from place(h(:'bea', 1)) a), '(insufficient_balance,,)',
          'a refusal has no state');
select is((select row(a.status, a.state, a.captured)::text from place(h(:'bea', 10, key => 'a', fingerprint => 'other')) a),
          '(idempotency_key_reused,,)', 'and another request is told nothing of it');
select is(books(:'ann') || ', ' || books(:'bea'), 'balance 986 held 0 debt 0 seq 4, balance 0 held 0 debt 0 seq 2',
          'and the books are in order');

---- Amounts and what is free

select a_wallet(100) as ann \gset
select is(brief(place(h(:'ann', 0))), 'invalid_amount', 'nothing is no amount');
select is(brief(place(h(:'ann', -1))), 'invalid_amount', 'nor is less: it would set free what others hold');
select is(brief(place(h(:'ann', 1000000000001))), 'invalid_amount', 'nor is more than 10^12 tokens');
select is(brief(place(h(:'ann', 1000000000000))), 'insufficient_balance 1000000000000 of 100', '10^12 is one');
select is(brief(place(h(:'ann', 10, on_lapse => 'charge', lapse_amount => 11))), 'invalid_amount',
          'a lapse charges no more than is held');
select is(brief(place(h(:'ann', 10, on_lapse => 'charge', lapse_amount => 0))), 'invalid_amount', 'and no less than a token');
select owe(:'ann', 20) \g /dev/null
select is(brief(place(h(:'ann', 1))), 'insufficient_balance 1 of 0', 'a debt leaves nothing to hold');
select is(shortage(place(h(:'ann', 1))), '1 of 0, 0 held', 'and nothing is held then');
select is(books(:'ann'), 'balance 100 held 0 debt 20 seq 3', 'none of these held anything');

---- Lapses

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold, time_passes(:'ann', '2 hours') \gset
select is(brief(place(h(:'ann', 100))), 'ok 100 of 0', 'what a lapsed hold kept can be held again');
select is(books(:'ann'), 'balance 100 held 100 debt 0 seq 1', 'and is not held twice');

create function balance_of(p_wallet uuid) returns text language sql volatile as $$
    select concat_ws(' ', b.status, b.balance, b.held)
      from farebox_api.balance(array[1], array['api_key'], array[proof_of(null, null, null)], array[p_wallet],
                               array[null::bigint], array[null::text]) b
$$;
select time_passes(:'ann', '2 hours') \g /dev/null
select is(balance_of(:'ann'), 'ok 100 0', 'a balance read settles a lapsed hold: it is released');
select is((select count(*) from farebox.holds x where x.wallet = :'ann' and x.open), 0::bigint, 'and closed');

select a_wallet(100) as ann \gset
select held(:'ann', 60, on_lapse => 'charge', lapse_amount => 25, started => true), time_passes(:'ann', '2 hours') \gset
select is(balance_of(:'ann'), 'ok 75 0', 'or, when its work had started, its estimate is charged');
select is(journal(:'ann'), 'grant 100, spend -25', 'by one entry');
select is(balance_of(:'ann') || ', ' || books(:'ann'), 'ok 75 0, balance 75 held 0 debt 0 seq 2', 'once');

---- A malformed call is our fault and raises

select throws_ok(format('select place(h(%s))', q), 'FB000', null, t)
  from (values ('null, 1', 'a hold without a user is malformed'),
               (format('%L, 1, number => 1000000001', :'ann'), 'and one with two'),
               (format('%L, null', :'ann'), 'and one without an amount'),
               (format('%L, 1, key => %L, fingerprint => null', :'ann', 'k'), 'and a key without a fingerprint'),
               (format('%L, 1, ttl => %L', :'ann', '999 ms'), 'and one shorter than a second'),
               (format('%L, 1, ttl => %L', :'ann', '24:00:00.001'), 'and one longer than a day'),
               (format('%L, 1, on_lapse => %L', :'ann', 'keep'), 'and a lapse that is neither'),
               (format('%L, 1, on_lapse => %L', :'ann', 'charge'), 'and a charge of nothing'),
               (format('%L, 1, started => null', :'ann'), 'and one of which nobody knows whether its work has started'),
               (format('%L, 1, id => null', :'ann'), 'and one without an id')) v(q, t);
select throws_ok(format('select place(h(%L, 1), null)', :'ann'), 'FB000', null, 'and one without a deadline');

select * from finish();
rollback;
