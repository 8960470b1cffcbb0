-- The end of holds: capture of less, all and more, release, what comes too late, and what grants and debts have to do with it.

begin;
\ir support.psql
select plan(127);
update farebox.settings set subscription_gate = 'ended';

---- Capture

select a_wallet(100) as ann \gset
select * from place(h(:'ann', 60)) \gset placed_
select * from end_hold(e(:'placed_hold', 25)) \gset first_
select is(format('%s %s %s->%s of %s, %s released', :'first_status', :'first_amount', :'first_before', :'first_after',
                 :'first_available', :'first_released'),
          'ok 25 100->75 of 75, 35 released', 'less than was held is captured, and the rest is free at once');
select is(books(:'ann'), 'balance 75 held 0 debt 0 seq 2', 'nothing is held any more');
select is(journal(:'ann'), 'grant 100, spend -25', 'one entry was written');
select results_eq(
    format($$ select credit, debit_seq, debit_after, burn_from, key, description, metadata::text, created_at = %L
                from farebox.entries where id = %L and debit = %L $$, :'first_at', :'first_entry', :'ann'),
    $$ values ('00000000-0000-7000-8000-000000000003'::uuid, 2::bigint, 75::bigint, 0::bigint, null::text, 'a call',
               '{"n": 1}', true) $$,
    'a spend, with the texts of the hold');
select is((select row(x.open, x.captured, x.asked, x.entry, x.settled_at, x.settled_by)::text from farebox.holds x
            where x.id = :'placed_hold'),
          row(false, 25, 25, :'first_entry'::uuid, :'first_at'::timestamptz, :'first_settled_by'::uuid)::text,
          'and the hold is closed by it');
select is((select w.next_event_at from farebox.wallets w where w.id = :'ann'), 'infinity'::timestamptz,
          'the wallet waits for no lapse of it');
select is(end_hold(e(:'placed_hold', 25)),
          row('replayed', :'first_entry', :'placed_hold', 25, 100, 75, null, null, :'first_at', 35, :'first_settled_by')::end_answer,
          'captured again with the same amount: the first answer again');
select is(capture(:'placed_hold', 24), 'hold_already_settled 25', 'another amount: it is settled already, with this');
select is(release(:'placed_hold'), 'hold_already_settled 25', 'released after it: likewise');
select is(books(:'ann'), 'balance 75 held 0 debt 0 seq 2', 'and nothing moved');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold \gset
select is(capture(:'hold', 60), 'ok 60 100->40 of 40', 'all that was held is captured');
select is(books(:'ann'), 'balance 40 held 0 debt 0 seq 2', 'exactly');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold \gset
select is(capture(:'hold', 100), 'ok 100 100->0 of 0', 'more than was held is captured when the rest is free');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 2', 'to the last token');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold, held(:'ann', 30) as other \gset
select is(capture(:'hold', 71), 'insufficient_balance 71 of 70', 'more than that is refused: others'' holds are not free');
select is(shortage(end_hold(e(:'hold', 71))), '71 of 70, 90 held', 'of what is held its own is available');
select is(books(:'ann'), 'balance 100 held 90 debt 0 seq 1', 'and the hold stays open');
select is(capture(:'hold', 70), 'ok 70 100->30 of 0', 'so that it can be captured after all');
select is(capture(:'other', 30), 'ok 30 30->0 of 0', 'and the other one exactly');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold \gset
select is(brief(spend_one(r(:'ann', 40))) || ', ' || capture(:'hold', 60), 'ok 40 100->60, ok 60 60->0 of 0',
          'hold, spend the rest, capture: exact');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold \gset
select * from end_hold(e(:'hold', 10, description => 'the answer', metadata => '{"model": "m"}')) \gset x_
select is((select row(e.description, e.metadata::text)::text from farebox.entries e where e.id = :'x_entry'),
          row('the answer', '{"model": "m"}')::text, 'a capture may have texts of its own');

---- As much as there is

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold, held(:'ann', 30) as other \gset
select is(capture(:'hold', 65, true), 'ok 65 100->35 of 5', 'clamped, what is there is captured whole');
select is(capture(:'other', 80, true), 'short 35 35->0 of 0', 'and of more, as much as there is');
select is((select row(x.captured, x.asked)::text from farebox.holds x where x.id = :'other'), '(35,80)',
          'what was asked is kept beside what was taken');
select is(capture(:'other', 80, true), 'replayed 35 35->0', 'asked the same again: the first answer again');
select is(capture(:'other', 35), 'hold_already_settled 35', 'asked for what was taken: that was not the request');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 3', 'and the books are in order');

select a_wallet(10) as ann \gset
select held(:'ann', 10) as hold, time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 10))) \gset
select is(capture(:'hold', 4, true), 'short 0 of 0', 'of nothing, nothing is taken');
select is(capture(:'hold', 4, true), 'replayed 0', 'once and for all');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 2', 'without an entry');

---- Release

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold \gset
select * from end_hold(e(:'hold', 0)) \gset first_
select is(format('%s %s of %s, %s released', :'first_status', :'first_amount', :'first_available', :'first_released'),
          'ok 0 of 100, 60 released', 'a release sets all free');
select is(journal(:'ann'), 'grant 100', 'without an entry');
select is(end_hold(e(:'hold', 0)),
          row('replayed', null, :'hold', 0, null, null, null, null, :'first_at', 60, :'first_settled_by')::end_answer,
          'released twice: the first answer again');
select is(capture(:'hold', 60), 'hold_already_settled 0', 'captured after its release: it is settled already, with nothing');
select is(books(:'ann'), 'balance 100 held 0 debt 0 seq 1', 'and nothing moved');

---- Too late

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold, time_passes(:'ann', '2 hours') \gset
select is(capture(:'hold', 40), 'ok 40 100->60 of 60', 'a hold that lapsed and was released is captured late, as a spend');
select is(capture(:'hold', 40), 'replayed 40 100->60', 'once');
select is(capture(:'hold', 41) || ', ' || release(:'hold'), 'hold_already_settled 40, hold_already_settled 40', 'for good');
select is(books(:'ann'), 'balance 60 held 0 debt 0 seq 2', 'and the books are in order');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold, time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 70))) \gset
select is(capture(:'hold', 40), 'insufficient_balance 40 of 30', 'but only from what is still free');
select is(capture(:'hold', 30), 'ok 30 30->0 of 0', 'of which it may take all');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold, time_passes(:'ann', '2 hours') \gset
select * from end_hold(e(:'hold', 0)) \gset late_
select is(format('%s %s of %s, %s released', :'late_status', :'late_amount', :'late_available', :'late_released'),
          'ok 0 of 100, 60 released', 'a late release is ok: what was held is free');
select is(release(:'hold') || ', ' || capture(:'hold', 1), 'replayed 0, hold_already_settled 0', 'and settles it');

select a_wallet(100) as ann \gset
select held(:'ann', 60, on_lapse => 'charge', lapse_amount => 25, started => true) as hold \gset
select time_passes(:'ann', '2 hours') \gset
select is(capture(:'hold', 40), 'hold_already_settled 25', 'a hold that lapsed and charged is settled with that');
select is(release(:'hold'), 'hold_already_settled 25', 'and cannot be released');
select is(capture(:'hold', 25), 'replayed 25 100->75', 'captured with exactly that, it answers with its entry');
select is(books(:'ann'), 'balance 75 held 0 debt 0 seq 2', 'charged once');

select a_wallet(100) as ann \gset
select held(:'ann', 60, on_lapse => 'charge', lapse_amount => 25) as hold, time_passes(:'ann', '2 hours') \gset
select is(capture(:'hold', 10), 'ok 10 100->90 of 90',
          'one whose work never started charged nothing: it can be captured late');

select a_wallet(100) as ann \gset
select held(:'ann', 60, on_lapse => 'charge', lapse_amount => 25, started => true) as hold \gset
select is(release(:'hold'), 'ok 0 of 100', 'a hold whose work has started may be released in time');
select time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(books(:'ann'), 'balance 99 held 0 debt 0 seq 2', 'and then never charges');

---- The order of the checks: a request with everything wrong, cured of one thing at a time

select a_wallet(100) as bea \gset
select held(:'bea', 50) as hold, held(:'bea', 20) as open, time_passes(:'bea', '2 hours') \gset
select held(:'bea', 20) as open, held(:'bea', 20) as settled \gset
select capture(:'settled', 20) \g /dev/null
update farebox.wallets set blocked_at = now(), subscription_until = now() - interval '1 day' where id = :'bea';
select a_key('tests: spends only', '{spend}') as weak_key, a_key('tests: holds', '{hold}') as good_key \gset
create function asked(p_hold uuid, p_amount bigint, p_api_key bytea, deadline interval default '10 s') returns text
language sql volatile as $$
    select brief(end_hold(e(p_hold, p_amount, api_key => p_api_key), deadline))
$$;

select is(asked(gen_random_uuid(), -1, hash_of('tests: unknown'), '-1 s'), 'late',
          'past the deadline nothing else is looked at');
select is(asked(gen_random_uuid(), -1, hash_of('tests: unknown')), 'unauthorized',
          'then an unknown API key is refused');
select is(asked(gen_random_uuid(), -1, :'weak_key'), 'forbidden', 'then one without the scope');
select is(asked(gen_random_uuid(), -1, :'good_key'), 'hold_not_found', 'then a hold that is none');
select is(asked(:'settled', -1, :'good_key'), 'hold_already_settled 20',
          'then one that is settled with another amount');
select is(asked(:'settled', 20, :'good_key'), 'replayed 20 100->80', 'or with this one');
select is(asked(:'hold', -1, :'good_key'), 'invalid_amount', 'then an amount that is none');
select is(asked(:'hold', 1000000000001, :'good_key'), 'invalid_amount',
          'or more than 10^12 tokens');
select is(asked(:'hold', 61, :'good_key'), 'wallet_blocked', 'then, of a late capture, a blocked wallet');
update farebox.wallets set blocked_at = null where id = :'bea';
select is(asked(:'hold', 61, :'good_key'), 'subscription_expired',
          'or a subscription that has ended');
update farebox.wallets set subscription_until = null where id = :'bea';
update farebox.settings set subscription_gate = 'required';
select is(asked(:'hold', 61, :'good_key'), 'subscription_expired', 'or that never was');
update farebox.settings set subscription_gate = 'ended';
select is(asked(:'hold', 61, :'good_key'), 'insufficient_balance 61 of 60',
          'then tokens that are not there');
select is(books(:'bea'), 'balance 80 held 20 debt 0 seq 2', 'and none of these refusals moved anything');
update farebox.wallets set blocked_at = now(), subscription_until = now() - interval '1 day' where id = :'bea';
select is(asked(:'open', 20, :'good_key'), 'ok 20 80->60 of 60',
          'what was held in time is captured from a blocked wallet too: it was promised');
select is(asked(:'hold', 0, :'good_key'), 'ok 0 of 60', 'and a release is never refused for that');

-- A hold is a server's: it pays for work that the server began, so the user cannot take it back meanwhile.
select a_wallet(100) as ann \gset
select held(:'ann', 20) as hold \gset
select is(brief(end_hold(e(:'hold', p_amount, session => a_session(:'ann'), caller => :'ann'))), 'forbidden', title)
  from (values (0, 'a user releases no hold, the own one neither'), (5, 'nor captures it')) v(p_amount, title);

---- No hold is a way around what refuses a spend

select a_wallet(100) as ann \gset
select held(:'ann', 1) as hold \gset
update farebox.wallets set blocked_at = now() where id = :'ann';
select is(capture(:'hold', 2), 'wallet_blocked', 'more than was held is refused where a spend would be: the wallet is blocked');
select is(books(:'ann'), 'balance 100 held 1 debt 0 seq 1', 'and the hold stays open');
select is(capture(:'hold', 100, true), 'short 1 100->99 of 99', 'clamped, what was held is captured, and no more');
select is(capture(:'hold', 100, true), 'replayed 1 100->99', 'for good');
select is(books(:'ann'), 'balance 99 held 0 debt 0 seq 2', 'and the books are in order');

select a_wallet(100) as ann \gset
select held(:'ann', 30) as one, held(:'ann', 30) as two, held(:'ann', 30) as three \gset
update farebox.wallets set subscription_until = now() - interval '1 s' where id = :'ann';
select is(capture(:'one', 31), 'subscription_expired', 'or the subscription has ended');
update farebox.wallets set subscription_until = null where id = :'ann';
update farebox.settings set subscription_gate = 'required';
select is(capture(:'one', 31), 'subscription_expired', 'or never was');
select is(capture(:'one', 30), 'ok 30 100->70 of 10', 'what was held is captured');
select is(capture(:'two', 35, true), 'short 30 70->40 of 10', 'clamped too');
update farebox.settings set subscription_gate = 'ended';
select is(capture(:'three', 40), 'ok 40 40->0 of 0', 'who may spend again may capture more again');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 4', 'and the books are in order');

insert into auth.users (id, email, email_confirmed_at) values (gen_random_uuid(), 'tests-cat@example.invalid', now())
returning id as cat \gset
select held(:'cat', 1) as hold \gset
select farebox.forget(:'cat') \g /dev/null
select is(capture(:'hold', 40000), 'wallet_blocked', 'who has left leaves no purse behind to be emptied through a hold');
select is(capture(:'hold', 1), 'ok 1 50000->49999 of 49999', 'but what was promised is paid');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold, time_passes(:'ann', '2 hours') \gset
update farebox.wallets set blocked_at = now() where id = :'ann';
select is(capture(:'hold', 40, true), 'wallet_blocked', 'a hold that lapsed and released has nothing of its own: clamped or not');
select is(books(:'ann'), 'balance 100 held 0 debt 0 seq 1', 'and nothing is taken');

---- Grants that expire under a hold

select a_wallet() as ann \gset
select gift(:'ann', 10, expires_in => '1 hour'), gift(:'ann', 20), held(:'ann', 6, '5 hours') as hold,
       time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 5))) \gset
select is(tokens_left(:'ann'), 'paid 6, paid 15', 'while it is open, a hold keeps what an expired grant owes it');
select is(capture(:'hold', 6), 'ok 6 21->15 of 15', 'its capture');
select is(tokens_left(:'ann'), 'paid 0, paid 15', 'burns the kept tokens, not the good ones');
select is(journal(:'ann'), 'grant 10, grant 20, expire -4, spend -5, spend -6', 'and nothing is left to expire');
select is((select w.next_event_at from farebox.wallets w where w.id = :'ann'), 'infinity'::timestamptz,
          'nor to wait for');

select a_wallet() as ann \gset
select gift(:'ann', 10, expires_in => '1 hour'), gift(:'ann', 20), held(:'ann', 6, '5 hours') as hold,
       time_passes(:'ann', '2 hours') \gset
select is(capture(:'hold', 4), 'ok 4 26->20 of 20', 'what it kept and did not need is not free');
select is(capture(:'hold', 4), 'replayed 4 26->20', 'and the balance that is answered is the one that is left, again and again');
select is(journal(:'ann'), 'grant 10, grant 20, expire -4, spend -4, expire -2', 'it expires in the same call');
select is(books(:'ann'), 'balance 20 held 0 debt 0 seq 5', 'and the books are in order');

select a_wallet() as ann \gset
select gift(:'ann', 10, expires_in => '1 hour'), gift(:'ann', 20), held(:'ann', 6, '5 hours') as hold,
       time_passes(:'ann', '2 hours') \gset
select is(release(:'hold'), 'ok 0 of 20', 'a release lets it all go');
select is(journal(:'ann'), 'grant 10, grant 20, expire -4, expire -6', 'at once');

select a_wallet() as ann \gset
select gift(:'ann', 10, expires_in => '1 hour'), gift(:'ann', 10, expires_in => '9 hours'),
       held(:'ann', 6, '5 hours') as one, held(:'ann', 3, '5 hours') as two, time_passes(:'ann', '2 hours') \gset
select is(capture(:'one', 2), 'ok 2 19->13 of 10', 'what another hold still needs of them stays');
select is(tokens_left(:'ann'), 'paid 3, paid 10', 'as long as it is open');
select is(capture(:'two', 8), 'ok 8 13->5 of 5', 'a capture of more than was held burns the kept tokens first');
select is(tokens_left(:'ann'), 'paid 0, paid 5', 'then the good ones');
select is(capture(:'one', 2) || ', ' || capture(:'two', 8), 'replayed 2 19->13, replayed 8 13->5', 'each is answered again what it was');
select is((select w.next_event_at from farebox.wallets w where w.id = :'ann'),
          (select g.expires_at from farebox.grants g where g.wallet = :'ann' and g.remaining > 0),
          'and the wallet waits for the next expiry');
select is(violations(:'ann'), null, 'the books are in order');

select a_wallet() as ann \gset
select gift(:'ann', 10, expires_in => '1 hour'), gift(:'ann', 20), time_passes(:'ann', '30 minutes'),
       held(:'ann', 6, '5 hours') as early, time_passes(:'ann', '1 hour') \gset
select held(:'ann', 6, '5 hours') as late \gset
select capture(:'late', 6) \g /dev/null
select is(tokens_left(:'ann'), 'paid 6, paid 14', 'a hold placed after the expiry has no part in what others keep');
select is(capture(:'early', 6), 'ok 6 20->14 of 14', 'they have it');
select is(violations(:'ann'), null, 'and the books are in order');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold, brief(spend_one(r(:'ann', 20))) \gset
select capture(:'hold', 50), brief(spend_one(r(:'ann', 20))) \g /dev/null
select is((select row(w.burned, w.attributed)::text from farebox.wallets w where w.id = :'ann'), '(90,0)',
          'where nothing is kept a capture only counts, as a spend does');
select is(tokens_left(:'ann') || ', ' || books(:'ann'), 'promo 10, balance 10 held 0 debt 0 seq 4', 'and books alike');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold \gset
select * from end_hold(e(:'hold', 50)) \gset x_
select is(brief(take_back(:'x_entry', 20)), 'ok 20 50->70', 'a capture can be refunded');
select is(books(:'ann'), 'balance 70 held 0 debt 0 seq 3', 'and the books are in order');

select a_wallet() as ann \gset
select gift(:'ann', 100, expires_in => '1 hour'), held(:'ann', 40) as one, held(:'ann', 30) as two, held(:'ann', 20) as three,
       time_passes(:'ann', '59 minutes') \gset
update farebox.holds set expires_at = expires_at + interval '9 hours' where wallet = :'ann';
select time_passes(:'ann', '1 hour') \g /dev/null
create temp table ends as
select row_number() over () as n, brief(s::end_answer) as said
  from end_many(array[e(:'one', 25), e(:'two', 0), e(:'three', 20)]) s;
select is((select array_agg(x.said order by x.n) from ends x), array['ok 25 90->50 of 0', 'ok 0 of 0', 'ok 20 20->0 of 0'],
          'of ends in one call each answers what it left itself');
select is(journal(:'ann'), 'grant 100, expire -10, spend -25, expire -15, expire -30, spend -20', 'in its order');
select is((select array_agg(brief(s::end_answer)) from end_many(array[e(:'one', 25), e(:'three', 20)]) s),
          array['replayed 25 90->50', 'replayed 20 20->0'], 'and is answered the same again');
select is(violations(:'ann'), null, 'and the books are in order');
select is((select array_agg(x.answered order by x.debit_seq) from farebox.entries x where x.debit = :'ann'),
          array[null, 50, null, null, null]::bigint[], 'what an answer says beyond its entry stands beside it');

---- Debts

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold, owe(:'ann', 70) \gset
select is(capture(:'hold', 61), 'insufficient_balance 61 of 60', 'a debt leaves nothing free but the hold''s own tokens');
select is(shortage(end_hold(e(:'hold', 61))), '61 of 60, 60 held', 'and what is held is told beside it');
select is(capture(:'hold', 60), 'ok 60 100->0 of 0', 'which are captured all the same');
select is(capture(:'hold', 60), 'replayed 60 100->0', 'the balance that is answered is what the debt left');
select is(books(:'ann'), 'balance 0 held 0 debt 30 seq 5', 'what is free then pays the debt');

select a_wallet(100) as ann \gset
select held(:'ann', 100) as hold, owe(:'ann', 70) \gset
select is(release(:'hold'), 'ok 0 of 30', 'what a release sets free pays it');
select is(journal(:'ann'), 'grant 100, debt 70, reversal -70, repayment -70', 'in an entry of its own');

select a_wallet() as ann \gset
select gift(:'ann', 10, expires_in => '1 hour'), gift(:'ann', 4), held(:'ann', 14, '5 hours') as hold, owe(:'ann', 8),
       time_passes(:'ann', '2 hours') \gset
select is(release(:'hold'), 'ok 0 of 0', 'but expired tokens do not');
select is(books(:'ann'), 'balance 0 held 0 debt 4 seq 6', 'they expire');

select a_wallet(100) as ann \gset
select held(:'ann', 60) as hold, time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 1))), owe(:'ann', 5) \gset
select is(capture(:'hold', 1), 'insufficient_balance 1 of 0', 'a late capture finds nothing free beside a debt');

---- A malformed call is our fault and raises

select throws_ok(format('select end_hold(e(%s))', q), 'FB000', null, t)
  from (values ('null, 1', 'an end of no hold is malformed'),
               (format('%L, null', :'hold'), 'and one of no amount'),
               (format('%L, 1, id => null', :'hold'), 'and one without an id'),
               (format('%L, 1, clamp => null', :'hold'), 'and one of which nobody knows whether to clamp it')) v(q, t);
select throws_ok(format('select end_hold(e(%L, 1), null)', :'hold'), 'FB000', null, 'and one without a deadline');

select * from finish();
rollback;
