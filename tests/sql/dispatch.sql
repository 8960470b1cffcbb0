-- A hold that is dispatched: from then on its lapse charges the estimate.

begin;
\ir support.psql
select plan(30);

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold \gset
select * from farebox_api.dispatch(:'hold', 25, null, null, null, clock_timestamp() + interval '10 s') \gset first_
select is(format('%s %s', :'first_status', :'first_amount'), 'ok 25', 'an open hold is dispatched with an estimate');
select is((select row(h.open, h.on_lapse, h.lapse_amount, h.dispatched_at, h.expires_at)::text from farebox.holds h
            where h.id = :'hold'),
          row(true, 'charge', 25, :'first_at'::timestamptz, :'first_expires_at'::timestamptz)::text,
          'it is still open, and says so');
select is(books(:'ann'), 'balance 100 held 60 debt 0 seq 1', 'and nothing has moved');
select results_eq(
    format('select * from farebox_api.dispatch(%L, 25, null, null, null, clock_timestamp() + interval %L)', :'hold', '10 s'),
    format('values (%L, %L::uuid, 25::bigint, %L::timestamptz, %L::timestamptz)', 'replayed', :'hold', :'first_expires_at',
           :'first_at'),
    'the same again: the first answer again');
select is(dispatch(:'hold', 30), 'ok 30', 'another estimate takes its place');
select is((select row(h.lapse_amount, h.dispatched_at)::text from farebox.holds h where h.id = :'hold'),
          row(30, :'first_at'::timestamptz)::text, 'but not the time of the first');
select time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 100, spend -30, spend -1', 'its lapse charges the estimate');
select is(dispatch(:'hold', 30), 'already_settled 30', 'and then it cannot be dispatched');
select is(books(:'ann'), 'balance 69 held 0 debt 0 seq 3', 'and the books are in order');

select held(:'ann', 20, on_lapse => 'charge', lapse_amount => 5) as hold \gset
select is(dispatch(:'hold', 5), 'ok 5', 'a hold placed to charge is not dispatched by that alone');
select held(:'ann', 20, on_lapse => 'charge', lapse_amount => 5, dispatched => true) as hold \gset
select is(dispatch(:'hold', 5), 'replayed 5', 'unless it was placed as dispatched');
select is(capture(:'hold', 7), 'ok 7 69->62 of 42', 'dispatched, it is captured as any other');
select is(dispatch(:'hold', 5), 'already_settled 7', 'and then it cannot be dispatched any more');

select held(:'ann', 10) as hold, time_passes(:'ann', '2 hours') \gset
select is(dispatch(:'hold', 5), 'already_settled 0', 'a hold that lapsed and was released is settled with nothing');

---- The order of the checks: a request with everything wrong, cured of one thing at a time

select a_wallet(100) as bea \gset
select held(:'bea', 10) as settled, held(:'bea', 10) as open \gset
select release(:'settled') \g /dev/null
select a_key('tests: spends only', '{spend}') as weak_key, a_key('tests: holds', '{hold}') as good_key \gset
select gen_random_uuid() as caller, gen_random_uuid() as session \gset
select is(dispatch(gen_random_uuid(), 0, :'session', :'caller', hash_of('tests: unknown'), '-1 s'), 'late',
          'past the deadline nothing else is looked at');
select is(dispatch(gen_random_uuid(), 0, :'session', :'caller', hash_of('tests: unknown')), 'unauthorized',
          'then an unknown API key is refused');
select is(dispatch(gen_random_uuid(), 0, :'session', :'caller', :'weak_key'), 'forbidden', 'then one without the scope');
select is(dispatch(gen_random_uuid(), 0, :'session', :'caller', :'good_key'), 'session_gone',
          'then a session that has ended');
insert into auth.users (id) values (:'caller');
insert into auth.sessions (id, user_id) values (:'session', :'caller');
select is(dispatch(gen_random_uuid(), 0, :'session', :'caller', :'good_key'), 'not_found', 'then a hold that is none');
select is(dispatch(:'settled', 0, :'session', :'caller', :'good_key'), 'already_settled 0', 'then one that is settled');
select is(dispatch(:'open', 0, :'session', :'caller', :'good_key'), 'invalid_amount', 'then an estimate of nothing');
select is(dispatch(:'open', -1, :'session', :'caller', :'good_key'), 'invalid_amount', 'or less');
select is(dispatch(:'open', 11, :'session', :'caller', :'good_key'), 'invalid_amount', 'or more than is held');
select is(dispatch(:'settled', 10, :'session', :'caller', :'good_key', '-1 s'), 'late', 'whatever it is about');
select time_passes(:'bea', '2 hours') \g /dev/null
select is(books(:'bea'), 'balance 100 held 10 debt 0 seq 1', 'and none of these refusals moved anything');
select held(:'bea', 10) as open \gset
select is(dispatch(:'open', 10, :'session', :'caller', :'good_key'), 'ok 10', 'a request with nothing wrong is ok');
select is(books(:'bea'), 'balance 100 held 10 debt 0 seq 1', 'and the books are in order');

---- A malformed call is our fault and raises

select throws_ok(format('select dispatch(%s)', q), 'FB000', null, t)
  from (values ('null, 1', 'a dispatch of no hold is malformed'),
               (format('%L, null', :'open'), 'and one of no estimate'),
               (format('%L, 1, deadline => null', :'open'), 'and one without a deadline')) v(q, t);

select * from finish();
rollback;
