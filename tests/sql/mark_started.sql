-- The work of a hold starts: from then on its lapse charges the estimate.

begin;
\ir support.psql
select plan(30);

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold \gset
select * from farebox_api.mark_started('api_key', proof_of(null, null, null), :'hold', 25,
                                       clock_timestamp() + interval '10 s') \gset first_
select is(format('%s %s', :'first_status', :'first_amount'), 'ok 25', 'the work of an open hold starts, with an estimate');
select is((select row(h.open, h.on_lapse, h.lapse_amount, h.started_at, h.expires_at)::text from farebox.holds h
            where h.id = :'hold'),
          row(true, 'charge', 25, :'first_at'::timestamptz, :'first_expires_at'::timestamptz)::text,
          'it is still open, and says so');
select is(books(:'ann'), 'balance 100 held 60 debt 0 seq 1', 'and nothing has moved');
select results_eq(
    format('select * from farebox_api.mark_started(%L, proof_of(null, null, null), %L, 25, clock_timestamp() + interval %L)',
           'api_key', :'hold', '10 s'),
    format('values (%L, %L::uuid, 25::bigint, %L::timestamptz, %L::timestamptz)', 'replayed', :'hold', :'first_expires_at',
           :'first_at'),
    'the same again: the first answer again');
select is(mark_started(:'hold', 30), 'ok 30', 'another estimate takes its place');
select is((select row(h.lapse_amount, h.started_at)::text from farebox.holds h where h.id = :'hold'),
          row(30, :'first_at'::timestamptz)::text, 'but not the time of the first');
select time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 100, spend -30, spend -1', 'its lapse charges the estimate');
select is(mark_started(:'hold', 30), 'hold_already_settled 30', 'and then it cannot start');
select is(books(:'ann'), 'balance 69 held 0 debt 0 seq 3', 'and the books are in order');

select held(:'ann', 20, on_lapse => 'charge', lapse_amount => 5) as hold \gset
select is(mark_started(:'hold', 5), 'ok 5', 'work does not start by a hold''s being placed to charge');
select held(:'ann', 20, on_lapse => 'charge', lapse_amount => 5, started => true) as hold \gset
select is(mark_started(:'hold', 5), 'replayed 5', 'unless it was placed as started');
select is(capture(:'hold', 7), 'ok 7 69->62 of 42', 'started, it is captured as any other');
select is(mark_started(:'hold', 5), 'hold_already_settled 7', 'and then it cannot start any more');

select held(:'ann', 10) as hold, time_passes(:'ann', '2 hours') \gset
select is(mark_started(:'hold', 5), 'hold_already_settled 0', 'a hold that lapsed and was released is settled with nothing');

---- The order of the checks: a request with everything wrong, cured of one thing at a time

select a_wallet(100) as bea \gset
select held(:'bea', 10) as settled, held(:'bea', 10) as open \gset
select release(:'settled') \g /dev/null
select a_key('tests: spends only', '{spend}') as weak_key, a_key('tests: holds', '{hold}') as good_key \gset
select is(mark_started(gen_random_uuid(), 0, api_key => hash_of('tests: unknown'), deadline => '-1 s'), 'late',
          'past the deadline nothing else is looked at');
select is(mark_started(gen_random_uuid(), 0, api_key => hash_of('tests: unknown')), 'unauthorized',
          'then an unknown API key is refused');
select is(mark_started(gen_random_uuid(), 0, api_key => :'weak_key'), 'forbidden', 'then one without the scope');
select is(mark_started(gen_random_uuid(), 0, api_key => :'good_key'), 'hold_not_found', 'then a hold that is none');
select is(mark_started(:'settled', 0, api_key => :'good_key'), 'hold_already_settled 0', 'then one that is settled');
select is(mark_started(:'open', 0, api_key => :'good_key'), 'invalid_amount', 'then an estimate of nothing');
select is(mark_started(:'open', -1, api_key => :'good_key'), 'invalid_amount', 'or less');
select is(mark_started(:'open', 11, api_key => :'good_key'), 'invalid_amount', 'or more than is held');
select is(mark_started(:'settled', 10, api_key => :'good_key', deadline => '-1 s'), 'late', 'whatever it is about');
select time_passes(:'bea', '2 hours') \g /dev/null
select is(books(:'bea'), 'balance 100 held 10 debt 0 seq 1', 'and none of these refusals moved anything');
select held(:'bea', 10) as open \gset
select is(mark_started(:'open', 10, api_key => :'good_key'), 'ok 10', 'a request with nothing wrong is ok');
select is(books(:'bea'), 'balance 100 held 10 debt 0 seq 1', 'and the books are in order');

-- A hold is a server's.
select is(mark_started(held(:'bea', 10), 10, session => a_session(:'bea'), caller => :'bea'), 'forbidden', 'a user starts nothing, on the own wallet neither');

---- A malformed call is our fault and raises

select throws_ok(format('select mark_started(%s)', q), 'FB000', null, t)
  from (values ('null, 1', 'a start of no hold is malformed'),
               (format('%L, null', :'open'), 'and one of no estimate'),
               (format('%L, 1, deadline => null', :'open'), 'and one without a deadline')) v(q, t);

select * from finish();
rollback;
