-- What a person sees of the account, changes in it, takes along and leaves behind.

begin;
\ir support.psql
select plan(38);

create function a_person(name text) returns uuid language sql volatile as $$
    insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)
    values (gen_random_uuid(), name || '@example.invalid', now(), jsonb_build_object('display_name', name)) returning id
$$;
create function a_session(p_user uuid) returns uuid language sql volatile as $$
    insert into auth.sessions (id, user_id) values (gen_random_uuid(), p_user) returning id
$$;
create function exported(p_user uuid, p_session uuid) returns json language sql volatile as $$
    select x.document from farebox_api.export_account(p_user, p_session) x
$$;

select a_person('tests-ann') as ann, a_person('tests-bob') as bob \gset
select a_session(:'ann') as session, a_session(:'bob') as other_session \gset

---- Looking

select is((select row(a.status, a.number, a.email, a.display_name, a.provider, a.is_admin)::text
             from farebox_api.account(:'ann', :'session') a),
          row('ok', number_of(:'ann'), 'tests-ann@example.invalid', 'tests-ann', 'local', false)::text,
          'a person sees address, number and name');
select is((select row(a.agent_id, a.agent_status, a.billing_key)::text from farebox_api.account(:'ann', :'session') a),
          row(null, null, null)::text, 'no agent and no key before there is one');
insert into farebox.agents (user_id, agent_id, status) values (:'ann', 'agent-1', 'active');
insert into farebox.billing_keys (user_id, hash, preview, revoked_at) values (:'ann', hash_of('k1'), 'sk-fb-old', now());
insert into farebox.billing_keys (user_id, hash, preview) values (:'ann', hash_of('k2'), 'sk-fb-new');
select is((select row(a.agent_id, a.agent_status, a.billing_key)::text from farebox_api.account(:'ann', :'session') a),
          row('agent-1', 'active', 'sk-fb-new')::text, 'then the agent, and of the live key what it is known by');
select throws_ok(format('insert into farebox.billing_keys (user_id, hash, preview) values (%L, %L, ''sk-fb-two'')', :'ann',
                        hash_of('k3')), '23505', null, 'a user has one live key');
select is((select a.status from farebox_api.account(:'ann', null) a), 'ok',
          'what Supabase Auth itself has just said needs no session');
select is((select a.status from farebox_api.account(:'ann', :'other_session') a), 'session_gone',
          'the session must be the user''s own');
select is((select a.status from farebox_api.account(:'ann', gen_random_uuid()) a), 'session_gone', 'and must stand');
select is((select a.status from farebox_api.account(gen_random_uuid(), null) a), 'not_found',
          'nobody is not found');
select throws_ok('select farebox_api.account(null, null)', 'FB000', null, 'a call without a user is malformed');
select is((select a.email from farebox_api.account(:'bob', :'session') a), null, 'a refusal tells nothing');

---- The name

select is(farebox_api.rename_account(:'ann', :'session', 'Ann B.'), 'ok', 'a person chooses a name');
select is((select a.display_name from farebox_api.account(:'ann', :'session') a), 'Ann B.', 'and is called that');
select is(farebox_api.rename_account(:'ann', :'session', null), 'ok', 'or takes it away');
select is((select a.display_name from farebox_api.account(:'ann', :'session') a), null, 'and has none');
select is(farebox_api.rename_account(:'ann', :'other_session', 'Mallory'), 'session_gone', 'nobody renames another');
select throws_ok(format('select farebox_api.rename_account(%L, null, ''x'')', :'ann'), 'FB000', null,
                 'without a session the call is malformed');
select throws_ok(format('select farebox_api.rename_account(%L, %L, %L)', :'ann', :'session', repeat('x', 101)), 'FB000', null,
                 'so it is with a name that is too long');

---- Numbers of nobody

select farebox_api.unused_number() as unused \gset
select is((select count(*) from farebox.users u where u.number = :unused), 0::bigint, 'an unused number is nobody''s');
select cmp_ok(farebox_api.unused_number(), '>', :unused::bigint, 'and is told once');

---- Operators

select is(farebox.add_admin('tests-ann@example.invalid', 'tests'), :'ann'::uuid, 'an operator is named by a confirmed email');
select is(farebox.add_admin(number_of(:'ann')::text, 'tests'), :'ann'::uuid, 'or by number, twice if need be');
select ok((select a.is_admin from farebox_api.account(:'ann', :'session') a), 'and the account says so');
update auth.users set email_confirmed_at = null where id = :'bob';
select is(farebox.add_admin('tests-bob@example.invalid', 'tests'), null, 'an email that is not confirmed names nobody');
select is(farebox.add_admin('tests-nobody@example.invalid', 'tests'), null, 'nor does one that nobody has');
select is(farebox.remove_admin('tests-ann@example.invalid'), 1::bigint, 'an operator is removed');
select ok(not (select a.is_admin from farebox_api.account(:'ann', :'session') a), 'and is one no longer');
select farebox.add_admin(:'ann', 'tests') \g /dev/null

---- Taking along

select brief(spend_one(r(:'ann', 20))) \g /dev/null
select is((exported(:'ann', :'session') -> 'entries')::jsonb @> '[{"kind": "spend", "amount": -20, "seq": 2},
                                                                  {"kind": "grant", "amount": 50000, "seq": 1}]', true,
          'an export holds the journal, signed');
select is((select array_agg(k order by k) from json_object_keys(exported(:'ann', :'session')) k),
          array['admin', 'agent', 'billing_keys', 'entries', 'holds', 'user', 'wallet'], 'and all the rest');
select ok(exported(:'ann', :'session')::text not like '%' || encode(hash_of('k2'), 'hex') || '%', 'but no hash of a key');
select is((select x.status from farebox_api.export_account(:'ann', :'other_session') x), 'session_gone',
          'nobody exports another');

---- Leaving

select is(farebox_api.erase_account(:'ann', :'other_session'), 'session_gone', 'nobody erases another');
select is(farebox_api.erase_account(:'ann', :'session'), 'ok', 'a person leaves');
select is((select row(u.email, u.phone, u.display_name, u.erased_at is not null)::text from farebox.users u where u.id = :'ann'),
          row(null, null, null, true)::text, 'and is forgotten');
select is((select count(*) from farebox.admins a where a.user_id = :'ann')
          + (select count(*) from farebox.agents a where a.user_id = :'ann')
          + (select count(*) from farebox.billing_keys a where a.user_id = :'ann'), 0::bigint, 'everywhere');
select is(books(:'ann'), 'balance 49980 held 0 debt 0 seq 2', 'the books stay');
select is(brief(spend_one(r(:'ann', 1))), 'blocked', 'and nobody spends what is left');
select is(farebox_api.erase_account(:'ann', :'session'), 'ok', 'leaving twice is leaving');
update auth.users set email = 'tests-again@example.invalid' where id = :'ann';
select is((select row(u.email, (select count(*) from farebox.entries e where e.credit = u.id))::text
             from farebox.users u where u.id = :'ann'),
          row(null, 1)::text, 'nothing comes back, neither address nor starting tokens');

select * from finish();
rollback;
