-- farebox_api.balance: what users have, whether they may spend, and why not.

begin;
\ir support.psql
select plan(53);

update farebox.settings set subscription_gate = 'ended', low_balance_tokens = 50;

create type question as (wallet uuid, number bigint, phone text, who text, proof bytea);
create function q(p_wallet uuid, number bigint default null, phone text default null, api_key bytea default null,
                  session uuid default null, caller uuid default null)
returns question language sql as $$
    select row(p_wallet, number, phone, kind_of(null, session), proof_of(session, caller, api_key))::question
$$;

-- The answers in the order of the call, each in a line.
create function see(variadic p_questions question[]) returns text[] language sql volatile as $$
    select array_agg(concat_ws(' ', b.status, b.balance, case when b.held > 0 then 'held ' || b.held end,
                               case when b.debt > 0 then 'debt ' || b.debt end, case when b.blocked then 'blocked' end,
                               case when b.subscription_active then 'subscribed' end,
                               case when b.status = 'ok' then case when b.can_spend then 'may spend'
                                 else 'may not: ' || b.reason end end,
                               case when b.low_balance then 'low' end) order by b.n)
      from (select array_agg(x.n::int order by x.n) as n, array_agg(x.who order by x.n) as who,
                   array_agg(x.proof order by x.n) as proof, array_agg(x.wallet order by x.n) as wallet,
                   array_agg(x.number order by x.n) as number, array_agg(x.phone order by x.n) as phone
              from unnest(p_questions) with ordinality x(wallet, number, phone, who, proof, n)) c
     cross join lateral farebox_api.balance(c.n, c.who, c.proof, c.wallet, c.number, c.phone) b
$$;
create function see_one(p_wallet uuid) returns text language sql volatile as $$ select (see(q(p_wallet)))[1] $$;

---- One user

select a_wallet(100) as ann, a_wallet(100) as bob \gset
select is(see_one(:'ann'), 'ok 100 may spend', 'a balance is read');
update farebox.users set phone = '999900000100001' where id = :'ann';
select results_eq(
    format($$ select user_id, number, subscription_until
                from farebox_api.balance(array[1], array['api_key'], array[proof_of(null, null, null)], array[%L]::uuid[],
                                         array[null]::bigint[], array[null]::text[]) $$, :'ann'),
    format('select id, number, null::timestamptz from farebox.users where id = %L', :'ann'), 'and says whose it is');
select is(see(q(null, number => number_of(:'ann')), q(null, phone => '999900000100001'), q(:'ann'), q(:'bob')),
          array['ok 100 may spend', 'ok 100 may spend', 'ok 100 may spend', 'ok 100 may spend'],
          'a user is found by number, by phone and by UUID');
select results_eq(
    format($$ select n, user_id
                from farebox_api.balance(array[40, -1, 7, 0], array_fill('api_key'::text, array[4]),
                                         array_fill(proof_of(null, null, null), array[4]),
                                         array[null, null, %L, %L]::uuid[], array[%s, null, null, null]::bigint[],
                                         array[null, %L, null, null]) $$,
           :'bob', :'ann', number_of(:'ann'), '999900000100001'),
    format('values (40, %1$L::uuid), (-1, %1$L), (7, %2$L), (0, %1$L)', :'ann', :'bob'),
    'each answer is its own user''s and has the name of its request, in the order of the call');
select is(see(q(gen_random_uuid()), q(null, number => 9007199254740991), q(null, phone => '999900000100002'), q(:'ann')),
          array['user_not_found', 'user_not_found', 'user_not_found', 'ok 100 may spend'],
          'an unknown user is not found and spoils nobody else''s answer');
select is(see_one('00000000-0000-7000-8000-000000000003'), 'user_not_found', 'an operator''s wallet is nobody''s');

---- Why a user may not spend

select is(see_one(a_wallet(0)), 'ok 0 may not: insufficient_balance low', 'nobody spends from an empty wallet');
select is(see_one(a_wallet(1)), 'ok 1 may spend low', 'one token can be spent');
select a_wallet(100) as ann \gset
select a_hold(:'ann', 99) \g /dev/null
select is(see_one(:'ann'), 'ok 100 held 99 may spend', 'what is not held can be spent');
select a_hold(:'ann', 1) \g /dev/null
select is(see_one(:'ann'), 'ok 100 held 100 may not: insufficient_balance', 'held tokens cannot');
select a_wallet(100) as ann \gset
select owe(:'ann', 5) \g /dev/null
select is(see_one(:'ann'), 'ok 100 debt 5 may not: insufficient_balance', 'nor any in debt');
update farebox.wallets set subscription_until = now() - interval '1 s' where id = :'ann';
select is(see_one(:'ann'), 'ok 100 debt 5 may not: subscription_expired',
          'a subscription that has ended is named before that');
update farebox.wallets set blocked_at = now() where id = :'ann';
select is(see_one(:'ann'), 'ok 100 debt 5 blocked may not: wallet_blocked', 'and a block before all');

select a_wallet(100) as never, a_wallet(100) as ended, a_wallet(100) as active \gset
update farebox.wallets set subscription_until = now() - interval '1 s' where id = :'ended';
update farebox.wallets set subscription_until = now() + interval '1 day' where id = :'active';
select is(see(q(:'never'), q(:'ended'), q(:'active')),
          array['ok 100 may spend', 'ok 100 may not: subscription_expired', 'ok 100 subscribed may spend'],
          'who never had a subscription may spend, whose has ended may not');
update farebox.settings set subscription_gate = 'required';
select is(see(q(:'never'), q(:'ended'), q(:'active')),
          array['ok 100 may not: subscription_expired', 'ok 100 may not: subscription_expired',
                'ok 100 subscribed may spend'],
          'where one is required, only whose subscription runs may');
update farebox.settings set subscription_gate = 'ended';

select is(see(q(a_wallet(49)), q(a_wallet(50))), array['ok 49 may spend low', 'ok 50 may spend'],
          'a balance below the setting is low');
update farebox.settings set low_balance_tokens = 0;
select is(see_one(a_wallet(0)), 'ok 0 may not: insufficient_balance', 'the setting 0 makes none low');

---- What balance says, spend does

create temp table said as
select w.id, (see_one(w.id) ~ 'may spend') as may
  from unnest(array[:'never', :'ended', :'active', :'ann', a_wallet(0), a_wallet(1)]::uuid[]) w(id);
select is(array_agg(s.may), array_agg((spend_one(r(s.id, 1))).status = 'ok'), 'who may spend can, who may not cannot')
  from said s;

---- A read settles what has fallen due

select a_wallet(5) as ann, a_wallet(5) as bob, a_wallet(5) as cid \gset
select brief(gift(:'ann', 100, expires_in => '1 hour')), a_hold(:'bob', 5, '1 hour'),
       a_hold(:'cid', 5, '1 hour', 'charge', 3, true),
       time_passes(:'ann', '2 hours'), time_passes(:'bob', '2 hours'), time_passes(:'cid', '2 hours') \g /dev/null
select is(see(q(:'ann'), q(:'bob'), q(:'cid'), q(:'cid')),
          array['ok 5 may spend', 'ok 5 may spend', 'ok 2 may spend', 'ok 2 may spend'],
          'expired tokens, lapsed holds and their estimates never show');
select is(books(:'ann'), 'balance 5 held 0 debt 0 seq 3', 'the read has settled the expiry');
select is(books(:'bob'), 'balance 5 held 0 debt 0 seq 1', 'the lapse');
select is(books(:'cid'), 'balance 2 held 0 debt 0 seq 2', 'and the estimate');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), a_hold(:'ann', 4, '5 hours'),
       time_passes(:'ann', '2 hours') \g /dev/null
select is(see_one(:'ann'), 'ok 4 held 4 may not: insufficient_balance',
          'a wallet that keeps expired tokens for a hold is read like any other');
select is(see_one(:'ann'), 'ok 4 held 4 may not: insufficient_balance', 'every time');
select is(books(:'ann'), 'balance 4 held 4 debt 0 seq 2', 'and the books are in order');

select a_wallet() as ann \gset
select brief(gift(:'ann', 10, expires_in => '1 hour')), time_passes(:'ann', '2 hours') \g /dev/null
select is(see(q(:'ann', api_key => hash_of('tests: unknown'))), array['unauthorized'], 'a read that is refused');
select is(books(:'ann'), 'balance 10 held 0 debt 0 seq 1', 'settles nothing');

---- API keys

select a_wallet(1) as ann \gset
select a_key('tests: all others', '{spend,hold,grant,users}') as weak_key, a_key('tests: reads', '{read}') as good_key,
       a_key('tests: expired', '{read}', now() - interval '1 s') as expired,
       a_key('tests: revoked', '{read}') as revoked \gset
update farebox.credentials set revoked_at = now() where hash = :'revoked';
select is(see(q(gen_random_uuid(), api_key => hash_of('tests: unknown')), q(gen_random_uuid(), api_key => :'weak_key'),
              q(gen_random_uuid(), api_key => :'good_key'), q(:'ann', api_key => :'expired'),
              q(:'ann', api_key => :'revoked'),
              q(:'ann', api_key => :'good_key'), q(:'ann')),
          array['unauthorized', 'forbidden', 'user_not_found', 'unauthorized', 'unauthorized', 'ok 1 may spend',
                'ok 1 may spend'],
          'each request is answered for its own key: unknown, without the scope, then unknown user');
select is(array(select b.balance
                from farebox_api.balance(array[1, 2], array['api_key', 'api_key'], array[hash_of('tests: unknown'), :'weak_key'],
                                         array[:'ann', :'ann']::uuid[], array[null, null]::bigint[],
                                         array[null, null]::text[]) b),
          array[null, null]::bigint[], 'a refused request learns no balance');
select a_session(:'ann') as session, gen_random_uuid() as nobody \gset
select is(see(q(:'ann', session => :'session', caller => :'ann'), q(a_wallet(5), session => :'session', caller => :'ann'),
              q(:'nobody', session => :'session', caller => :'ann'), q(:'ann', session => :'session', caller => :'nobody')),
          array['ok 1 may spend', 'user_not_found', 'user_not_found', 'unauthorized'],
          'a user reads the own balance and finds nobody else');


---- A malformed call is our fault and raises

-- A call of two in order but for one argument.
create function call_with(p_argument text, p_value text) returns text language sql as $f$
    select format('select * from farebox_api.balance(%s)',
                  string_agg(format('p_%s => %s', a.name, case when a.name = p_argument then p_value else a.good end),
                             ', '))
      from (values ('n', 'array[1, 2]'), ('caller', $$array['api_key', 'api_key']$$),
                   ('proof', 'array[proof_of(null, null, null), proof_of(null, null, null)]'),
                   ('wallet', 'array[gen_random_uuid(), gen_random_uuid()]'), ('number', 'array[null, null]::bigint[]'),
                   ('phone', 'array[null, null]::text[]')) a(name, good)
$f$;
create temp table arguments (name text, type text);
insert into arguments values ('n', 'int'), ('caller', 'text'), ('proof', 'bytea'), ('wallet', 'uuid'), ('number', 'bigint'),
                             ('phone', 'text');
select lives_ok(call_with('', ''), 'two requests with all that belongs to them are a call');
select throws_ok(call_with(name, format('array[null]::%s[]', type)), 'FB000', null,
                 format('two requests with one %s are malformed', name))
  from arguments;
select throws_ok(call_with(name, format('null::%s[]', type)), 'FB000', null,
                 format('a call without the array of %s is malformed', name))
  from arguments;
select throws_ok(call_with('n', 'array[1, null]'), 'FB000', null, 'a request without a name in the answer is malformed');
select throws_ok(call_with('n', 'array[7, 7]'), 'FB000', null, 'two of one name are');
select throws_ok(call_with('caller', $$array['api_key', null]$$), 'FB000', null, 'one without a caller is');
select throws_ok(call_with('proof', 'array[proof_of(null, null, null), null]'), 'FB000', null, 'or without its proof');
select throws_ok(call_with('wallet', 'array[gen_random_uuid(), null]'), 'FB000', null,
                 'a request without a user is malformed');
select throws_ok(call_with('number', 'array[1, null]::bigint[]'), 'FB000', null, 'one with two users is');
select throws_ok(call_with('phone', 'array[''1'', null]'), 'FB000', null, 'by phone too');
create function call_of(n int) returns text language sql as $$
    select format($f$ select * from farebox_api.balance(array(select generate_series(1, %1$s)),
                                                        array_fill('api_key'::text, array[%1$s]),
                                                        array_fill(proof_of(null, null, null), array[%1$s]),
                                                        array_fill(gen_random_uuid(), array[%1$s]),
                                                        array_fill(null::bigint, array[%1$s]),
                                                        array_fill(null::text, array[%1$s])) $f$, n)
$$;
select throws_ok(call_of(n),
                 'FB000', null, format('a call of %s requests is malformed', n))
  from unnest(array[0, 1001]) n;
select lives_ok(call_of(1000),
                'one of 1000 is in order');

select * from finish();
rollback;
