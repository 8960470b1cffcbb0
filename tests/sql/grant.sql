-- farebox_api.grant: every answer, in the order of the checks, and what a grant leaves behind.

begin;
\ir support.psql
select plan(60);

---- A grant

select a_wallet(10) as ann \gset
select * from gift(:'ann', 50, key => 'k', priority => 7, expires_in => '1 hour') \gset first_
select is(format('%s %s %s->%s', :'first_status', :'first_amount', :'first_before', :'first_after'), 'ok 50 10->60',
          'a grant names its amount and the balance before and after');
select is(books(:'ann'), 'balance 60 held 0 debt 0 seq 2', 'and credits the wallet');
select results_eq(
    format($$ select debit, debit_seq, credit, credit_seq, credit_after, kind::text, burn_from, key, fingerprint,
           description,
                     metadata::text, created_at = %L from farebox.entries where id = %L $$, :'first_at', :'first_entry'),
    format($$ values ('00000000-0000-7000-8000-000000000001'::uuid, null::bigint, %L::uuid, 2::bigint, 60::bigint,
                      'grant',
                      null::bigint, 'k', hash_of('one request'), 'a gift', '{"reason": "test"}', true) $$, :'ann'),
    'the entry says where the tokens came from, its place, the key and the texts');
select results_eq(
    format($$ select class::text, priority, amount, remaining, expires_at > now(), due, created_at = %L
                from farebox.grants where entry = %L and wallet = %L $$, :'first_at', :'first_entry', :'ann'),
    $$ values ('paid', 7, 50::bigint, 50::bigint, true, false, true) $$,
    'the tokens keep their class, priority and expiry');
select is((select next_event_at from farebox.wallets where id = :'ann'),
          (select expires_at from farebox.grants where entry = :'first_entry'),
          'the wallet is looked at again when they expire');

select a_wallet() as ann \gset
select brief(gift(:'ann', 1, class => 'promo')), brief(gift(:'ann', 1, class => 'allotment')),
       brief(gift(:'ann', 1, class => 'paid')) \g /dev/null
select is(array(select g.priority from farebox.grants g where g.wallet = :'ann' order by g.created_at),
          array[100, 200, 300],
          'without a priority promo tokens burn before allotted ones and those before paid ones');
select is((select next_event_at from farebox.wallets where id = :'ann'), 'infinity'::timestamptz,
          'without an expiry nothing falls due');
select is(brief(gift(null, 5, number => number_of(:'ann'))), 'ok 5 3->8', 'a user is found by number too');
select brief(spend_one(r(:'ann', 6))) \g /dev/null
select is(brief(gift(:'ann', 5)), 'ok 5 2->7', 'a wallet that has spent is credited');
select is(tokens_left(:'ann'), 'promo 0, allotment 0, paid 0, paid 2, paid 5',
          'and what was spent before came out of the older tokens');
select is(books(:'ann'), 'balance 7 held 0 debt 0 seq 6', 'and the books are in order');

---- The order of the checks: a request with everything wrong, cured of one thing at a time

select a_wallet() as bea \gset
select brief(gift(:'bea', 9, key => 'used')) \g /dev/null
select a_key('tests: all others', '{read,spend,hold,users}') as weak_key,
       a_key('tests: grants', '{grant}') as good_key \gset
select is(brief(gift(gen_random_uuid(), 0, key => 'used', fingerprint => 'other', expires_in => '-1 s',
                     api_key => hash_of('tests: unknown'), deadline => '-1 s')), 'late',
                     'past the deadline nothing else is looked at');
select is(brief(gift(:'bea', 5, deadline => '-1 s')), 'late', 'an existing wallet or not');
select is(brief(gift(gen_random_uuid(), 0, key => 'used', fingerprint => 'other', expires_in => '-1 s',
                     api_key => hash_of('tests: unknown'))), 'unauthorized', 'then an unknown API key is refused');
select is(brief(gift(gen_random_uuid(), 0, key => 'used', fingerprint => 'other', expires_in => '-1 s',
                     api_key => :'weak_key')),
          'forbidden', 'then one without the scope');
select is(brief(gift(gen_random_uuid(), 0, key => 'used', fingerprint => 'other', expires_in => '-1 s',
                     api_key => :'good_key')),
          'user_not_found', 'then an unknown user');
select is(brief(gift(:'bea', 0, key => 'used', fingerprint => 'other', expires_in => '-1 s', api_key => :'good_key')),
          'idempotency_key_reused', 'then a key that was used for another request');
select is(brief(gift(:'bea', 0, key => 'used', expires_in => '-1 s', api_key => :'good_key')),
          'replayed 9 0->9', 'then a key that was used for this one: the first answer');
select is(brief(gift(:'bea', 0, key => 'new', expires_in => '-1 s', api_key => :'good_key')), 'invalid_amount',
          'then an amount that is none');
select is(brief(gift(:'bea', 5, key => 'new', expires_in => '-1 s', api_key => :'good_key')), 'validation_error',
          'then an expiry in the past');
select is(books(:'bea'), 'balance 9 held 0 debt 0 seq 1', 'and none of these moved anything');
select is(brief(gift(:'bea', 5, key => 'new', expires_in => '1 s', api_key => :'good_key')), 'ok 5 9->14',
          'a request with nothing wrong is ok');
select is(brief(gift(null, 5, number => 9007199254740991)), 'user_not_found', 'an unknown number is not found');

---- Keys

select a_wallet() as ann, a_wallet() as bob, gen_random_uuid() as id \gset
select * from gift(:'ann', 30, key => 'k') \gset first_
select brief(spend_one(r(:'ann', 30))) \g /dev/null
select is(gift(:'ann', 30, key => 'k'), row('replayed', :'first_entry', 30, 0, 30, null, null, :'first_at')::answer,
          'the same key and request gets the first answer again: entry, amount, balances and time');
select is(brief(gift(:'ann', 30, key => 'k', fingerprint => 'other')), 'idempotency_key_reused',
          'the same key for another request is refused');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 2', 'and neither credits anything');
select is(brief(gift(:'bob', 30, key => 'k', fingerprint => 'other')), 'ok 30 0->30',
          'one key on two wallets is two keys');
select is(brief(spend_one(r(:'bob', 10, key => 'mine'))), 'ok 10 30->20', 'a key of a spend');
select is(brief(gift(:'bob', 5, key => 'mine', fingerprint => 'other')), 'ok 5 20->25', 'is free for a grant');
select is(brief(gift(:'bob', 5, key => 'later', expires_in => '-1 s')), 'validation_error', 'a refusal');
select is(brief(gift(:'bob', 5, key => 'later', fingerprint => 'other')), 'ok 5 25->30', 'leaves its key free');
select is(brief(gift(:'bob', 5, id => :'id')), 'ok 5 30->35', 'a request without a key');
select is(brief(gift(:'bob', 5, id => :'id')), 'replayed 5 30->35', 'sent again with the same id is the same request');
select is(books(:'bob'), 'balance 35 held 0 debt 0 seq 5', 'and the books are in order');

---- Amounts

select a_wallet() as ann \gset
select is(brief(gift(:'ann', -1)), 'invalid_amount', 'a negative grant is refused: it would be a theft');
select is(brief(gift(:'ann', 1000000000001)), 'invalid_amount', 'more than 10^12 tokens is no amount');
select is(brief(gift(:'ann', 9223372036854775807)), 'invalid_amount', 'nor is one that would overflow');
select is(brief(gift(:'ann', 1000000000000)), 'ok 1000000000000 0->1000000000000', '10^12 is one');
savepoint brimful;
update farebox.wallets set balance = 9007199254740991 - 5 where id = :'ann';
select is(brief(gift(:'ann', 6)), 'invalid_amount',
          'a balance never grows past what a JavaScript client counts exactly');
select is(brief(gift(:'ann', 5)), 'ok 5 9007199254740986->9007199254740991', 'and may reach it');
rollback to brimful;
select is(books(:'ann'), 'balance 1000000000000 held 0 debt 0 seq 1', 'and the books are in order');

---- Due events, debts, blocked wallets

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), time_passes(:'ann', '2 hours') \g /dev/null
select is(brief(gift(:'ann', 5)), 'ok 5 0->5', 'expired tokens are gone before others arrive');
select is(journal(:'ann'), 'grant 10, expire -10, grant 5', 'and the journal says so');

select a_wallet() as ann \gset
select owe(:'ann', 50) \g /dev/null
select is(brief(gift(:'ann', 20)), 'ok 20 0->0', 'a grant to a wallet in debt');
select is(books(:'ann'), 'balance 0 held 0 debt 30 seq 4', 'pays the debt first');
select is(brief(gift(:'ann', 40, key => 'k')), 'ok 40 0->10', 'and what is more than the debt');
select is(books(:'ann'), 'balance 10 held 0 debt 0 seq 6', 'stays with the user');
select is(journal(:'ann'), 'debt 50, reversal -50, grant 20, repayment -20, grant 40, repayment -30',
          'each repayment is an entry of its own');
select is(brief(gift(:'ann', 40, key => 'k')), 'replayed 40 0->10', 'the same request again is answered the balance that it left');

select a_wallet() as ann \gset
update farebox.wallets set blocked_at = now(), subscription_until = now() - interval '1 day' where id = :'ann';
select is(brief(gift(:'ann', 5)), 'ok 5 0->5', 'a blocked wallet without a subscription may be given tokens');

---- Who has left

select a_wallet() as eve \gset
select brief(gift(:'eve', 5, key => 'k')), farebox.forget(:'eve') \g /dev/null
select is(brief(gift(:'eve', 5)), 'user_not_found', 'who has left is given nothing');
select is(brief(gift(null, 0, number => number_of(:'eve'), expires_in => '-1 s')), 'user_not_found',
          'by number neither, whatever else is wrong');
select is(brief(gift(:'eve', 5, key => 'new')), 'user_not_found', 'or with a key');
select is(brief(gift(:'eve', 5, key => 'k')), 'replayed 5 0->5', 'but what was granted in time was granted');
select is(brief(gift(:'eve', 5, key => 'k', fingerprint => 'other')), 'idempotency_key_reused', 'with that key and no other request');
select is(books(:'eve'), 'balance 5 held 0 debt 0 seq 1', 'and the wallet stays as it was left');

---- A malformed call is our fault and raises

select throws_ok(format('select gift(%L, 5, id => null)', :'ann'), 'FB000', null, 'a grant without an id is malformed');
select throws_ok(format('select gift(%L, null)', :'ann'), 'FB000', null, 'and one without an amount');
select throws_ok(format('select gift(%L, 5, number => 1000000001)', :'ann'), 'FB000', null, 'and one with two users');
select throws_ok(format('select gift(%L, 5, key => %L, fingerprint => null)', :'ann', 'k'), 'FB000', null,
                 'and a key without a fingerprint');

select * from finish();
rollback;
