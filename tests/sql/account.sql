-- What a person sees of the account, changes in it, takes along and leaves behind.

begin;
\ir support.psql
select plan(52);

create function a_person(name text) returns uuid language sql volatile as $$
    insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)
    values (gen_random_uuid(), name || '@example.invalid', now(), jsonb_build_object('display_name', name)) returning id
$$;
-- What proves this person by this session.
create function by(p_session uuid, p_user uuid) returns bytea language sql as $$ select proof_of(p_session, p_user, null) $$;
create function exported(p_user uuid, p_session uuid) returns json language sql volatile as $$
    select x.document from farebox_api.export_account('user', by(p_session, p_user), p_user) x
$$;

select a_person('tests-ann') as ann, a_person('tests-bob') as bob \gset
select a_session(:'ann') as session, a_session(:'bob') as other_session \gset

---- Looking

select is((select row(a.status, a.number, a.email, a.display_name, a.provider, a.is_admin)::text
             from farebox_api.account('user', by(:'session', :'ann'), :'ann') a),
          row('ok', number_of(:'ann'), 'tests-ann@example.invalid', 'tests-ann', 'local', false)::text,
          'a person sees address, number and name');
select is((select row(a.agent_id, a.agent_status, a.billing_key)::text from farebox_api.account('user', by(:'session', :'ann'), :'ann') a),
          row(null, null, null)::text, 'no agent and no key before there is one');
insert into farebox.agents (user_id, agent_id, status) values (:'ann', 'agent-1', 'active');
insert into farebox.credentials (kind, owner, hash, preview, revoked_at)
values ('billing_key', :'ann', hash_of('k1'), 'sk-fb-old', now()), ('billing_key', :'ann', hash_of('k2'), 'sk-fb-new', null);
select is((select row(a.agent_id, a.agent_status, a.billing_key)::text from farebox_api.account('user', by(:'session', :'ann'), :'ann') a),
          row('agent-1', 'active', 'sk-fb-new')::text, 'then the agent, and of the live key what it is known by');
select is((select a.status from farebox_api.account('user', by(:'other_session', :'ann'), :'ann') a), 'unauthorized',
          'the session must be the user''s own');
select is((select a.status from farebox_api.account('user', by(gen_random_uuid(), :'ann'), :'ann') a), 'unauthorized',
          'and must stand');
select is((select a.status from farebox_api.account('user', by(:'session', :'ann'), :'bob') a), 'user_not_found',
          'nobody finds the account of another');
select is((select a.status from farebox_api.account('user', by(:'session', :'ann'), gen_random_uuid()) a), 'user_not_found',
          'or of nobody');
select throws_ok(format('select farebox_api.account(''user'', by(%L, %L), null)', :'session', :'ann'), 'FB000', null,
                 'a call without a user is malformed');
select is((select a.email from farebox_api.account('user', by(:'session', :'ann'), :'bob') a), null, 'a refusal tells nothing');
-- A wallet that stands in the way makes the registration unknown here.
select gen_random_uuid() as cat \gset
insert into farebox.wallets (id, kind, owner) values (:'cat', 'user', :'cat');
select a_session(:'cat') as cats_session \gset
delete from farebox.wallets where id = :'cat';
select is((select row(a.status, a.number & 1023)::text from farebox_api.account('user', by(:'cats_session', :'cat'), :'cat') a),
          row('ok', farebox.slot_of(:'cat'))::text, 'who is not known here yet is made known by the first look');

---- The name

select is(farebox_api.rename_account('user', by(:'session', :'ann'), :'ann', 'Ann B.'), 'ok', 'a person chooses a name');
select is((select a.display_name from farebox_api.account('user', by(:'session', :'ann'), :'ann') a), 'Ann B.',
          'and is called that');
select is(farebox_api.rename_account('user', by(:'session', :'ann'), :'ann', null), 'ok', 'or takes it away');
select is((select a.display_name from farebox_api.account('user', by(:'session', :'ann'), :'ann') a), null, 'and has none');
select is(farebox_api.rename_account('user', by(:'session', :'ann'), :'bob', 'Mallory'), 'user_not_found',
          'nobody renames another');
select is(farebox_api.rename_account('user', by(:'other_session', :'ann'), :'ann', 'Mallory'), 'unauthorized',
          'by whatever session');
select throws_ok(format('select farebox_api.rename_account(''user'', by(%L, %L), %2$L, %L)', :'session', :'ann',
                        repeat('x', 101)), 'FB000', null, 'a name that is too long is malformed');

---- What a registration is answered with before there is a session

select is(encode(farebox.hmac_sha256(convert_to('Jefe', 'UTF8'), convert_to('what do ya want for nothing?', 'UTF8')), 'hex'),
          '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843', 'HMAC is that of RFC 4231: test case 2');
select is(encode(farebox.hmac_sha256(decode(repeat('aa', 131), 'hex'),
                                     convert_to('Test Using Larger Than Block-Size Key - Hash Key First', 'UTF8')), 'hex'),
          '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54', 'and 6, with a key that is longer than a block');
create function told(p_email text, p_phone text default null) returns text language sql volatile as $$
    select r.id || ' ' || r.number from farebox_api.registration_ids(p_email, p_phone) r
$$;
select is(told('tests-ann@example.invalid'), told('tests-ann@example.invalid'), 'an address is told the same ids each time');
select told('tests-new@example.invalid') as before \gset
select a_person('tests-new') as new \gset
select is(told('tests-new@example.invalid'), :'before', 'whether or not it has an account');
select isnt(told('tests-new@example.invalid'), told('tests-other@example.invalid'), 'and another address others');
select isnt(told(null, '79001234567'), told(null, '79001234568'), 'as another phone is');
select told('tests-new@example.invalid') as under_this_salt \gset
select encode(address_salt, 'hex') as salt from farebox.settings \gset
update farebox.settings set address_salt = sha256('another');
select isnt(told('tests-new@example.invalid'), :'under_this_salt', 'which nobody can make who does not know the salt');
update farebox.settings set address_salt = decode(:'salt', 'hex');
select is((select count(*) from generate_series(1, 200) n, farebox_api.registration_ids('tests-' || n || '@example.invalid', null) r
            where r.id::text !~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
               or r.number not between 4503599627370496 and 9007199254740991 or r.number & 1023 <> farebox.slot_of(r.id)),
          0::bigint, 'they look like a random id and a number from 2^52 that ends in its slot');
select is((select max_value * 1024 + 1023 from pg_sequences where schemaname = 'farebox' and sequencename = 'user_numbers'),
          4503599627370495, 'and no number from there on is dealt to anybody');
select throws_ok('select farebox_api.registration_ids(null, null)', 'FB000', null, 'without an address the call is malformed');
select throws_ok($$ select farebox_api.registration_ids('tests-ann@example.invalid', '79001234567') $$, 'FB000', null, 'as it is with two');

---- Operators

select is(farebox.add_admin('tests-ann@example.invalid', 'tests'), :'ann'::uuid, 'an operator is named by a confirmed email');
select is(farebox.add_admin(number_of(:'ann')::text, 'tests'), :'ann'::uuid, 'or by number, twice if need be');
select ok((select a.is_admin from farebox_api.account('user', by(:'session', :'ann'), :'ann') a), 'and the account says so');
update auth.users set email_confirmed_at = null where id = :'bob';
select is(farebox.add_admin('tests-bob@example.invalid', 'tests'), null, 'an email that is not confirmed names nobody');
select is(farebox.add_admin('tests-nobody@example.invalid', 'tests'), null, 'nor does one that nobody has');
select is(farebox.remove_admin('tests-ann@example.invalid'), 1::bigint, 'an operator is removed');
select ok(not (select a.is_admin from farebox_api.account('user', by(:'session', :'ann'), :'ann') a), 'and is one no longer');
select farebox.add_admin(:'ann', 'tests') \g /dev/null

---- Taking along

select brief(spend_one(r(:'ann', 20))) \g /dev/null
select is((exported(:'ann', :'session') -> 'entries')::jsonb @> '[{"kind": "spend", "amount": -20, "seq": 2},
                                                                  {"kind": "grant", "amount": 50000, "seq": 1}]', true,
          'an export holds the journal, signed');
select is((select array_agg(k order by k) from json_object_keys(exported(:'ann', :'session')) k),
          array['admin', 'agent', 'billing_keys', 'entries', 'holds', 'user', 'wallet'], 'and all the rest');
select ok(exported(:'ann', :'session')::text not like '%' || encode(hash_of('k2'), 'hex') || '%', 'but no hash of a key');
select is((select x.status from farebox_api.export_account('user', by(:'session', :'ann'), :'bob') x), 'user_not_found',
          'nobody exports another');

---- Leaving

create function kept(p_user uuid) returns text language sql stable as $$
    select format('name %s, %s agents, %s admins, %s keys', coalesce(u.display_name, 'gone'),
                  (select count(*) from farebox.agents a where a.user_id = u.id),
                  (select count(*) from farebox.admins a where a.user_id = u.id),
                  (select count(*) from farebox.credentials a where a.owner = u.id))
      from farebox.users u where u.id = p_user
$$;
select farebox_api.rename_account('user', by(:'session', :'ann'), :'ann', 'Ann') \g /dev/null
select is(farebox_api.erase_account('user', by(:'session', :'ann'), :'bob'), 'user_not_found', 'nobody erases another');
select is(farebox_api.erase_account('user', by(:'session', :'ann'), :'ann'), 'ok', 'a person leaves');
select is(kept(:'ann'), 'name Ann, 1 agents, 1 admins, 2 keys', 'and nothing is forgotten that the account''s removal will forget');

-- Without the trigger. (A lock on auth.users goes with the savepoint: other files wait for it.)
savepoint without;
create or replace trigger farebox_follow_user after insert on auth.users for each row execute function suppress_redundant_updates_trigger();
select farebox.follows_auth_users() as follows, farebox_api.erase_account('user', by(:'session', :'ann'), :'ann') as answer \gset no_
select kept(:'ann') as kept, farebox_api.erase_account('user', by(:'session', :'ann'), :'ann') as again \gset no_
rollback to without;
select ok(farebox.follows_auth_users(), 'changes of auth.users are followed');
select ok(not :'no_follows', 'but not where the trigger is another');
select is(:'no_answer'::text, 'ok', 'then a person leaves too');
select is(:'no_kept'::text, 'name gone, 0 agents, 0 admins, 0 keys', 'and is forgotten at once, before nobody could ask any more');
select is(:'no_again'::text, 'ok', 'and leaving twice is leaving');

delete from auth.users where id = :'ann';
select is((select row(u.email, u.phone, u.display_name, u.erased_at is not null)::text from farebox.users u where u.id = :'ann'),
          row(null, null, null, true)::text, 'when the account is removed the person is forgotten');
select is(kept(:'ann'), 'name gone, 0 agents, 0 admins, 0 keys', 'everywhere');
select is(books(:'ann'), 'balance 49980 held 0 debt 0 seq 2', 'the books stay');
select is(brief(spend_one(r(:'ann', 1))), 'wallet_blocked', 'and nobody spends what is left');
insert into auth.users (id, email, email_confirmed_at) values (:'ann', 'tests-again@example.invalid', now());
select is((select row(u.email, (select count(*) from farebox.entries e where e.credit = u.id))::text
             from farebox.users u where u.id = :'ann'),
          row(null, 1)::text, 'nothing comes back with the id, neither address nor starting tokens');

select * from finish();
rollback;
