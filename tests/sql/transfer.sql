-- farebox_api.transfer: every answer, in the order of the checks, and both sides of the move.

begin;
\ir support.psql
select plan(53);

---- A transfer

select a_wallet(100) as ann, a_wallet(10) as bob \gset
select * from move(:'ann', :'bob', 30, key => 'k') \gset first_
select is(format('%s %s %s->%s', :'first_status', :'first_amount', :'first_before', :'first_after'), 'ok 30 100->70',
          'a transfer names its amount and the paying wallet''s balance before and after');
select is(books(:'ann'), 'balance 70 held 0 debt 0 seq 2', 'it leaves one wallet');
select is(books(:'bob'), 'balance 40 held 0 debt 0 seq 2', 'and enters the other');
select results_eq(
    format($$ select debit, debit_seq, debit_after, credit, credit_seq, credit_after, burn_from, kind::text, key,
           fingerprint,
                     description, metadata::text, created_at = %L from farebox.entries where id = %L $$, :'first_at',
                     :'first_entry'),
    format($$ values (%L::uuid, 2::bigint, 70::bigint, %L::uuid, 2::bigint, 40::bigint, 0::bigint, 'transfer', 'k',
                      hash_of('one request'), 'an allocation', '{"n": 1}', true) $$, :'ann', :'bob'),
    'one entry has the place and the balance on both sides');
select is(brief(spend_one(r(:'bob', 40))), 'ok 40 40->0', 'what has arrived can be spent');
select is(brief(move(:'ann', :'bob', 70)), 'ok 70 70->0', 'the last token can be moved');
select is(books(:'ann') || ', ' || books(:'bob'), 'balance 0 held 0 debt 0 seq 3, balance 70 held 0 debt 0 seq 4',
          'and the books are in order');

---- Class and expiry travel

select a_wallet() as ann, a_wallet() as bob \gset
select brief(gift(:'ann', 10, class => 'promo', expires_in => '1 hour')),
       brief(gift(:'ann', 10, class => 'promo', expires_in => '1 hour')),
       brief(gift(:'ann', 10, class => 'paid', priority => 250)), brief(spend_one(r(:'ann', 5))),
       brief(move(:'ann', :'bob', 20)) \g /dev/null
select results_eq(
    format($$ select class::text, priority, amount, remaining, expires_at from farebox.grants where wallet = %L
               order by priority, expires_at $$, :'bob'),
    format($$ select g.class::text, g.priority, x.amount, x.amount, g.expires_at
                from (select row_number() over (order by created_at) n, * from farebox.grants where wallet = %L) g
                join (values (1, 5::bigint), (2, 10), (3, 5)) x(n, amount) on x.n = g.n order by g.priority,
                g.expires_at $$, :'ann'),
    'tokens arrive with the class, priority and expiry they have, in burn order: promo tokens are not laundered');
select is(tokens_left(:'ann'), 'promo 0, promo 0, paid 5', 'and what was spent before had burned before');
select is((select b.next_event_at from farebox.wallets b where b.id = :'bob'),
          (select min(g.expires_at) from farebox.grants g where g.wallet = :'bob'),
          'the receiving wallet is looked at again when they expire');
select time_passes(:'bob', '2 hours') \g /dev/null
select is(brief(spend_one(r(:'bob', 6))), 'insufficient_balance 6 of 5', 'promo tokens expire where they are');
select is(journal(:'bob'), 'transfer 20, expire -5, expire -10', 'and the journal says so');
select is(books(:'ann') || ', ' || books(:'bob'), 'balance 5 held 0 debt 0 seq 5, balance 5 held 0 debt 0 seq 3',
          'and the books are in order');

---- The order of the checks: a request with everything wrong, cured of one thing at a time

select a_wallet(20) as bea, a_wallet(5) as cid \gset
select brief(move(:'bea', :'cid', 10, key => 'used')) \g /dev/null
update farebox.wallets set blocked_at = now() where id = :'bea';
select a_key('tests: all others', '{read,spend,hold,users}') as weak_key,
       a_key('tests: grants', '{grant}') as good_key \gset
select is(brief(move(gen_random_uuid(), :'cid', 0, key => 'used', fingerprint => 'other',
                     api_key => hash_of('tests: unknown'), deadline => '-1 s')),
          'late', 'past the deadline nothing else is looked at');
select is(brief(move(gen_random_uuid(), :'cid', 0, key => 'used', fingerprint => 'other',
                     api_key => hash_of('tests: unknown'))),
          'unauthorized', 'then an unknown API key is refused');
select is(brief(move(gen_random_uuid(), :'cid', 0, key => 'used', fingerprint => 'other', api_key => :'weak_key')),
          'forbidden', 'then one without the scope');
select is(brief(move(gen_random_uuid(), :'cid', 0, key => 'used', fingerprint => 'other', api_key => :'good_key')),
          'user_not_found', 'then an unknown payer');
select is(brief(move(:'bea', gen_random_uuid(), 0, key => 'used', fingerprint => 'other', api_key => :'good_key')),
          'user_not_found', 'or an unknown receiver');
select is(brief(move(:'bea', :'cid', 0, key => 'used', fingerprint => 'other', api_key => :'good_key')),
          'idempotency_key_reused', 'then a key that was used for another request');
select is(brief(move(:'bea', :'bea', 10, key => 'used', api_key => :'good_key')), 'idempotency_key_reused',
          'another receiver is another request');
select is(brief(move(:'bea', :'cid', 10, key => 'used', api_key => :'good_key')), 'replayed 10 20->10',
          'then a key that was used for this one: the first answer');
select is(brief(move(:'bea', :'bea', 0, key => 'new', api_key => :'good_key')), 'invalid_amount',
          'then an amount that is none');
select is(brief(move(:'bea', :'bea', 11, key => 'new', api_key => :'good_key')), 'validation_error',
          'then a transfer to itself');
select is(brief(move(:'bea', :'cid', 11, key => 'new', api_key => :'good_key')), 'wallet_blocked', 'then a blocked payer');
update farebox.wallets set blocked_at = null where id = :'bea';
select is(brief(move(:'bea', :'cid', 11, key => 'new', api_key => :'good_key')), 'insufficient_balance 11 of 10',
          'then an amount that is not there');
select is(books(:'bea') || ', ' || books(:'cid'), 'balance 10 held 0 debt 0 seq 2, balance 15 held 0 debt 0 seq 2',
          'and none of these moved anything');
select is(brief(move(:'bea', :'cid', 10, key => 'new', api_key => :'good_key')), 'ok 10 10->0',
          'a request with nothing wrong is ok');

---- Keys

select a_wallet(100) as ann, a_wallet() as bob, gen_random_uuid() as id \gset
select * from move(:'ann', :'bob', 30, key => 'k') \gset first_
select brief(move(:'ann', :'bob', 70)) \g /dev/null
select is(move(:'ann', :'bob', 30, key => 'k'), row('replayed', :'first_entry', 30, 100, 70, null, null, :'first_at')::answer,
          'the same key and request gets the first answer again: entry, amount, balances and time');
select is(brief(move(:'bob', :'ann', 10, key => 'k', fingerprint => 'other')), 'ok 10 100->90',
          'the key is the payer''s');
select is(brief(move(:'ann', :'bob', 5, id => :'id')), 'ok 5 10->5', 'a request without a key');
select is(brief(move(:'ann', :'bob', 5, id => :'id')), 'replayed 5 10->5',
          'sent again with the same id is the same request');
select is(brief(move(:'ann', :'bob', -5)), 'invalid_amount', 'a negative transfer is refused: it would be a theft');
select is(brief(move(:'ann', :'bob', 1000000000001)), 'invalid_amount', 'more than 10^12 tokens is no amount');
select is(books(:'ann') || ', ' || books(:'bob'), 'balance 5 held 0 debt 0 seq 5, balance 95 held 0 debt 0 seq 4',
          'and the books are in order');
savepoint brimful;
update farebox.wallets set balance = 9007199254740991 - 4 where id = :'bob';
select is(brief(move(:'ann', :'bob', 5)), 'invalid_amount',
          'the receiver''s balance stays exact in a JavaScript client');
rollback to brimful;

---- Due events, holds, debts

select a_wallet(100) as ann, a_wallet() as bob \gset
select a_hold(:'ann', 60) \g /dev/null
select is(brief(move(:'ann', :'bob', 41)), 'insufficient_balance 41 of 40', 'held tokens cannot be moved');
select is(shortage(move(:'ann', :'bob', 41)), '41 of 40, 60 held', 'and the refusal says how many are');
select owe(:'ann', 5) \g /dev/null
select is(shortage(move(:'ann', :'bob', 1)), '1 of 0, 60 held', 'in debt, too');
select is(shortage(move(:'bob', :'ann', 1)), '1 of 0, 0 held', 'of the payer, not the receiver');
select is(brief(move(:'ann', :'bob', 1)), 'insufficient_balance 1 of 0', 'nor any of a wallet in debt');

select a_wallet(100) as ann, a_wallet() as bob \gset
select a_hold(:'ann', 60), owe(:'bob', 25), brief(gift(:'bob', 5, expires_in => '1 hour')),
       time_passes(:'ann', '2 hours') \g /dev/null
select is(brief(move(:'ann', :'bob', 80)), 'ok 80 100->20', 'what a lapsed hold kept can be moved');
select is(books(:'bob'), 'balance 60 held 0 debt 0 seq 6', 'the receiver''s debt is paid first');
select is(journal(:'bob'), 'debt 25, reversal -25, grant 5, repayment -5, transfer 80, repayment -20',
          'in an entry of its own');
select brief(gift(:'ann', 10, expires_in => '1 hour')), brief(gift(:'bob', 10, priority => 900, expires_in => '1 hour')),
       time_passes(:'ann', '2 hours'), time_passes(:'bob', '2 hours'), brief(move(:'ann', :'bob', 20)) \g /dev/null
select is(books(:'ann') || ', ' || books(:'bob'), 'balance 0 held 0 debt 0 seq 5, balance 80 held 0 debt 0 seq 9',
          'on both sides expired tokens are gone first');

---- Who has left

select a_wallet(100) as ann, a_wallet(10) as eve \gset
select brief(move(:'ann', :'eve', 5, key => 'k')), farebox.forget(:'eve') \g /dev/null
select is(brief(move(:'ann', :'eve', 5)), 'user_not_found', 'nothing is moved to who has left');
select is(brief(move(:'ann', :'eve', 5, key => 'k')), 'replayed 5 100->95', 'but what was moved in time was moved');
select is(brief(move(:'eve', :'ann', 5)), 'wallet_blocked', 'and nothing leaves, since the wallet is blocked');
select is(books(:'ann') || ', ' || books(:'eve'), 'balance 95 held 0 debt 0 seq 2, balance 15 held 0 debt 0 seq 2',
          'both wallets stay as they were');

---- A malformed call is our fault and raises

select throws_ok(format('select move(%L, %L, 5, id => null)', :'ann', :'bob'), 'FB000', null,
                 'a transfer without an id is malformed');
select throws_ok(format('select move(%L, null, 5)', :'ann'), 'FB000', null, 'and one without a receiver');
select throws_ok(format('select move(null, %L, 5)', :'ann'), 'FB000', null, 'and one without a payer');
select throws_ok(format('select move(%L, %L, null)', :'ann', :'bob'), 'FB000', null, 'and one without an amount');
select throws_ok(format('select move(%L, %L, 5, key => %L, fingerprint => null)', :'ann', :'bob', 'k'), 'FB000', null,
                 'and a key without a fingerprint');

select * from finish();
rollback;
