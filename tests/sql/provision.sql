-- farebox.provision and the trigger on auth.users: a wallet and the starting tokens, once for each person.

begin;
\ir support.psql
select plan(46);

-- Somebody registers at Supabase Auth, which does this in a role of its own.
create function registers(
    id uuid default gen_random_uuid(), email text default null, phone text default null, phone_confirmed boolean default true,
    meta jsonb default null, app_meta jsonb default '{"provider": "email"}', anonymous boolean default false)
returns uuid language sql volatile as $$
    insert into auth.users (id, email, phone, phone_confirmed_at, raw_user_meta_data, raw_app_meta_data, is_anonymous)
    values (id, email, phone, case when phone is not null and phone_confirmed then now() end, meta, app_meta, anonymous)
    returning id
$$;
create function known(p_user uuid) returns bigint language sql stable as $$
    select count(*) from farebox.users u where u.id = p_user
$$;
---- A new account

select registers(email => 'tests-ann@example.invalid', meta => '{"display_name": "  Ann  ", "number": 5}') as ann \gset
select is(books(:'ann'), 'balance 50000 held 0 debt 0 seq 1', 'a new account has the starting tokens');
select is((select row(e.kind, e.description)::text from farebox.entries e where e.credit = :'ann'),
          row('grant', 'starting tokens')::text, 'by an entry that says so');
select is((select row(g.class, g.expires_at)::text from farebox.grants g where g.wallet = :'ann'),
          row('promo', 'infinity'::timestamptz)::text, 'as promo tokens without an expiry');
select is((select row(email, phone, display_name, provider, managed)::text from farebox.users where id = :'ann'),
          row('tests-ann@example.invalid', null, 'Ann', 'local', false)::text,
          'the address and the name are known, and it is no user of an operator''s');
select cmp_ok(number_of(:'ann'), '>', 1000000000::bigint, 'it has a number of ours');
select is(number_of(:'ann') & 1023, farebox.slot_of(:'ann')::bigint, 'which ends in the slot of its id');
select ok(farebox.provision(:'ann'), 'to provision again');
select is(books(:'ann'), 'balance 50000 held 0 debt 0 seq 1', 'gives nothing again');

select registers(email => '', phone => '79990000003', meta => '{"display_name": 7}',
                 app_meta => '{"provider": "google"}') as bob \gset
select is((select row(email, phone, display_name, provider)::text from farebox.users where id = :'bob'),
          row(null, '79990000003', '7', 'google')::text, 'a phone is known as its digits, and who vouches for the person');
select registers(meta => jsonb_build_object('display_name', repeat('ä', 300))) as long \gset
select is((select char_length(display_name) from farebox.users where id = :'long'), 100, 'a name that is too long is cut');
select is((select x.display_name from farebox.users x where x.id = registers(meta => '{"display_name": "   "}')), null,
          'a blank one is none');

---- Who gets nothing

select registers(anonymous => true) as anonymous \gset
select is(known(:'anonymous'), 0::bigint, 'an anonymous user gets nothing');
select is(farebox.provision(:'anonymous'), false, 'nor when asked for');
select gen_random_uuid() as nobody \gset
select is(farebox.provision(:'nobody'), false, 'an id that Supabase Auth does not know is nobody');
select is(known(:'nobody'), 0::bigint, 'and nobody is made for it');
update auth.users set is_anonymous = false, email = 'tests-late@example.invalid' where id = :'anonymous';
select is(books(:'anonymous'), 'balance 50000 held 0 debt 0 seq 1', 'one who is anonymous no longer gets it then');
insert into auth.users (id, deleted_at) values (gen_random_uuid(), now()) returning id as deleted \gset
select is(farebox.provision(:'deleted'), false, 'one who was deleted gets nothing');

---- Addresses

update auth.users set email = 'tests-ann2@example.invalid' where id = :'ann';
select is((select email from farebox.users where id = :'ann'), 'tests-ann2@example.invalid',
          'an address changed at Supabase Auth is changed here');
select is(books(:'ann'), 'balance 50000 held 0 debt 0 seq 1', 'for no tokens');
select registers(phone => '79990000001', phone_confirmed => false) as eve \gset
select is((select phone from farebox.users where id = :'eve'), null, 'a phone counts once it is confirmed');
update auth.users set phone_confirmed_at = now() where id = :'eve';
select is((select phone from farebox.users where id = :'eve'), '79990000001', 'and not before');
select farebox_api.create_user('api_key', proof_of(null, null, null), gen_random_uuid(), null, '79990000002', null, 0,
                               gen_random_uuid(), null, null, clock_timestamp() + interval '10 s') \g /dev/null
select registers(phone => '79990000002') as mallory \gset
select is((select phone from farebox.users where id = :'mallory'), null, 'a phone of an operator''s user stays with that one');
select is(books(:'mallory'), 'balance 50000 held 0 debt 0 seq 1', 'and costs the new one nothing else');

---- The operator decides how much

select patiently('update farebox.settings set starting_tokens = 7') \g /dev/null
select registers() as seven \gset
select is(books(:'seven'), 'balance 7 held 0 debt 0 seq 1', 'the setting says how many tokens a new account gets');
update farebox.settings set starting_tokens = 0;
select registers() as none \gset
select is(books(:'none'), 'balance 0 held 0 debt 0 seq 0', 'none is none, without an entry');
update farebox.settings set starting_tokens = 50000;

---- Later than the registration

-- A wallet that stands in the way makes provisioning fail.
select gen_random_uuid() as missed \gset
insert into farebox.wallets (id, kind, owner) values (:'missed', 'user', :'missed');
select throws_ok(format('select farebox.provision(%L)', registers(id => :'missed')), '23505', null,
                 'a registration passes though provisioning fails');
select is(known(:'missed'), 0::bigint, 'nothing is left of the attempt');
delete from farebox.wallets where id = :'missed';
select is((select row(b.status, b.balance)::text
             from farebox_api.balance(array[1], array['api_key'], array[proof_of(null, null, null)], array[:'missed']::uuid[],
                                      array[null]::bigint[], array[null]::text[]) b),
          row('ok', 50000)::text, 'the first look makes up for it');
select is(books(:'missed'), 'balance 50000 held 0 debt 0 seq 1', 'once');
select is((select b.status from farebox_api.balance(array[1], array['api_key'], array[proof_of(null, null, null)],
                                                    array[gen_random_uuid()], array[null]::bigint[], array[null]::text[]) b),
          'user_not_found', 'a look at nobody makes nobody');

---- Starting tokens are given to an address once

select registers(email => 'tests-farmer@example.invalid', phone => '79990000009') as farmer \gset
select brief(spend_one(r(:'farmer', 1))) \g /dev/null
delete from auth.users where id = :'farmer';
select registers(email => 'tests-farmer@example.invalid') as again \gset
select is(books(:'again'), 'balance 0 held 0 debt 0 seq 0', 'who leaves after spending and comes back begins with nothing');
select registers(phone => '79990000009') as by_phone \gset
select is(books(:'by_phone'), 'balance 0 held 0 debt 0 seq 0', 'by phone as well');
select registers(email => 'tests-other@example.invalid') as other \gset
select is(books(:'other'), 'balance 50000 held 0 debt 0 seq 1', 'another address is another person');
select is((select count(*) from farebox.used_addresses u where position('farmer' in encode(u.digest, 'escape')) > 0), 0::bigint,
          'of the address a digest is kept');
delete from auth.users where id = :'other';
select registers(email => 'tests-other@example.invalid') as other \gset
select is(books(:'other'), 'balance 50000 held 0 debt 0 seq 1', 'who had spent nothing finds the tokens again');
select registers(email => 'tests-holder@example.invalid') as holder \gset
select held(:'holder', 5) \g /dev/null
delete from auth.users where id = :'holder';
select registers(email => 'tests-holder@example.invalid') as holder \gset
select is(books(:'holder'), 'balance 0 held 0 debt 0 seq 0', 'a hold may still be captured: who has one has spent');
update auth.users set email = 'tests-moved@example.invalid' where id = :'other';
select registers(email => 'tests-other@example.invalid') as follower \gset
select is(books(:'follower'), 'balance 0 held 0 debt 0 seq 0', 'an address that was given up for another one has had its tokens');
select is(books(:'other'), 'balance 50000 held 0 debt 0 seq 1', 'which its first owner keeps');

---- Gone at Supabase Auth

delete from auth.users where id = :'ann';
select is((select row(u.email, u.display_name, u.erased_at is not null)::text from farebox.users u where u.id = :'ann'),
          row(null, null, true)::text, 'a person who was removed at Supabase Auth is forgotten here');
select is(books(:'ann'), 'balance 50000 held 0 debt 0 seq 1', 'the books stay');
update auth.users set deleted_at = now() where id = :'bob';
select is((select row(u.phone, u.erased_at is not null)::text from farebox.users u where u.id = :'bob'),
          row(null, true)::text, 'so is one whose removal is only marked');

---- Nobody is removed there and kept here

select registers(email => 'tests-kept@example.invalid') as kept \gset
create or replace function farebox.forget(p_user uuid) returns void language plpgsql as $$
begin
    raise exception 'secret of the operator';
end $$;
select throws_ok(format('delete from auth.users where id = %L', :'kept'), 'P0001',
                 'farebox could not forget this account: delete it again', 'a removal that cannot be followed fails');
select throws_ok(format('update auth.users set deleted_at = now() where id = %L', :'kept'), 'P0001',
                 'farebox could not forget this account: delete it again', 'a mark of one as well');
select is((select count(*) from auth.users where id = :'kept' and deleted_at is null), 1::bigint, 'and can be tried again');

select is((select proowner::regrole::text from pg_proc where proname = 'follow_auth_user'), 'postgres',
          'the trigger runs as the owner, who can read auth.users');
select is((select t.tgattr::text from pg_trigger t where t.tgrelid = 'auth.users'::regclass and t.tgname = 'farebox_follow_user'), '',
          'and names no column, whose type Supabase Auth could then not change');

select * from finish();
rollback;
