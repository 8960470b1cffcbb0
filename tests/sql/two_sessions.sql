-- What happens while another session holds a wallet: batches pass it by, reads do not wait, and whoever has waited decides
-- on what was committed meanwhile, not on what was there when it asked (ledger rule 1).
--
-- The other sessions are dblink's: its extension in the schema of pgTAP's, and for this role the right to dblink_connect_u.
-- The server opens them, by the connection string in FAREBOX_TEST_OTHER_SESSION, and without one as psql was told to; where
-- it cannot, everything here is skipped. What another session must see has to be committed, so this file leaves users
-- behind, with their books in order.

begin;
\ir support.psql
\set tests 62
select plan(:tests);

create function connected(p_target text) returns boolean language plpgsql volatile as $$
begin
    perform dblink_connect_u('one', p_target), dblink_connect_u('two', p_target);
    return true;
exception
    when undefined_function or insufficient_privilege or sqlclient_unable_to_establish_sqlconnection then
        return false;
end $$;
select format('host=%L port=%L dbname=%L user=%L', :'HOST', :'PORT', :'DBNAME', :'USER') as other_session \gset
\getenv other_session FAREBOX_TEST_OTHER_SESSION
select connected(:'other_session') as connected \gset

\if :connected
-- Runs a statement in session one, which commits it unless it has begun a transaction; its first column as text.
create function in_one(p_sql text) returns text language sql volatile as $$
    select x.v from dblink('one', format('select (%s)::text', p_sql)) x(v text)
$$;

-- An API key that every session sees, and which has every scope; its hash.
create function a_seen_key(p_name text) returns bytea language plpgsql volatile as $$
declare
    v_hash constant bytea := sha256(uuid_send(gen_random_uuid()));
begin
    perform in_one(format('farebox.create_api_key(%L, %L, %L, enum_range(null::farebox.scope)::text[])', p_name, v_hash, 'fb_tests'));
    return v_hash;
end $$;
select 'two sessions ' || gen_random_uuid() as key_name \gset
create temp table seen as select a_seen_key(:'key_name') as key;

-- The calls, as another session can make them: it does not see this file's helpers. `by` begins the arguments: who calls.
create function by_key(p_hash bytea default null) returns text language sql as $$
    select format('%L, %L::bytea', 'api_key', coalesce(p_hash, (select s.key from seen s)))
$$;
create function by_user(p_kind text, p_session uuid, p_user text) returns text language sql as $$
    select format('%L, %L::bytea', p_kind, uuid_send(p_session) || uuid_send(p_user::uuid))
$$;
create function spend_one_call(
    p_wallet text, p_amount int, p_key text default null, id uuid default gen_random_uuid(), by text default by_key())
  returns text language sql as $$
    select format($f$ select concat_ws(' ', s.status, s.amount, s.before || '->' || s.after, 'of ' || s.available)
                        from farebox_api.spend_one(%s, %L, %L, null, %s, null, %L, sha256('x'), null, null,
                                                   clock_timestamp() + interval '10 s') s $f$,
                  by, id, p_wallet, p_amount, p_key)
$$;
-- Who calls, of a batch of one.
create function in_arrays(p_by text) returns text language sql as $$
    select format('array[%s], array[%s]', split_part(p_by, ', ', 1), split_part(p_by, ', ', 2))
$$;
create function spend_call(p_wallet text, p_amount int, p_key text default null, by text default by_key())
  returns text language sql as $$
    select format($f$ select concat_ws(' ', s.status, s.amount, s.before || '->' || s.after, 'of ' || s.available)
                        from farebox_api.spend(array[1], %s, array[gen_random_uuid()], array[%L]::uuid[],
                                               array[null]::bigint[], array[%s]::bigint[], array[null]::text[],
                                               array[%L]::text[], array[sha256('x')], array[null]::text[],
                                               array[null]::json[], clock_timestamp() + interval '10 s') s $f$,
                  in_arrays(by), p_wallet, p_amount, p_key)
$$;
create function grant_call(p_wallet text, p_amount int, p_key text, expires_in text default null,
                           id uuid default gen_random_uuid(), by text default by_key()) returns text language sql as $$
    select format($f$ select concat_ws(' ', g.status, g.amount, g.before || '->' || g.after)
                        from farebox_api."grant"(%s, %L, %L, null, %s, 'paid', null, clock_timestamp() + %L::interval, %L,
                                                 sha256('x'), null, null, clock_timestamp() + interval '10 s') g $f$,
                  by, id, p_wallet, p_amount, expires_in, p_key)
$$;
create function place_call(
    p_wallet text, p_amount int, p_key text default null, id uuid default gen_random_uuid(), by text default by_key())
  returns text language sql as $$
    select format($f$ select concat_ws(' ', s.status, s.amount, 'of ' || s.available)
                        from farebox_api.place_holds(array[1], %s, array[%L]::uuid[], array[%L]::uuid[], array[null]::bigint[],
                                              array[%s]::bigint[], array[3600000]::bigint[], array['release'],
                                              array[null]::bigint[], array[false], array[%L]::text[],
                                              array[sha256('x')], array[null]::text[], array[null]::json[],
                                              clock_timestamp() + interval '10 s') s $f$,
                  in_arrays(by), id, p_wallet, p_amount, p_key)
$$;
create function end_call(p_hold text, p_amount int, by text default by_key()) returns text language sql as $$
    select format($f$ select concat_ws(' ', s.status, s.amount, s.before || '->' || s.after, 'of ' || s.available)
                        from farebox_api.end_holds(array[1], %s, array[gen_random_uuid()], array[%L]::uuid[],
                                                array[%s]::bigint[], array[false], array[null]::text[], array[null]::json[],
                                                clock_timestamp() + interval '10 s') s $f$,
                  in_arrays(by), p_hold, p_amount)
$$;
create function start_call(p_hold text, p_amount int, by text default by_key()) returns text language sql as $$
    select format($f$ select concat_ws(' ', s.status, s.amount)
                        from farebox_api.mark_started(%s, %L, %s, clock_timestamp() + interval '10 s') s $f$,
                  by, p_hold, p_amount)
$$;
create function transfer_call(p_from text, p_to text, p_amount int, p_key text, by text default by_key())
  returns text language sql as $$
    select format($f$ select concat_ws(' ', t.status, t.amount, t.before || '->' || t.after, 'of ' || t.available)
                        from farebox_api.transfer(%s, gen_random_uuid(), %L, %L, %s, %L, sha256('x'), null, null,
                                                  clock_timestamp() + interval '10 s') t $f$,
                  by, p_from, p_to, p_amount, p_key)
$$;
create function reverse_call(p_entry uuid, p_amount int, p_key text, by text default by_key()) returns text language sql as $$
    select format($f$ select concat_ws(' ', v.status, v.amount, v.before || '->' || v.after, 'of ' || v.available)
                        from farebox_api.reverse(%s, gen_random_uuid(), %L, %s, %L, sha256('x'), null,
                                                 clock_timestamp() + interval '10 s') v $f$,
                  by, p_entry, p_amount, p_key)
$$;
create function user_call(p_tokens int, p_key text default null, p_phone text default null) returns text language sql as $$
    select format($f$ select concat_ws(' ', c.status, c.user_id)
                  from farebox_api.create_user(%s, gen_random_uuid(), null, %L, null, %s, gen_random_uuid(),
                      %L, %s, clock_timestamp() + interval '10 s') c $f$, by_key(), p_phone, p_tokens, p_key,
                      case when p_key is null then 'null' else 'sha256(''x'')' end)
$$;
-- A user that every session sees.
create function a_seen_wallet(p_tokens int) returns text
  language sql volatile as $$ select split_part(in_one(user_call(p_tokens)), ' ', 2) $$;

---- Batches and reads pass a held wallet by

select a_wallet(10) as ann, a_seen_wallet(5) as stuck, a_seen_wallet(5) as due \gset
select number_of(:'stuck') as stuck_number,
       in_one(spend_one_call(:'stuck', 1, 'used')), in_one(grant_call(:'due', 7, null, '1 hour')),
       dblink_exec('one', format($$ update farebox.grants set expires_at = expires_at - interval '2 hours'
                                 where wallet = %L and expires_at <> 'infinity' $$, :'due')),
       dblink_exec('one', format($$ update farebox.wallets set next_event_at = next_event_at - interval '2 hours'
                                 where id = %L $$, :'due')) \gset
select gen_random_uuid() as stuck_hold, a_wallet(3) as cat \gset
select held(:'cat', 2) as hold \gset
select in_one(place_call(:'stuck', 2, null, :'stuck_hold')) \g /dev/null
select dblink_exec('one', 'begin'),
       in_one(format('select count(*) from (select 1 from farebox.wallets where id in (%L, %L) for no key update) x',
                     :'stuck', :'due')) \g /dev/null
set local lock_timeout = '50ms';

select is(array(select brief(s::answer)
                from spend_many(array[r(:'stuck', 1), r(:'ann', 3), r(null, 1, number => :stuck_number), r(:'due', 1),
                                      r(:'ann', 4)], skip_locked => true) s),
          array['busy', 'ok 3 10->7', 'busy', 'busy', 'ok 4 7->3'],
          'a call that skips what is held answers busy for it and serves the others');
select is(books(:'ann'), 'balance 3 held 0 debt 0 seq 3', 'their books are in order');
select is(array(select brief(s::answer)
                  from spend_many(array[r(:'stuck', 1, api_key => hash_of('tests: unknown')), r(gen_random_uuid(), 1),
                                        r(:'stuck', 0, key => 'used', fingerprint => 'x'),
                                        r(:'stuck', 0, key => 'used', fingerprint => 'y'), r(:'stuck', 0)],
                                  skip_locked => true) s),
          array['unauthorized', 'user_not_found', 'busy', 'busy', 'busy'],
          'credentials and an unknown user are told before busy, keys and amounts after it');
select throws_ok(format('select spend_many(array[r(%L, 1), r(%L, 1)])', :'ann', :'stuck'), '55P03', null,
                 'a call that does not skip ends when the lock is not had in time');
select is(books(:'ann'), 'balance 3 held 0 debt 0 seq 3', 'and has moved nothing');
select throws_ok(format('select spend_one(r(%L, 1))', :'stuck'), '55P03', null, 'so does a single spend');
select is(array(select brief(s::hold_answer)
                  from place_many(array[h(:'stuck', 1), h(:'cat', 1), h(null, 1, number => :stuck_number),
                                       h(:'stuck', 1, api_key => hash_of('tests: unknown')), h(gen_random_uuid(), 1),
                                       h(:'stuck', 0)], skip_locked => true) s),
          array['busy', 'ok 1 of 0', 'busy', 'unauthorized', 'user_not_found', 'busy'], 'holds pass it by likewise');
select is(array(select brief(s::end_answer)
                  from end_many(array[e(:'stuck_hold', 1), e(:'hold', 2),
                                         e(:'stuck_hold', 1, api_key => hash_of('tests: unknown')),
                                         e(gen_random_uuid(), 1), e(:'stuck_hold', -1)], skip_locked => true) s),
          array['busy', 'ok 2 3->1 of 0', 'unauthorized', 'hold_not_found', 'busy'], 'and captures');
select throws_ok(format('select place_many(array[h(%L, 1), h(%L, 1)])', :'cat', :'stuck'), '55P03', null,
                 'those that do not skip end when the lock is not had in time: holds');
select throws_ok(format('select end_hold(e(%L, 1))', :'stuck_hold'), '55P03', null, 'captures');
select throws_ok(format('select mark_started(%L, 1)', :'stuck_hold'), '55P03', null, 'a start');
select throws_ok(format('select gift(%L, 1)', :'stuck'), '55P03', null, 'a grant');
select throws_ok(format('select move(%L, %L, 1)', :'ann', :'stuck'), '55P03', null, 'and a transfer, on either side');
select results_eq(format($$ select status, balance
                              from farebox_api.balance(array[1, 2, 3], array_fill('api_key'::text, array[3]),
                                                       array_fill(proof_of(null, null, null), array[3]),
                                                       array[%L, %L, %L]::uuid[], array_fill(null::bigint, array[3]),
                                                       array_fill(null::text, array[3]))
                             order by n $$, :'stuck', :'ann', :'due'),
                  $$ values ('ok', 4::bigint), ('ok', 3), ('busy', null) $$,
                  'a read waits for nobody: a held wallet is read, but one with an event due is busy');
select is((select count(*) from farebox_api.entries('api_key', proof_of(null, null, null), :'due', null, 10, null) s where s.status = 'ok'), 2::bigint,
          'a statement is what it was');
set local lock_timeout = 0;

select dblink_exec('one', 'rollback') \g /dev/null
select is(brief(spend_one(r(:'stuck', 1))), 'ok 1 4->3', 'let go, the wallet pays');
select is(capture(:'stuck_hold', 2), 'ok 2 3->1 of 1', 'and its holds are settled');
select is(brief(spend_one(r(:'due', 5))), 'ok 5 5->0', 'and its events are settled');

---- Who has waited decides on what was committed meanwhile

-- Session one makes its call and holds its locks; session two makes the other and waits for it; session one commits.
-- Returns what session two was answered. p_also is a statement that session one makes besides.
create function meanwhile(p_first text, p_second text, p_also text default 'select') returns text language plpgsql volatile as $$
declare
    v_pid constant int := (select x.pid from dblink('two', 'select pg_backend_pid()') x(pid int));
    v_answer text;
begin
    perform dblink_exec('one', 'begin'), in_one(p_first);
    if p_also <> 'select' then
        perform dblink_exec('one', p_also);
    end if;
    perform dblink_send_query('two', format('select (%s)::text', p_second));
    while dblink_is_busy('two') = 1 and not exists (select from pg_locks l where l.pid = v_pid and not l.granted) loop
        perform pg_sleep(0.002);
    end loop;
    if dblink_is_busy('two') = 0 then
        v_answer := 'without waiting: ';
    end if;
    perform dblink_exec('one', 'commit');
    v_answer := concat(v_answer, (select x.v from dblink_get_result('two') x(v text)));
    perform from dblink_get_result('two') x(v text); -- the end of the results
    return v_answer;
end $$;

select a_seen_wallet(100) as ann \gset
select is(meanwhile(spend_one_call(:'ann', 60), spend_one_call(:'ann', 60)), 'insufficient_balance 60 of 40',
          'what somebody else has spent meanwhile is spent: singly');
select is(meanwhile(spend_call(:'ann', 30), spend_call(:'ann', 30)), 'insufficient_balance 30 of 10', 'in a batch');
select is(books(:'ann'), 'balance 10 held 0 debt 0 seq 3', 'and the books are in order');

select a_seen_wallet(100) as ann \gset
select is(meanwhile(spend_one_call(:'ann', 10, 'a'), spend_one_call(:'ann', 10, 'a')), 'replayed 10 100->90',
          'a key used by somebody else meanwhile replays: singly');
select is(meanwhile(spend_call(:'ann', 10, 'b'), spend_call(:'ann', 10, 'b')), 'replayed 10 90->80', 'in a batch');
select is(meanwhile(spend_one_call(:'ann', 10, 'c'), spend_call(:'ann', 10, 'c')), 'replayed 10 80->70',
          'by one door and the other');
select is(meanwhile(grant_call(:'ann', 10, 'a'), grant_call(:'ann', 10, 'a')), 'replayed 10 70->80', 'a grant');
select gen_random_uuid() as id, gen_random_uuid() as other_id, a_seen_wallet(100) as bob \gset
select is(meanwhile(spend_one_call(:'ann', 10, null, :'id'), spend_one_call(:'ann', 10, null, :'id')),
          'replayed 10 80->70', 'without a key, its id');
select is(meanwhile(reverse_call(:'id', 4, 'a'), reverse_call(:'id', 4, 'a')), 'replayed 4 70->74', 'a refund');
select is(meanwhile(reverse_call(:'id', 4, 'b'), reverse_call(:'id', 4, 'c')), 'reverse_exceeds_entry of 2',
          'two refunds at once are never more than the spend was');
select is(meanwhile(transfer_call(:'ann', :'bob', 8, 'a'), transfer_call(:'ann', :'bob', 8, 'a')), 'replayed 8 78->70',
          'a transfer');
select is(meanwhile(transfer_call(:'ann', :'bob', 60, 'b'), transfer_call(:'bob', :'ann', 60, 'b')), 'ok 60 168->108',
          'transfers both ways at once do not stop each other');
select is(books(:'ann') || ', ' || books(:'bob'), 'balance 70 held 0 debt 0 seq 11, balance 108 held 0 debt 0 seq 4',
          'and the books are in order');

select a_seen_wallet(100) as ann \gset
select is(meanwhile(place_call(:'ann', 80), spend_one_call(:'ann', 60)), 'insufficient_balance 60 of 20',
          'hold 80 and spend 60 of 100 at once: never both, when the hold comes first');
select a_seen_wallet(100) as bob \gset
select is(meanwhile(spend_one_call(:'bob', 60), place_call(:'bob', 80)), 'insufficient_balance 80 of 40',
          'nor when the spend does');
select is(meanwhile(spend_call(:'bob', 30), place_call(:'bob', 20)), 'insufficient_balance 20 of 10', 'nor in a batch');
select gen_random_uuid() as hold, gen_random_uuid() as other \gset
select is(meanwhile(place_call(:'bob', 4, 'a', :'hold'), place_call(:'bob', 4, 'a')), 'replayed 4',
          'two holds by one key at once are one');
select is(meanwhile(end_call(:'hold', 3), end_call(:'hold', 3)), 'replayed 3 10->7',
          'two captures at once are one');
select in_one(place_call(:'bob', 4, null, :'other')) \g /dev/null
select is(meanwhile(end_call(:'other', 0), end_call(:'other', 4)), 'hold_already_settled 0',
          'a release and a capture at once are not both');
select gen_random_uuid() as hold \gset
select in_one(place_call(:'bob', 4, null, :'hold')) \g /dev/null
select is(meanwhile(end_call(:'hold', 4), end_call(:'hold', 0)), 'hold_already_settled 4',
          'whichever comes first');
select is(books(:'ann') || ', ' || books(:'bob'), 'balance 100 held 80 debt 0 seq 1, balance 3 held 0 debt 0 seq 5',
          'and the books are in order');

select a_seen_wallet(0) as ann \gset
select in_one(grant_call(:'ann', 10, null, '1 hour')),
       dblink_exec('one', format($$ update farebox.grants set expires_at = expires_at - interval '2 hours'
                                 where wallet = %L $$, :'ann')),
       dblink_exec('one', format($$ update farebox.wallets set next_event_at = next_event_at - interval '2 hours'
                                 where id = %L $$, :'ann')) \gset
select is(meanwhile(spend_one_call(:'ann', 1), spend_one_call(:'ann', 1)), 'insufficient_balance 1 of 0',
          'two who find expired tokens at once');
select is(journal(:'ann'), 'grant 10, expire -10', 'let them expire once');

select 'two sessions ' || gen_random_uuid() as key \gset
select is(split_part(meanwhile(user_call(5, :'key'), user_call(5, :'key')), ' ', 1), 'replayed',
          'two who make a user by one key at once');
select is((select count(*) from farebox.users u where u.created_key = :'key'), 1::bigint, 'make one');
select 'two sessions ' || gen_random_uuid() as key, '8888' || floor(random() * 1e10)::bigint as phone \gset
select is(split_part(meanwhile(user_call(5, :'key', :'phone'), user_call(5, :'key', :'phone')), ' ', 1), 'replayed',
          'of one phone as well: it is the same request that has it');
select is(meanwhile(user_call(5, null, :'phone' || '1'), user_call(5, null, :'phone' || '1')), 'user_exists',
          'two requests of one phone are two');

---- Who has waited is asked again who it is

create function locks(p_wallet text) returns text language sql as $$
    select format('select count(*) from (select 1 from farebox.wallets where id = %L for no key update) x', p_wallet)
$$;
-- What a call is answered that waits for its wallet while its key is revoked.
create function revoked_meanwhile(p_wallet text, p_call text) returns text language plpgsql volatile as $$
declare
    v_name constant text := 'two sessions ' || gen_random_uuid();
    v_call constant text := replace(p_call, (select s.key from seen s)::text, a_seen_key(v_name)::text);
begin
    return meanwhile(locks(p_wallet), v_call,
                     format('update farebox.credentials set revoked_at = clock_timestamp() where name = %L', v_name));
end $$;
select a_seen_wallet(100) as ann, a_seen_wallet(100) as bob, gen_random_uuid() as spent, gen_random_uuid() as hold \gset
select in_one(spend_one_call(:'ann', 10, null, :'spent')), in_one(place_call(:'ann', 20, null, :'hold')) \g /dev/null
select is(revoked_meanwhile(:'ann', c), 'unauthorized', 'a key that is revoked while its call waits has no right any more: ' || t)
  from (values (spend_one_call(:'ann', 1), 'a spend'), (spend_call(:'ann', 1), 'a spend in a batch'),
               (place_call(:'ann', 1), 'a hold'), (end_call(:'hold', 1), 'a capture'), (start_call(:'hold', 1), 'a start'),
               (grant_call(:'ann', 1, null), 'a grant'), (reverse_call(:'spent', 1, null), 'a refund'),
               (transfer_call(:'ann', :'bob', 1, null), 'a transfer')) v(c, t);
select gen_random_uuid() as session, gen_random_uuid() as operators_session \gset
select dblink_exec('one', format('insert into auth.users (id) values (%L), (%L)', :'ann', :'bob')),
       dblink_exec('one', format('insert into auth.sessions (id, user_id) values (%L, %L), (%L, %L)', :'session', :'ann',
                                 :'operators_session', :'bob')),
       dblink_exec('one', format($$ insert into auth.refresh_tokens (id, token, user_id, session_id, revoked)
                                    select (random() * 9e15)::bigint, gen_random_uuid(), s.user_id, s.id, false from auth.sessions s where s.id in (%L, %L) $$,
                                 :'session', :'operators_session')),
       dblink_exec('one', format($$ insert into farebox.admins (user_id, granted_by) values (%L, 'tests') $$, :'bob')) \g /dev/null
select is(meanwhile(locks(:'ann'), spend_one_call(:'ann', 1, by => by_user('operator', :'operators_session', :'bob')),
                    format('delete from farebox.admins where user_id = %L', :'bob')),
          'forbidden', 'nor has an operator who is made none');
select is(meanwhile(locks(:'ann'), spend_one_call(:'ann', 1, by => by_user('user', :'session', :'ann'))), 'ok 1 90->89',
          'a user who has waited spends');
select is(meanwhile(locks(:'ann'), spend_one_call(:'ann', 1, by => by_user('user', :'session', :'ann')),
                    format('delete from auth.sessions where id = %L', :'session')),
          'unauthorized', 'but not one who has logged out meanwhile');
select is(books(:'ann') || ', ' || books(:'bob'), 'balance 89 held 20 debt 0 seq 3, balance 100 held 0 debt 0 seq 1',
          'and nothing of what was refused stays');
select dblink_exec('one', format('delete from auth.users where id in (%L, %L)', :'ann', :'bob')) \g /dev/null

---- A registration at Supabase Auth waits for nobody

select dblink_exec('one', 'begin'),
       dblink_exec('one', $$ insert into farebox.users (id, number, phone)
                             values (gen_random_uuid(), nextval('farebox.user_numbers') * 1024, '79995550001') $$),
       clock_timestamp() as asked \gset
insert into auth.users (id, phone, phone_confirmed_at) values (gen_random_uuid(), '79995550001', now())
returning id as waiting \gset
select cmp_ok(clock_timestamp() - :'asked', '<', interval '5 s',
              'a registration passes, though its phone is being given to somebody else');
select is((select count(*) from farebox.users u where u.id = :'waiting'), 0::bigint, 'with nothing of it here');
select dblink_exec('one', 'rollback') \g /dev/null
select is((select b.balance from farebox_api.balance(array[1], array['api_key'], array[proof_of(null, null, null)],
                                                     array[:'waiting']::uuid[], array[null]::bigint[], array[null]::text[]) b), 50000::bigint,
          'and the first look makes up for it');

---- Two accounts of one mailbox at once

select gen_random_uuid() as ann, gen_random_uuid() as also_ann, gen_random_uuid() as mailbox \gset
select dblink_exec('one', format($$ insert into auth.users (id, email) values (%L, '%s@example.invalid') $$, :'ann', :'mailbox')),
       dblink_exec('one', format($$ set local session_replication_role = replica;
                                    insert into auth.users (id, email, email_confirmed_at) values (%L, '%s+two@example.invalid', now()) $$,
                                 :'also_ann', :'mailbox')) \g /dev/null
select is(meanwhile('select 1', format('select farebox.provision(%L)', :'also_ann'),
                    format('update auth.users set email_confirmed_at = now() where id = %L', :'ann')),
          'true', 'who is confirmed while another account of the mailbox is, waits for that');
select is(books(:'ann') || ', ' || books(:'also_ann'), 'balance 50000 held 0 debt 0 seq 1, balance 0 held 0 debt 0 seq 0',
          'and the second is given nothing');
select dblink_exec('one', format('delete from auth.users where id in (%L, %L)', :'ann', :'also_ann')) \g /dev/null

select dblink_exec('one', format('delete from farebox.credentials where name like %L', 'two sessions %')) \g /dev/null
select dblink_disconnect('one'), dblink_disconnect('two') \g /dev/null
\else
select skip('no second session: dblink is not there, or this role may not use dblink_connect_u', :tests);
\endif

select * from finish();
rollback;
