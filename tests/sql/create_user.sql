-- farebox_api.create_user: an operator's own users, their numbers, and their first tokens.

begin;
\ir support.psql
select plan(48);

create type made as (status text, user_id uuid, number bigint, phone text, email text, balance bigint,
                     created_at timestamptz);

-- Without an id, one that goes with the number.
create function make(
    id uuid default null, number bigint default null, phone text default null, email text default null,
    tokens bigint default 0, key text default null, fingerprint text default 'one request', api_key bytea default null,
    deadline interval default '10 s', entry uuid default gen_random_uuid())
returns made language sql volatile as $$
    select c::made
      from farebox_api.create_user('api_key', proof_of(null, null, api_key),
                                   coalesce(id, farebox.new_id(coalesce(number & 1023, floor(random() * 1024))::int)),
                                   number, phone, email, tokens, entry, key,
                                   case when key is not null then hash_of(fingerprint) end,
                                   clock_timestamp() + deadline) c
$$;
-- The users made here; files beside this one make others.
create function users_made() returns bigint language sql volatile as $$
    select count(*) from farebox.users u where u.xmin = pg_current_xact_id()::xid
$$;

-- Numbers of ours begin beyond all that are taken, for this transaction only; but for those so high that they would soon end.
select max(u.number) / 1024 + 1000000 as start, (max(u.number) / 1024 + 2000000) * 1024 + 300 as free
  from (select number from farebox.users where number < 1::bigint << 51 union all values (3000000000)) u \gset
select patiently(format('alter sequence farebox.user_numbers restart with %s', :start)) \g /dev/null

---- A user

select farebox.new_id(300) as id, gen_random_uuid() as entry \gset
select make(id => :'id', number => :free, phone => '999900000200001', email => 'tests-ann@example.invalid',
            tokens => 500, entry => :'entry') as made \gset
select is(:'made'::made, (select row('ok', u.id, u.number, u.phone, u.email, 500, u.created_at)::made
                          from farebox.users u where u.id = :'id'),
          'a user has the id, number, phone, e-mail and tokens that were asked for');
select is((select row(number, phone, email, managed)::text from farebox.users where id = :'id'),
          row(:free, '999900000200001', 'tests-ann@example.invalid', true)::text, 'and is an operator''s own');
select is(books(:'id'), 'balance 500 held 0 debt 0 seq 1', 'the first tokens are in the wallet');
select is((select row(kind, credit, amount, description)::text from farebox.entries where id = :'entry'),
          row('grant', :'id', 500, 'first tokens')::text, 'by an entry that says so');
select is((select row(class, priority, remaining, expires_at)::text from farebox.grants where wallet = :'id'),
          row('promo', 100, 500, 'infinity'::timestamptz)::text, 'as promo tokens without an expiry');
select is((select row(kind, owner, seq)::text from farebox.wallets where id = :'id'), row('user', :'id', 1)::text,
          'in a user''s wallet');
select is(brief(spend_one(r(null, 20, number => :free))), 'ok 20 500->480', 'which can pay at once, by the number too');

select is((m).status, 'ok', 'a user needs nothing but an id') from make() m;
select gen_random_uuid() as id \gset
select make(id => :'id') \g /dev/null
select is(books(:'id'), 'balance 0 held 0 debt 0 seq 0', 'without tokens there is no entry');
select is((select count(*) from farebox.grants where wallet = :'id'), 0::bigint, 'and no grant');

---- Numbers

select farebox.new_id(5) as id \gset
select (make(id => :'id')).number as ours \gset
select is(:ours::bigint & 1023, 5::bigint, 'a number of ours ends in the slot of the user''s id');
select is(count(*), 50::bigint, 'whichever it is')
  from generate_series(1, 50) n cross join lateral make(id => farebox.new_id(n * 20)) m
 where m.number & 1023 = farebox.slot_of(m.user_id);
select is((make(id => farebox.new_id(7))).number >> 10, (:ours >> 10) + 51::bigint, 'the rest of it goes up');
select is(array(select distinct (make(number => (((:ours >> 10) + 52 + n) << 10) + 9)).status from generate_series(0, 1) n),
          array['ok'], 'an operator''s numbers may be in its way');
select is((make(id => farebox.new_id(9))).number, (((:ours >> 10) + 54) << 10) + 9::bigint, 'they are stepped over');
select throws_ok(format('select make(id => %L, number => %s)', :'id', :free + 1), 'FB000', null,
                 'an operator''s number goes with the slot of the id, too');
select throws_ok('select make(number => 0)', '23514', null, 'a number is positive');
select throws_ok('select make(number => 9007199254740992)', '23514', null, 'and exact in a JavaScript client');

---- Exists

select users_made() as users \gset
select is((make(number => :free)).status, 'user_exists', 'a number that somebody has is refused');
select is((make(phone => '999900000200001')).status, 'user_exists', 'so is a phone');
select is((make(email => 'tests-ann@example.invalid')).status, 'user_exists', 'so is an e-mail of another operator''s user');
select is((make(number => :free, phone => '999900000200002', email => 'tests-bob@example.invalid',
                key => 'tests: refused')).status,
          'user_exists', 'one of them is enough');
select is((make(phone => '999900000200001', tokens => 5)).balance, null, 'a refusal names nobody''s balance');
select is(users_made(), :users::bigint, 'and makes no user');
select is((make(key => 'tests: refused', fingerprint => 'other')).status, 'ok', 'a refusal leaves its key free');

---- Keys

select users_made() as users, gen_random_uuid() as id \gset
select * from make(phone => '999900000200003', tokens => 50, key => 'tests: k') \gset first_
select brief(spend_one(r(:'first_user_id', 20))) \g /dev/null
select is(make(phone => '999900000200003', tokens => 50, key => 'tests: k'),
          row('replayed', :'first_user_id', :first_number, '999900000200003', null, 50, :'first_created_at')::made,
          'the same key and request gets the first answer again: the same user, the first balance');
select is((make(phone => '999900000200004', tokens => 50, key => 'tests: k', fingerprint => 'other'))::text,
          row('idempotency_key_reused', null, null, null, null, null, null)::made::text,
          'the same key for another request is refused and says nothing');
select is(users_made(), :users + 1::bigint, 'and one user is made');
select is(books(:'first_user_id'), 'balance 30 held 0 debt 0 seq 2', 'with one first grant');
select is((make(id => :'id', tokens => 5)).status, 'ok', 'a request without a key');
select is((make(id => :'id', tokens => 5)).status, 'replayed', 'sent again with the same id is the same request');
select is(books(:'id'), 'balance 5 held 0 debt 0 seq 1', 'and is done once');
select is((make(id => :'id', key => 'tests: k3')).status, 'idempotency_key_reused', 'the id of another request is refused');

---- Credentials and deadline

select a_key('tests: all others', '{read,spend,hold,grant}') as weak_key, a_key('tests: users', '{users}') as users_key,
       a_key('tests: users and grants', '{users,grant}') as good_key \gset
select users_made() as users \gset
select is((make(key => 'tests: k', tokens => 5, fingerprint => 'other', api_key => hash_of('tests: unknown'),
                deadline => '-1 s')).status, 'late',
          'past the deadline nothing else is looked at');
select is((make(key => 'tests: k', tokens => 5, fingerprint => 'other', api_key => hash_of('tests: unknown'))).status,
          'unauthorized',
          'then an unknown API key is refused');
select is((make(key => 'tests: k', tokens => 5, fingerprint => 'other', api_key => :'weak_key')).status, 'forbidden',
          'then one without the scope');
select is((make(key => 'tests: k', tokens => 5, fingerprint => 'other', api_key => :'users_key')).status, 'forbidden',
          'the scope to make users is none to make tokens');
select is((make(key => 'tests: k', fingerprint => 'other', api_key => :'users_key')).status, 'idempotency_key_reused',
          'then a used key');
select is(users_made(), :users::bigint, 'and none of these made a user');
select is((make(api_key => :'users_key')).status, 'ok', 'the scope to make users makes one without tokens');
select is((make(tokens => 5, api_key => :'good_key')).status, 'ok', 'with the scope to grant one with tokens');

---- A malformed call is our fault and raises

select throws_ok($$ select farebox_api.create_user('api_key', proof_of(null, null, null), null, null, null, null, 0,
                           gen_random_uuid(), null, null, clock_timestamp() + interval '10 s') $$, 'FB000', null,
                 'a user without an id is malformed');
select throws_ok('select make(entry => null)', 'FB000', null, 'and one without an id for its first entry');
select throws_ok(format('select make(tokens => %s)', n), 'FB000', null, format('and one with %s tokens', n))
  from unnest(array['-1', '1000000000001', 'null']) n;
select throws_ok('select make(key => ''tests: kx'', fingerprint => null)', 'FB000', null,
                 'and a key without a fingerprint');
select throws_ok('select make(deadline => null)', 'FB000', null, 'and one without a deadline');

select * from finish();
rollback;
