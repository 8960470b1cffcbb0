-- farebox_api.reverse: every answer, in the order of the checks; refunds of spends and reversals of grants, whole and in part.

begin;
\ir support.psql
select plan(76);

---- A refund

select a_wallet(100) as ann \gset
select * from spend_one(r(:'ann', 30)) \gset spent_
select * from take_back(:'spent_entry', 10, key => 'k') \gset first_
select is(format('%s %s %s->%s', :'first_status', :'first_amount', :'first_before', :'first_after'), 'ok 10 70->80',
          'a refund of a part names its amount and the balance before and after');
select is(books(:'ann'), 'balance 80 held 0 debt 0 seq 3', 'and credits the wallet');
select results_eq(
    format($$ select debit, debit_seq, credit, credit_seq, credit_after, kind::text, burn_from, reverses, key,
           fingerprint,
                     description, created_at = %L from farebox.entries where id = %L $$, :'first_at', :'first_entry'),
    format($$ values ('00000000-0000-7000-8000-000000000003'::uuid, null::bigint, %L::uuid, 3::bigint, 80::bigint,
                      'refund',
                      null::bigint, %L::uuid, 'k', hash_of('one request'), 'taken back', true) $$, :'ann',
                      :'spent_entry'),
    'the entry says which spend it takes back');
select is(brief(take_back(:'spent_entry', 21)), 'reverse_exceeds_entry of 20', 'parts never add up to more than the spend was');
select is(brief(take_back(:'spent_entry', 20)), 'ok 20 80->100', 'and may add up to all of it');
select is(brief(take_back(:'spent_entry', 1)), 'reverse_exceeds_entry of 0', 'after that nothing is left');
select is(brief(take_back(:'spent_entry')), 'reverse_exceeds_entry of 0', 'with or without an amount');
select is(books(:'ann'), 'balance 100 held 0 debt 0 seq 4', 'and the books are in order');
select is(tokens_left(:'ann'), 'promo 100', 'the tokens are back in the grant they came from');
select is((select e.amount from farebox.entries e where e.id = :'spent_entry'), 30::bigint,
          'the spend itself stays as it was');

select a_wallet(100) as ann \gset
select * from spend_one(r(:'ann', 30)) \gset spent_
select is(brief(take_back(:'spent_entry')), 'ok 30 70->100', 'without an amount all of the spend comes back');
select * from spend_one(r(:'ann', 50)) \gset spent_
select brief(take_back(:'spent_entry', 20)) \g /dev/null
select is(brief(take_back(:'spent_entry')), 'ok 30 70->100', 'or what is left of it');
select is(books(:'ann'), 'balance 100 held 0 debt 0 seq 6', 'and the books are in order');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, class => 'promo')), brief(gift(:'ann', 10)), brief(spend_one(r(:'ann', 5))) \g /dev/null
select * from spend_one(r(:'ann', 10)) \gset spent_
select brief(spend_one(r(:'ann', 3))), brief(take_back(:'spent_entry', 6)) \g /dev/null
select is(tokens_left(:'ann'), 'promo 1, paid 7', 'a part comes back from the end: what was burned last first');
select brief(take_back(:'spent_entry', 4)) \g /dev/null
select is(tokens_left(:'ann'), 'promo 5, paid 7', 'and the rest to where it was burned first');
select is(books(:'ann'), 'balance 12 held 0 debt 0 seq 7', 'and the books are in order');

---- Nor past what a client counts exactly

select a_wallet(100) as ann \gset
select * from spend_one(r(:'ann', 30)) \gset spent_
savepoint brimful;
update farebox.wallets set balance = 9007199254740991 - 10 where id = :'ann';
select is(brief(take_back(:'spent_entry', 11)), 'invalid_amount',
          'a refund never makes a balance that a JavaScript client does not count exactly');
select is(brief(take_back(:'spent_entry')), 'invalid_amount', 'of all that is left neither');
select is(brief(take_back(:'spent_entry', 31)), 'reverse_exceeds_entry of 30', 'more than the spend was is told first');
select is(brief(take_back(:'spent_entry', 10)), 'ok 10 9007199254740981->9007199254740991', 'it may reach the last that it does');
rollback to brimful;
select is(books(:'ann'), 'balance 70 held 0 debt 0 seq 2', 'and the books are in order');

---- A refund is no way around an expiry

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, class => 'promo', expires_in => '1 hour')), brief(gift(:'ann', 10)) \g /dev/null
select * from spend_one(r(:'ann', 15)) \gset spent_
select time_passes(:'ann', '2 hours') \g /dev/null
select is(brief(take_back(:'spent_entry', key => 'k')), 'ok 15 5->10', 'a refund of tokens that have expired since');
select is(journal(:'ann'), 'grant 10, grant 10, spend -15, refund 15, expire -10',
          'expires again at once, in an entry of its own');
select is(books(:'ann'), 'balance 10 held 0 debt 0 seq 5', 'and only the others stay');
select is(brief(take_back(:'spent_entry', key => 'k')), 'replayed 15 5->10', 'asked again, it is answered the balance that it left');
select is(tokens_left(:'ann'), 'promo 0, paid 10', 'in their grant');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')) \g /dev/null
select * from spend_one(r(:'ann', 10)) \gset spent_
select brief(gift(:'ann', 5)), brief(take_back(:'spent_entry')), time_passes(:'ann', '2 hours') \g /dev/null
select is(brief(spend_one(r(:'ann', 6))), 'insufficient_balance 6 of 5', 'returned tokens expire when their grant does');
select is(books(:'ann'), 'balance 5 held 0 debt 0 seq 5', 'and the books are in order');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')),
       brief(gift(:'ann', 10, priority => 1, expires_in => '3 hours')) \g /dev/null
select * from spend_one(r(:'ann', 10)) \gset spent_
select time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 1))), brief(take_back(:'spent_entry')),
       time_passes(:'ann', '2 hours'),
       brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, grant 10, spend -10, expire -10, refund 10, expire -10',
          'a wallet that nothing was due in any more is looked at again for them');

select a_wallet() as ann \gset
select brief(gift(:'ann', 20)) \g /dev/null
select * from spend_one(r(:'ann', 20)) \gset spent_
select owe(:'ann', 15) \g /dev/null
select is(brief(take_back(:'spent_entry')), 'ok 20 0->5', 'a refund to a wallet in debt');
select is(books(:'ann'), 'balance 5 held 0 debt 0 seq 6', 'pays the debt first');

---- A reversal of a grant

select a_wallet() as ann \gset
select * from gift(:'ann', 50) \gset given_
select * from take_back(:'given_entry', 20, key => 'k') \gset first_
select is(format('%s %s %s->%s', :'first_status', :'first_amount', :'first_before', :'first_after'), 'ok 20 50->30',
          'a reversal of a part of a grant names its amount and the balance before and after');
select is(books(:'ann'), 'balance 30 held 0 debt 0 seq 2', 'and debits the wallet');
select results_eq(
    format($$ select debit, debit_seq, debit_after, credit, credit_seq, kind::text, burn_from, reverses, key, fingerprint,
                     description, created_at = %L from farebox.entries where id = %L $$, :'first_at', :'first_entry'),
    format($$ values (%L::uuid, 2::bigint, 30::bigint, '00000000-0000-7000-8000-000000000001'::uuid, null::bigint,
                      'reversal',
                      null::bigint, %L::uuid, 'k', hash_of('one request'), 'taken back', true) $$, :'ann',
                      :'given_entry'),
    'the entry says which grant it takes back');
select is(brief(take_back(:'given_entry', 31)), 'reverse_exceeds_entry of 30', 'parts never add up to more than the grant was');
select brief(spend_one(r(:'ann', 10))) \g /dev/null
select is(brief(take_back(:'given_entry', 21)), 'insufficient_balance 21 of 20', 'what has been spent is not taken back');
select is(brief(take_back(:'given_entry')), 'ok 20 20->0', 'without an amount all that is unspent is');
select is(brief(take_back(:'given_entry')), 'insufficient_balance 10 of 0', 'after that there is nothing to take');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 4', 'and the books are in order');

select a_wallet() as ann \gset
select * from gift(:'ann', 50, class => 'promo') \gset given_
select brief(gift(:'ann', 50)), brief(spend_one(r(:'ann', 40))) \g /dev/null
select is(brief(take_back(:'given_entry', 11)), 'insufficient_balance 11 of 10', 'other grants'' tokens are not taken for it');
select a_hold(:'ann', 55) \g /dev/null
select is(brief(take_back(:'given_entry', 6)), 'insufficient_balance 6 of 5', 'nor held ones');
select is(brief(take_back(:'given_entry')), 'ok 5 60->55', 'all that is free is');
select is(books(:'ann'), 'balance 55 held 55 debt 0 seq 4', 'and the hold stands');
select is(tokens_left(:'ann'), 'promo 5, paid 50', 'with tokens to stand on');

select a_wallet() as ann \gset
select * from gift(:'ann', 50, expires_in => '1 hour') \gset given_
select time_passes(:'ann', '2 hours') \g /dev/null
select is(brief(take_back(:'given_entry')), 'insufficient_balance 50 of 0', 'an expired grant has nothing to take');
select is(journal(:'ann'), 'grant 50, expire -50', 'it has expired');
select * from gift(:'ann', 50, expires_in => '1 hour') \gset given_
select brief(gift(:'ann', 40)), a_hold(:'ann', 30, '3 hours'), time_passes(:'ann', '2 hours') \g /dev/null
select is(brief(take_back(:'given_entry')), 'insufficient_balance 50 of 0',
          'nor one that is kept for a hold, whatever else is free');
select is(shortage(take_back(:'given_entry')), '50 of 0, 30 held', 'and the refusal says what holds hold');
select is(books(:'ann'), 'balance 70 held 30 debt 0 seq 5', 'and the hold stands');

---- Other kinds

select a_wallet(100) as ann, a_wallet() as bob \gset
select * from move(:'ann', :'bob', 10) \gset moved_
select * from spend_one(r(:'ann', 10)) \gset spent_
select * from take_back(:'spent_entry', 5) \gset refund_
select is(brief(take_back(:'moved_entry')), 'entry_not_reversible', 'a transfer is corrected by a transfer');
select is(brief(take_back(:'refund_entry')), 'entry_not_reversible', 'a refund by another spend');

---- The order of the checks: a request with everything wrong, cured of one thing at a time

select a_wallet(100) as bea \gset
select * from spend_one(r(:'bea', 30)) \gset spent_
select brief(take_back(:'spent_entry', 10, key => 'used')) \g /dev/null
select * from move(:'bea', :'bob', 10) \gset moved_
select a_key('tests: all others', '{read,spend,hold,users}') as weak_key,
       a_key('tests: grants', '{grant}') as good_key \gset
select is(brief(take_back(gen_random_uuid(), 0, key => 'used', fingerprint => 'other',
                          api_key => hash_of('tests: unknown'), deadline => '-1 s')),
          'late', 'past the deadline nothing else is looked at');
select is(brief(take_back(:'spent_entry', 5, deadline => '-1 s')), 'late', 'an existing entry or not');
select is(brief(take_back(gen_random_uuid(), 0, key => 'used', fingerprint => 'other',
                          api_key => hash_of('tests: unknown'))),
          'unauthorized', 'then an unknown API key is refused');
select is(brief(take_back(gen_random_uuid(), 0, key => 'used', fingerprint => 'other', api_key => :'weak_key')),
          'forbidden', 'then one without the scope: a refund makes tokens');
select is(brief(take_back(gen_random_uuid(), 0, key => 'used', fingerprint => 'other', api_key => :'good_key')),
          'entry_not_found', 'then an unknown entry');
select is(brief(take_back(:'moved_entry', 0, key => 'used', api_key => :'good_key')),
          'idempotency_key_reused', 'then a key that was used for another entry');
select is(brief(take_back(:'spent_entry', 0, key => 'used', fingerprint => 'other', api_key => :'good_key')),
          'idempotency_key_reused', 'or for another request');
select is(brief(take_back(:'spent_entry', 0, key => 'used', api_key => :'good_key')),
          'replayed 10 70->80', 'then a key that was used for this one: the first answer');
select is(brief(take_back(:'moved_entry', 0, key => 'new', api_key => :'good_key')), 'entry_not_reversible',
          'then a kind that does not come back');
select is(brief(take_back(:'spent_entry', 0, key => 'new', api_key => :'good_key')), 'invalid_amount',
          'then an amount that is none');
select is(brief(take_back(:'spent_entry', -1, key => 'new', api_key => :'good_key')), 'invalid_amount',
          'a negative one least of all');
select is(brief(take_back(:'spent_entry', 21, key => 'new', api_key => :'good_key')), 'reverse_exceeds_entry of 20',
          'then more than is left');
select is(books(:'bea'), 'balance 70 held 0 debt 0 seq 4', 'and none of these moved anything');
select is(brief(take_back(:'spent_entry', 20, key => 'new', api_key => :'good_key')), 'ok 20 70->90',
          'a request with nothing wrong is ok');

---- Keys

select a_wallet() as ann, gen_random_uuid() as id, gen_random_uuid() as other_id \gset
select * from gift(:'ann', 100) \gset given_
select * from spend_one(r(:'ann', 30)) \gset spent_
select * from take_back(:'spent_entry', 10, key => 'k') \gset refund_
select * from take_back(:'given_entry', 40, key => 'g') \gset reversal_
select brief(spend_one(r(:'ann', 40))) \g /dev/null
select is(take_back(:'spent_entry', 10, key => 'k'),
          row('replayed', :'refund_entry', 10, 70, 80, null, null, :'refund_at')::answer,
          'the same key and request gets the first answer again, of a refund');
select is(take_back(:'given_entry', 40, key => 'g'),
          row('replayed', :'reversal_entry', 40, 80, 40, null, null, :'reversal_at')::answer,
          'and of a reversal');
select is(brief(take_back(:'given_entry', 10, key => 'k')), 'idempotency_key_reused',
          'the key of a refund is not free for a reversal');
select is(brief(take_back(:'spent_entry', 5, id => :'id')), 'ok 5 0->5', 'a refund without a key');
select is(brief(take_back(:'spent_entry', 5, id => :'id')), 'replayed 5 0->5',
          'sent again with the same id is the same request');
select is(brief(take_back(:'given_entry', 5, id => :'other_id')), 'ok 5 5->0', 'and a reversal');
select is(brief(take_back(:'given_entry', 5, id => :'other_id')), 'replayed 5 5->0', 'too');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 7', 'and the books are in order');

---- A malformed call is our fault and raises

select throws_ok(format('select take_back(%L, 5, id => null)', :'spent_entry'), 'FB000', null,
                 'a reversal without an id is malformed');
select throws_ok('select take_back(null, 5)', 'FB000', null, 'and one without an entry');
select throws_ok(format('select take_back(%L, 5, key => %L, fingerprint => null)', :'spent_entry', 'k'), 'FB000', null,
                 'and a key without a fingerprint');

select * from finish();
rollback;
