-- farebox.provision and the trigger on auth.users: a wallet for each account, and the starting tokens once for each person.

begin;
\ir support.psql
select plan(84);

-- Somebody registers at Supabase Auth, which does this in a role of its own: the user, the identities, and then, by an update,
-- what is confirmed, autoconfirm or not. The last update is the login.
create function registers(
    id uuid default gen_random_uuid(), email text default null, phone text default null, confirmed boolean default true,
    meta jsonb default null, provider text default null, subject text default null, anonymous boolean default false)
returns uuid language plpgsql volatile as $$
begin
    insert into auth.users (id, email, phone, raw_user_meta_data, raw_app_meta_data, is_anonymous)
    values (registers.id, registers.email, registers.phone, registers.meta,
            jsonb_build_object('provider', coalesce(registers.provider, 'email')), registers.anonymous);
    insert into auth.identities (user_id, provider, provider_id, identity_data)
    select registers.id, i.provider, i.subject, '{}'
      from (values ('email', registers.id::text, registers.email), ('phone', registers.id::text, registers.phone),
                   (registers.provider, registers.subject, registers.subject)) i(provider, subject, address)
     where i.address is not null;
    if confirmed then
        perform confirms(registers.id);
    end if;
    update auth.users u set last_sign_in_at = now() where u.id = registers.id;
    return registers.id;
end $$;
create function confirms(p_user uuid) returns void language sql volatile as $$
    update auth.users u
       set email_confirmed_at = case when u.email <> '' then now() end, phone_confirmed_at = case when u.phone <> '' then now() end
     where u.id = p_user and (u.email <> '' or u.phone <> '')
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

select registers(email => '', phone => '79990000003', meta => '{"display_name": 7}', provider => 'google') as bob \gset
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
update auth.users set is_anonymous = false where id = :'anonymous';
update auth.users set email = 'tests-late@example.invalid' where id = :'anonymous';
select confirms(:'anonymous') \g /dev/null
select is(books(:'anonymous'), 'balance 50000 held 0 debt 0 seq 1', 'one who is anonymous no longer gets it then');
insert into auth.users (id, deleted_at) values (gen_random_uuid(), now()) returning id as deleted \gset
select is(farebox.provision(:'deleted'), false, 'one who was deleted gets nothing');

---- Addresses

update auth.users set email = 'tests-ann2@example.invalid' where id = :'ann';
select is((select email from farebox.users where id = :'ann'), 'tests-ann2@example.invalid',
          'an address changed at Supabase Auth is changed here');
select is(books(:'ann'), 'balance 50000 held 0 debt 0 seq 1', 'for no tokens');
select registers(phone => '79990000001', confirmed => false) as eve \gset
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
select registers(email => 'tests-seven@example.invalid') as seven \gset
select is(books(:'seven'), 'balance 7 held 0 debt 0 seq 1', 'the setting says how many tokens a new account gets');
update farebox.settings set starting_tokens = 0;
select registers(email => 'tests-none@example.invalid') as none \gset
select is(books(:'none'), 'balance 0 held 0 debt 0 seq 0', 'none is none, without an entry');
update farebox.settings set starting_tokens = 50000;
update auth.users set last_sign_in_at = now() where id = :'none';
select is(books(:'none'), 'balance 0 held 0 debt 0 seq 0', 'and for good: the account has had its turn');

---- Later than the registration

-- A wallet that stands in the way makes provisioning fail.
select gen_random_uuid() as missed \gset
insert into farebox.wallets (id, kind, owner) values (:'missed', 'user', :'missed');
select throws_ok(format('select farebox.provision(%L)', registers(id => :'missed', email => 'tests-missed@example.invalid')), '23505', null,
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

-- A wallet that is there, and a confirmation that was missed: nothing fires for an owner who says so.
select registers(email => 'tests-slow@example.invalid', confirmed => false) as slow \gset
select is(books(:'slow'), 'balance 0 held 0 debt 0 seq 0', 'an account that nothing confirms has a wallet that waits');
set local session_replication_role = replica;
select confirms(:'slow') \g /dev/null
set local session_replication_role = origin;
select is(books(:'slow'), 'balance 0 held 0 debt 0 seq 0', 'a confirmation that was not followed gives nothing');
select a_session(:'slow') as slow_session \gset
select a.status from farebox_api.account('user', proof_of(:'slow_session', :'slow', null), :'slow') a \g /dev/null
select is(books(:'slow'), 'balance 50000 held 0 debt 0 seq 1', 'until the account is looked at');
create function read_only(p_user uuid) returns text language plpgsql volatile as $$
begin
    perform set_config('transaction_read_only', 'on', true), farebox.provision(p_user);
    raise exception 'seen';
exception when others then
    return sqlerrm;
end $$;
select is(read_only(:'slow'), 'seen', 'a look that finds nothing new writes nothing');

---- Who gets the starting tokens

-- How somebody comes.
create function by_email(p_email text, confirmed boolean default true) returns uuid language sql volatile as $$
    select registers(email => p_email, confirmed => by_email.confirmed)
$$;
create function by_phone(p_phone text, confirmed boolean default true) returns uuid language sql volatile as $$
    select registers(phone => p_phone, confirmed => by_phone.confirmed)
$$;
create function by_google(p_subject text, email text default null, confirmed boolean default true) returns uuid
language sql volatile as $$
    select registers(email => by_google.email, confirmed => by_google.confirmed, provider => 'google', subject => p_subject)
$$;
-- An anonymous user who becomes somebody: Supabase Auth says so first, and sets the address afterwards.
create function by_anonymous(p_email text) returns uuid language plpgsql volatile as $$
declare
    v_user constant uuid := registers(anonymous => true);
begin
    update auth.users u set is_anonymous = false where u.id = v_user;
    update auth.users u set email = p_email where u.id = v_user;
    perform confirms(v_user);
    return v_user;
end $$;
-- What becomes of them.
create function spends(p_user uuid) returns void language sql volatile as $$ select brief(spend_one(r(p_user, 1))) $$;
create function leaves(p_user uuid) returns void language sql volatile as $$ delete from auth.users u where u.id = p_user $$;
create function moves(p_user uuid, p_email text) returns void language sql volatile as $$
    update auth.users u set email = p_email where u.id = p_user
$$;
create function adds_phone(p_user uuid, p_phone text) returns void language sql volatile as $$
    update auth.users u set phone = p_phone, phone_confirmed_at = now() where u.id = p_user
$$;
create function links(p_user uuid, p_subject text) returns void language sql volatile as $$
    insert into auth.identities (user_id, provider, provider_id, identity_data) values (p_user, 'google', p_subject, '{}');
    update auth.users u set raw_app_meta_data = '{"provider": "email", "providers": ["email", "google"]}' where u.id = p_user
$$;
create function unlinks(p_user uuid) returns void language sql volatile as $$
    delete from auth.identities i where i.user_id = p_user and i.provider = 'google'
$$;
create function is_blocked(p_user uuid) returns void language sql volatile as $$
    update farebox.wallets w set blocked_at = now() where w.id = p_user
$$;
create function is_reversed(p_user uuid) returns void language sql volatile as $$
    select brief(take_back(e.id)) from farebox.entries e where e.credit = p_user
$$;
-- What versions until 0.1.0 kept of an address: the digest of what was written.
create function was_used(p_address text) returns uuid language sql volatile as $$
    insert into farebox.used_addresses (digest) values (farebox.address_digest(p_address)) returning null::uuid
$$;
-- A phone that an operator gave to a user of its own.
create function by_operators_phone(p_phone text) returns uuid language plpgsql volatile as $$
begin
    perform farebox_api.create_user('api_key', proof_of(null, null, null), gen_random_uuid(), null, p_phone, null, 0,
                                    gen_random_uuid(), null, null, clock_timestamp() + interval '10 s');
    return by_phone(p_phone);
end $$;

-- One is here, something happens, and then another comes: what that one finds.
create function found(p_first text, p_meanwhile text, p_then text) returns text language plpgsql volatile as $$
declare
    v_user uuid;
    v_step text;
begin
    if p_first is not null then
        execute 'select ' || p_first into v_user;
    end if;
    foreach v_step in array coalesce(string_to_array(p_meanwhile, ', '), '{}') loop
        execute format('select %s($1%s)', split_part(v_step, ' ', 1), ', ' || nullif(quote_literal(split_part(v_step, ' ', 2)), ''''''))
          using v_user;
    end loop;
    execute 'select ' || p_then into v_user;
    return (select concat_ws(' ', w.balance, case when w.blocked_at is not null then 'blocked' end, violations(w.id))
              from farebox.wallets w where w.id = v_user);
end $$;
create temp table cases (n int generated always as identity, title text, first text, meanwhile text, then_comes text, finds text);
insert into cases (title, first, meanwhile, then_comes, finds) values
    -- Who was here and comes again.
    ('who has spent nothing', $$ by_email('t1@x.invalid') $$, 'leaves', $$ by_email('t1@x.invalid') $$, '0'),
    ('by phone, which is confirmed later', $$ by_phone('79990001001') $$, 'spends, leaves', $$ by_phone('79990001001') $$, '0'),
    ('by a phone of an operator''s user', $$ by_operators_phone('79990001002') $$, 'spends, leaves', $$ by_phone('79990001002') $$, '0'),
    ('as an anonymous user who sets the email', $$ by_email('t2@x.invalid') $$, 'spends, leaves', $$ by_anonymous('t2@x.invalid') $$, '0'),
    ('by another provider, without an address', $$ by_google('s1') $$, 'spends, leaves', $$ by_google('s1') $$, '0'),
    ('by another provider, with another address', $$ by_google('s2', 't3@x.invalid') $$, 'spends, leaves', $$ by_google('s2', 't4@x.invalid') $$, '0'),
    ('by an identity that was added later', $$ by_email('t5@x.invalid') $$, 'links s3, spends, leaves', $$ by_google('s3') $$, '0'),
    ('by one that was taken away again', $$ by_email('t6@x.invalid') $$, 'links s4, unlinks', $$ by_google('s4') $$, '0'),
    ('by a phone that was added later', $$ by_email('t7@x.invalid') $$, 'adds_phone 79990001003, spends, leaves', $$ by_phone('79990001003') $$, '0'),
    ('by the email that the account had last', $$ by_email('t8@x.invalid') $$, 'moves t9@x.invalid, leaves', $$ by_email('t9@x.invalid') $$, '0'),
    ('whose starting tokens were taken back', $$ by_email('t10@x.invalid') $$, 'is_reversed, leaves', $$ by_email('t10@x.invalid') $$, '0'),
    -- One mailbox.
    ('with a tag', $$ by_email('t11@x.invalid') $$, null, $$ by_email('t11+news@x.invalid') $$, '0'),
    ('without the tag', $$ by_email('t12+a+b@x.invalid') $$, null, $$ by_email('t12@x.invalid') $$, '0'),
    ('with a dot behind the domain', $$ by_email('t13@x.invalid') $$, null, $$ by_email('t13@x.invalid.') $$, '0'),
    ('in capitals', $$ by_email('t14@x.invalid') $$, null, $$ by_email('T14@X.Invalid') $$, '0'),
    ('at gmail.com without dots', $$ by_email('t.1.5@gmail.com') $$, null, $$ by_email('t15@gmail.com') $$, '0'),
    ('at googlemail.com', $$ by_email('t16@gmail.com') $$, 'spends, leaves', $$ by_email('t.16+x@googlemail.com') $$, '0'),
    ('with a tag, of an address that was used until 0.1.0', $$ was_used('t17@x.invalid') $$, null, $$ by_email('t17+x@x.invalid') $$, '0'),
    ('with a used address that is not confirmed', $$ by_email('t18@x.invalid') $$, 'leaves', $$ by_google('s5', 't18@x.invalid', false) $$, '0'),
    -- Nobody yet.
    ('whose email is not confirmed', null, null, $$ by_email('t19@x.invalid', false) $$, '0'),
    ('whose phone is not confirmed', null, null, $$ by_phone('79990001004', false) $$, '0'),
    ('who has neither an address nor an identity', null, null, $$ registers() $$, '0'),
    ('who has a pair of keys', null, null, $$ registers(provider => 'web3', subject => 'web3:solana:s6') $$, '0'),
    -- Blocked by an operator.
    ('who left blocked', $$ by_email('t20@x.invalid') $$, 'is_blocked, leaves', $$ by_email('t20@x.invalid') $$, '0 blocked'),
    ('who left blocked, by phone', $$ by_phone('79990001005') $$, 'spends, is_blocked, leaves', $$ by_phone('79990001005') $$, '0 blocked'),
    ('who left blocked, by an identity', $$ by_email('t21@x.invalid') $$, 'links s7, is_blocked, leaves', $$ by_google('s7') $$, '0 blocked'),
    ('who is here, blocked', $$ by_email('t22@x.invalid') $$, 'is_blocked', $$ by_email('t22+x@x.invalid') $$, '0 blocked'),
    -- Another person.
    ('whose address somebody else only said to have', $$ by_google('s8', 't23@x.invalid', false) $$, 'spends, leaves', $$ by_email('t23@x.invalid') $$, '50000'),
    ('of another mailbox', $$ by_email('t24@x.invalid') $$, 'spends, leaves', $$ by_email('t25@x.invalid') $$, '50000'),
    ('with a dot that counts', $$ by_email('t26@x.invalid') $$, null, $$ by_email('t.26@x.invalid') $$, '50000'),
    ('of a name that begins with a plus', $$ by_email('+t27@x.invalid') $$, null, $$ by_email('+t28@x.invalid') $$, '50000'),
    ('of another phone', $$ by_phone('79990001006') $$, 'leaves', $$ by_phone('79990001007') $$, '50000'),
    ('of another identity', $$ by_google('s9') $$, 'leaves', $$ by_google('s10') $$, '50000'),
    ('who was anonymous', $$ by_email('t29@x.invalid') $$, 'is_blocked, leaves', $$ by_anonymous('t30@x.invalid') $$, '50000'),
    -- What had held already, and does.
    ('who has spent', $$ by_email('t31@x.invalid') $$, 'spends, leaves', $$ by_email('t31@x.invalid') $$, '0'),
    ('by an email that was given up', $$ by_email('t32@x.invalid') $$, 'moves t33@x.invalid', $$ by_email('t32@x.invalid') $$, '0'),
    ('of an address that was used until 0.1.0', $$ was_used('t.34@gmail.com') $$, null, $$ by_email('t.34@gmail.com') $$, '0');
select is(found(c.first, c.meanwhile, c.then_comes), c.finds, format('%s finds %s', c.title, c.finds)) from cases c order by c.n;
select is((select count(*) from farebox.used_addresses l where position('t31' in encode(l.digest, 'escape')) > 0), 0::bigint,
          'of an address a digest is kept');

-- A block is the operator's to lift.
select by_email('tests-blocked@example.invalid') as first \gset
select is_blocked(:'first'), leaves(:'first'), by_email('tests-blocked@example.invalid') as second \gset
update farebox.wallets set blocked_at = null where id = :'second';
select links(:'second', 's11') \g /dev/null
select is((select w.blocked_at from farebox.wallets w where w.id = :'second'), null, 'a block that an operator lifts is lifted');
select leaves(:'second'), by_google('s11') as third, by_email('tests-blocked@example.invalid') as fourth \gset
select is((select array_agg(w.blocked_at) from farebox.wallets w where w.id in (:'third', :'fourth')), array[null, null]::timestamptz[],
          'for whoever leaves and comes back, too');
---- Gone at Supabase Auth

delete from auth.users where id = :'ann';
select is((select row(u.email, u.display_name, u.erased_at is not null)::text from farebox.users u where u.id = :'ann'),
          row(null, null, true)::text, 'a person who was removed at Supabase Auth is forgotten here');
select is(books(:'ann'), 'balance 50000 held 0 debt 0 seq 1', 'the books stay');
select is((select count(*) from farebox.user_addresses y where y.user_id = :'ann'), 0::bigint, 'and no digest says whose it was');
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
