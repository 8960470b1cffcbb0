-- Where tokens come from and go to: burn order, expiry, what holds keep, what lapses charge, what debts take.
-- grants_model.sql asks the same of random sequences.

begin;
\ir support.psql
select plan(56);

---- Burn order

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, class => 'paid')), brief(gift(:'ann', 10, class => 'allotment')),
       brief(gift(:'ann', 10, class => 'promo')),
       brief(spend_one(r(:'ann', 15))) \g /dev/null
select is(tokens_left(:'ann'), 'paid 10, allotment 5, promo 0', 'the lowest priority burns first, whatever came first');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '3 hours')), brief(gift(:'ann', 10, expires_in => '1 hour')),
       brief(gift(:'ann', 10)),
       brief(gift(:'ann', 10, expires_in => '2 hours')), brief(spend_one(r(:'ann', 15))) \g /dev/null
select is(tokens_left(:'ann'), 'paid 10, paid 0, paid 10, paid 5', 'of one priority, what expires first burns first');
select brief(spend_one(r(:'ann', 20))) \g /dev/null
select is(tokens_left(:'ann'), 'paid 0, paid 0, paid 5, paid 0', 'and what never expires last');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10)), brief(gift(:'ann', 10)), brief(gift(:'ann', 10)),
       brief(spend_one(r(:'ann', 15))) \g /dev/null
select is(tokens_left(:'ann'), 'paid 0, paid 5, paid 10', 'of one expiry, the oldest burns first');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, priority => 5)), brief(spend_one(r(:'ann', 4))), brief(gift(:'ann', 10, priority => 1)),
       brief(spend_one(r(:'ann', 4))) \g /dev/null
select is(tokens_left(:'ann'), 'paid 6, paid 6',
          'a spend burns what was there at its time: a later grant does not take its place');
select is(books(:'ann'), 'balance 12 held 0 debt 0 seq 4', 'and the books are in order');

---- Expiry

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), brief(gift(:'ann', 20, expires_in => '3 hours')),
       brief(gift(:'ann', 30)),
       brief(spend_one(r(:'ann', 4))) \g /dev/null
select is(journal(:'ann'), 'grant 10, grant 20, grant 30, spend -4', 'before its expiry a grant is as good as any');
select time_passes(:'ann', '2 hours') \g /dev/null
select is(books(:'ann'), 'balance 56 held 0 debt 0 seq 4', 'nobody sweeps: an untouched wallet stays as it is');
select brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, grant 20, grant 30, spend -4, expire -6, spend -1',
          'the next touch after it writes what was left as an expiry');
select results_eq(
    format($$ select credit, debit_after, burn_from from farebox.entries where debit = %L and kind = 'expire' $$, :'ann'),
    $$ values ('00000000-0000-7000-8000-000000000004'::uuid, 50::bigint, null::bigint) $$,
    'to the operator''s expired tokens, not as burned');
select is((select w.next_event_at from farebox.wallets w where w.id = :'ann'),
          (select min(g.expires_at) from farebox.grants g where g.wallet = :'ann' and g.remaining > 0),
          'and the wallet waits for the next expiry');
select time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(books(:'ann'), 'balance 29 held 0 debt 0 seq 8', 'which comes in turn');
select is(tokens_left(:'ann'), 'paid 0, paid 0, paid 29', 'and takes its own tokens only');
select is((select w.next_event_at from farebox.wallets w where w.id = :'ann'), 'infinity'::timestamptz,
          'tokens without an expiry never fall due');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), brief(gift(:'ann', 20, expires_in => '2 hours')),
       time_passes(:'ann', '3 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, grant 20, expire -10, expire -20',
          'two expiries at one touch are two entries, the earlier first');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), brief(spend_one(r(:'ann', 10))), time_passes(:'ann', '2 hours'),
       brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, spend -10', 'a grant that was spent has nothing to expire');

---- A spent token does not come back by an expiry: what burned is told apart from what was left

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, priority => 900, expires_in => '1 hour')), brief(gift(:'ann', 10)),
       brief(spend_one(r(:'ann', 12))),
       time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, grant 10, spend -12, expire -8',
          'priority goes before expiry: the rest of the grant expires');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 4', 'and the books are in order');

---- Refunds and transfers (more in reverse.sql and transfer.sql)

select a_wallet() as ann, a_wallet() as bob \gset
select brief(gift(:'ann', 10, class => 'promo', expires_in => '1 hour')) \g /dev/null
select * from spend_one(r(:'ann', 8)) \gset spent_
select brief(move(:'ann', :'bob', 2)), time_passes(:'ann', '2 hours'), time_passes(:'bob', '2 hours'),
       brief(take_back(:'spent_entry', 5)) \g /dev/null
select is(journal(:'ann'), 'grant 10, spend -8, transfer -2, refund 5, expire -5',
          'a refund to an expired slice expires again');
select is(brief(spend_one(r(:'bob', 1))), 'insufficient_balance 1 of 0', 'a transfer carries the expiry');
select is((select string_agg(g.class::text, ',') from farebox.grants g where g.wallet = :'bob'), 'promo',
          'and the class');
select is(books(:'ann') || ', ' || books(:'bob'), 'balance 0 held 0 debt 0 seq 5, balance 0 held 0 debt 0 seq 2',
          'and the books are in order');

---- Debts

select a_wallet() as ann, a_wallet() as bob \gset
select brief(gift(:'bob', 100)), owe(:'ann', 60), brief(gift(:'ann', 10)) \g /dev/null
select is(books(:'ann'), 'balance 0 held 0 debt 50 seq 4', 'a debt is paid first by a grant');
select brief(move(:'bob', :'ann', 20)) \g /dev/null
select is(books(:'ann'), 'balance 0 held 0 debt 30 seq 6', 'by a transfer');
select a_wallet(40) as ann \gset
select * from spend_one(r(:'ann', 40)) \gset spent_
select owe(:'ann', 30), brief(take_back(:'spent_entry')) \g /dev/null
select is(books(:'ann'), 'balance 10 held 0 debt 0 seq 6', 'and by a refund');
select is(tokens_left(:'ann'), 'promo 10', 'with the tokens that arrived');

select a_wallet(10) as ann \gset
select a_hold(:'ann', 10), owe(:'ann', 30), brief(gift(:'ann', 5)) \g /dev/null
select is(books(:'ann'), 'balance 10 held 10 debt 25 seq 5', 'a debt is never paid from held tokens');

---- Holds keep what expired grants owe them

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), a_hold(:'ann', 6, '5 hours'), time_passes(:'ann', '2 hours'),
       brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, expire -4', 'a grant that expires keeps what an earlier hold may need');
select is(books(:'ann'), 'balance 6 held 6 debt 0 seq 2', 'and the hold stands on it');
select is((select g.due from farebox.grants g where g.wallet = :'ann'), true, 'it is marked as due');
select brief(gift(:'ann', 20)) \g /dev/null
select is(brief(spend_one(r(:'ann', 21))), 'insufficient_balance 21 of 20', 'kept tokens are not spendable');
select is(brief(spend_one(r(:'ann', 15))), 'ok 15 26->11', 'others are');
select is(tokens_left(:'ann'), 'paid 6, paid 5', 'and burn alone');
select time_passes(:'ann', '4 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, expire -4, grant 20, spend -15, expire -6, spend -1',
          'when the hold has gone, so have they');
select is(books(:'ann'), 'balance 4 held 0 debt 0 seq 6', 'and the books are in order');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), brief(gift(:'ann', 10)), time_passes(:'ann', '30 minutes'),
       a_hold(:'ann', 3, '5 hours'),
       a_hold(:'ann', 4, '5 hours'), time_passes(:'ann', '1 hour'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, grant 10, expire -3, spend -1',
          'it keeps the sum of the holds, as long as it lasts');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), brief(gift(:'ann', 10, expires_in => '2 hours')),
       a_hold(:'ann', 12, '9 hours'),
       time_passes(:'ann', '3 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(tokens_left(:'ann'), 'paid 10, paid 2',
          'the earlier expiry keeps for a hold first, a later one only the rest');
select is(journal(:'ann'), 'grant 10, grant 10, expire -8', 'and what nobody needs goes');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), brief(gift(:'ann', 10)),
       time_passes(:'ann', '2 hours') \g /dev/null
select a_hold(:'ann', 10, '5 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, grant 10, expire -10', 'a hold that came after the expiry is owed nothing of it');
select is(books(:'ann'), 'balance 10 held 10 debt 0 seq 3', 'and stands on the others');

---- A hold that lapses

select a_wallet(20) as ann \gset
select a_hold(:'ann', 10, '1 hour', 'release'), time_passes(:'ann', '2 hours'),
       brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(books(:'ann'), 'balance 19 held 0 debt 0 seq 2', 'a lapsed hold is released');
select is((select row(h.open, h.captured, h.entry)::text from farebox.holds h where h.wallet = :'ann'),
          row(false, null, null)::text, 'and closed');

select a_wallet(20) as ann \gset
select a_hold(:'ann', 10, '1 hour', 'charge', 7), time_passes(:'ann', '2 hours'),
       brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(books(:'ann'), 'balance 19 held 0 debt 0 seq 2', 'one whose call was never sent is released too');

select a_wallet(20) as ann \gset
select a_hold(:'ann', 10, '1 hour', 'charge', 7, true) as hold \gset
select time_passes(:'ann', '2 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(books(:'ann'), 'balance 12 held 0 debt 0 seq 3',
          'one whose call was sent charges its estimate: a killed call is not free');
select results_eq(
    format($$ select h.open, h.captured, e.amount, e.kind::text, e.credit, e.burn_from
                from farebox.holds h join farebox.entries e on e.id = h.entry where h.id = %L $$, :'hold'),
    $$ values (false, 7::bigint, 7::bigint, 'spend', '00000000-0000-7000-8000-000000000003'::uuid, 0::bigint) $$,
    'by an entry that the hold names');
select * from take_back((select h.entry from farebox.holds h where h.id = :'hold')) \gset back_
select is(format('%s %s', :'back_status', :'back_amount'), 'ok 7', 'which can be refunded');
select is(books(:'ann'), 'balance 19 held 0 debt 0 seq 4', 'and the books are in order');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), brief(gift(:'ann', 10, priority => 1)),
       a_hold(:'ann', 8, '3 hours', 'charge', 7, true),
       time_passes(:'ann', '4 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, grant 10, expire -2, spend -7, expire -1, spend -1',
          'a hold is charged to the tokens that were kept for it, then they go');
select is(tokens_left(:'ann'), 'paid 0, paid 9', 'and to no others');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '3 hours')), a_hold(:'ann', 8, '1 hour', 'charge', 7, true),
       time_passes(:'ann', '4 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, spend -7, expire -3',
          'events happen in the order of their times: a lapse, then an expiry');
select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), a_hold(:'ann', 8, '1 hour', 'charge', 7, true) \g /dev/null
update farebox.holds set expires_at = (select g.expires_at from farebox.grants g where g.wallet = :'ann')
 where wallet = :'ann';
select time_passes(:'ann', '4 hours'), brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(journal(:'ann'), 'grant 10, spend -7, expire -3', 'at the same time, the lapse first');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 3', 'and the books are in order');

select a_wallet(30) as ann \gset
select a_hold(:'ann', 10, '1 hour', 'charge', 7, true), a_hold(:'ann', 10, '2 hours', 'release'),
       a_hold(:'ann', 10, '9 hours'),
       time_passes(:'ann', '3 hours'), brief(spend_one(r(:'ann', 14))) \g /dev/null
select is(books(:'ann'), 'balance 23 held 10 debt 0 seq 2', 'each hold lapses at its own time; an open one stands');
select is(journal(:'ann'), 'grant 30, spend -7', 'and a spend is refused what it keeps');

---- A wallet that is not due is not looked into

select a_wallet() as ann \gset
select brief(gift(:'ann', 10)), brief(spend_one(r(:'ann', 3))) \g /dev/null
select is((select row(g.remaining, w.burned, w.attributed)::text from farebox.grants g
           join farebox.wallets w on w.id = g.wallet where w.id = :'ann'),
          '(10,3,0)', 'a spend only counts: its grants are booked when somebody asks');
select is(books(:'ann'), 'balance 7 held 0 debt 0 seq 2', 'and the books are in order all the same');
select * from finish();
rollback;
