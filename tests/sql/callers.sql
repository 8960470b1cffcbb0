-- Who calls is proved in the database, of every function that moves tokens or shows somebody's data: nobody is no caller, a
-- credential that is none, ended or of another kind is unauthorized, one that is too small is forbidden, and nobody finds
-- what belongs to another. Asked of every function in the catalogue: one without a row here fails.
--
-- Scopes and sessions in all their states are in spend_rules.psql, in the order of the checks; two_sessions.sql revokes
-- a credential while its call waits.

begin;
\ir support.psql
\ir open_functions.psql
select plan(68);

---- Every function, how it is called and whom it admits

-- %caller and %proof: who calls. %wallet, %hold, %entry: one person's. scope: what an API key needs, null when none may.
-- admits: user, device, billing_key (on what is theirs), operator (operators and their sessions), provider.
-- absent: the answer about what is not there or another's; null where the call is about nobody yet.
create temp table functions (name text primary key, scope farebox.scope, admits text[], absent text, call text);
insert into functions values
    ('spend_one', 'spend', '{user,device,operator}', 'user_not_found',
     $$ select s.status from farebox_api.spend_one(%caller, %proof, gen_random_uuid(), %wallet, null, 1, null, null, null, null,
                                                   null, clock_timestamp() + interval '10 s') s $$),
    ('spend', 'spend', '{user,device,operator}', 'user_not_found',
     $$ select s.status from farebox_api.spend(array[1], array[%caller], array[%proof], array[gen_random_uuid()],
                                               array[%wallet], array[null::bigint], array[1::bigint], array[null::text],
                                               array[null::text], array[null::bytea], array[null::text], array[null::json],
                                               clock_timestamp() + interval '10 s') s $$),
    ('place_holds', 'hold', '{}', 'user_not_found',
     $$ select h.status from farebox_api.place_holds(array[1], array[%caller], array[%proof], array[gen_random_uuid()],
                                                     array[%wallet], array[null::bigint], array[1::bigint],
                                                     array[3600000::bigint], array['release'], array[null::bigint],
                                                     array[false], array[null::text], array[null::bytea],
                                                     array[null::text], array[null::json],
                                                     clock_timestamp() + interval '10 s') h $$),
    ('end_holds', 'hold', '{}', 'hold_not_found',
     $$ select h.status from farebox_api.end_holds(array[1], array[%caller], array[%proof], array[gen_random_uuid()],
                                                   array[%hold], array[1::bigint], array[false], array[null::text],
                                                   array[null::json], clock_timestamp() + interval '10 s') h $$),
    ('mark_started', 'hold', '{}', 'hold_not_found',
     $$ select h.status from farebox_api.mark_started(%caller, %proof, %hold, 1, clock_timestamp() + interval '10 s') h $$),
    ('balance', 'read', '{user,device,billing_key,operator}', 'user_not_found',
     $$ select b.status from farebox_api.balance(array[1], array[%caller], array[%proof], array[%wallet],
                                                 array[null::bigint], array[null::text]) b $$),
    ('entries', 'read', '{user,device,billing_key,operator}', 'user_not_found',
     $$ select distinct e.status from farebox_api.entries(%caller, %proof, %wallet, null, 10, null) e $$),
    ('grant', 'grant', '{operator}', 'user_not_found',
     $$ select g.status from farebox_api."grant"(%caller, %proof, gen_random_uuid(), %wallet, null, 1, 'paid', null, null, null,
                                                 null, null, null, clock_timestamp() + interval '10 s') g $$),
    ('reverse', 'grant', '{operator}', 'entry_not_found',
     $$ select r.status from farebox_api.reverse(%caller, %proof, gen_random_uuid(), %entry, 1, null, null, null,
                                                 clock_timestamp() + interval '10 s') r $$),
    ('transfer', 'grant', '{operator}', 'user_not_found',
     $$ select t.status from farebox_api.transfer(%caller, %proof, gen_random_uuid(), %wallet, %other, 1, null, null, null, null,
                                                  clock_timestamp() + interval '10 s') t $$),
    ('create_user', 'users', '{}', null,
     $$ select u.status from farebox_api.create_user(%caller, %proof, gen_random_uuid(), null, null, null, 0,
                                                     gen_random_uuid(), null, null, clock_timestamp() + interval '10 s') u $$),
    ('account', null, '{user}', 'user_not_found', 'select a.status from farebox_api.account(%caller, %proof, %wallet) a'),
    ('rename_account', null, '{user}', 'user_not_found',
     $$ select farebox_api.rename_account(%caller, %proof, %wallet, 'Another name') $$),
    ('export_account', null, '{user}', 'user_not_found',
     'select x.status from farebox_api.export_account(%caller, %proof, %wallet) x'),
    ('erase_account', null, '{user}', 'user_not_found', 'select farebox_api.erase_account(%caller, %proof, %wallet)');

create temp table catalogue as
select p.proname::text as name, p.proargnames[1:3] as arguments, array(select format_type(t, null) from unnest(p.proargtypes[0:2]) t) as types
  from pg_proc p where p.pronamespace = 'farebox_api'::regnamespace;
select is_empty('select name from catalogue except (select name from functions union all select name from open_functions)',
                'every function has a row that says whom it admits, or the reason why it asks nobody');
select is_empty('(select name from functions union all select name from open_functions) except select name from catalogue',
                'and every row a function');
select is_empty('select name from functions intersect select name from open_functions', 'in one of the two lists');
select is_empty('select name from catalogue group by name having count(*) > 1', 'under one name there is one function');
select is_empty($$ select name, arguments, types from catalogue join functions using (name)
                    where not (arguments[1:2] = '{p_caller,p_proof}' and types[1:2] = '{text,bytea}'
                               or arguments = '{p_n,p_caller,p_proof}' and types = '{integer[],text[],bytea[]}') $$,
                'who calls comes first, whatever is asked');

---- People, and what proves them

select a_wallet(1000) as ann, a_wallet(1000) as bob, a_wallet(1000) as oz, gen_random_uuid() as nobody \gset
select a_session(:'ann') as ann_session, a_session(:'bob') as bob_session, a_session(:'oz') as oz_session,
       a_session(:'nobody') as stranger_session, a_session(:'ann') as stolen_session \gset
update auth.refresh_tokens set revoked = true where session_id = :'stolen_session'; -- as Supabase Auth does when one was stolen
insert into farebox.admins (user_id, granted_by) values (:'oz', 'tests');
select held(:'ann', 100) as hold \gset
select * from spend_one(r(:'ann', 100)) \gset spent_

-- The hash of a new credential.
create function a_credential(p_kind text, p_owner uuid default null, p_expires_at timestamptz default 'infinity',
                             p_revoked_at timestamptz default null)
returns bytea language sql volatile as $$
    insert into farebox.credentials (kind, hash, owner, name, scopes, preview, expires_at, revoked_at)
    values (p_kind, sha256(uuid_send(gen_random_uuid())),
            case when p_kind in ('device', 'billing_key', 'admin_session') then coalesce(p_owner, gen_random_uuid()) end,
            case when p_kind = 'api_key' then 'tests' end,
            case when p_kind = 'api_key' then enum_range(null::farebox.scope) else '{}' end, 'fb_tests', p_expires_at, p_revoked_at)
    returning hash
$$;

create temp table kinds (kind text, by_session boolean);
insert into kinds values ('api_key', false), ('user', true), ('operator', true), ('admin_session', false), ('device', false),
                         ('billing_key', false), ('provider', false);
-- A hash may be of one more kind, which opens nothing here.
select bag_eq($$ select kind from kinds where not by_session union all values ('enrolment_key') $$,
              $$ select (regexp_matches(pg_get_constraintdef(c.oid), '[a-z_]+(?=''::text)', 'g'))[1]
                   from pg_constraint c where c.conname = 'credentials_kind_check' $$,
              'every kind of credential is asked about');

-- Cases: who calls, and what every function answers: the status, or FB000. Null: it depends on the function.
create temp table cases (n serial, title text, caller text, proof bytea, answer text, whose text default 'ann');
insert into cases (title, caller, proof, answer) values
    ('nobody', null, null, 'FB000'),
    ('nobody with a proof', null, hash_of('tests: every scope'), 'FB000'),
    ('somebody of no known kind', 'somebody', hash_of('tests: every scope'), 'FB000'),
    ('a kind in other letters', 'API_KEY', hash_of('tests: every scope'), 'FB000'),
    ('a credential that opens nothing here', 'enrolment_key', a_credential('enrolment_key'), 'FB000');
insert into cases (title, caller, proof, answer)
select 'a proof that is missing', kind, null, 'FB000' from kinds
union all
select 'a proof of another length', kind, substring(hash_of('tests: every scope') || '\x00' from 1 for l), 'FB000'
  from kinds, unnest(array[0, 16, 31, 33]) l
union all
select 'a stranger', kind, hash_of('tests: a stranger'), 'unauthorized' from kinds
union all
select 'a credential that has expired', kind, a_credential(kind, :'oz', clock_timestamp()), 'unauthorized' from kinds where not by_session
union all
select 'a credential that was revoked', kind, a_credential(kind, :'bob', p_revoked_at => now()), 'unauthorized'
  from kinds where not by_session
union all
select 'a credential of another kind', kind, hash_of('tests: every scope'), 'unauthorized' from kinds where kind <> 'api_key'
union all
select 'a credential of another kind', 'api_key', a_credential(kind, :'bob'), 'unauthorized'
  from kinds where not by_session and kind not in ('api_key', 'billing_key')
union all
select 'a session that is another''s', kind, uuid_send(:'bob_session') || uuid_send(:'ann'), 'unauthorized' from kinds where by_session
union all
select 'a session whose refresh tokens are all revoked', kind, uuid_send(:'stolen_session') || uuid_send(:'ann'), 'unauthorized'
  from kinds where by_session
union all
select 'a session without its user', kind, uuid_send(:'ann_session') || uuid_send('00000000-0000-0000-0000-000000000000'), 'unauthorized'
  from kinds where by_session;
update auth.sessions set not_after = now() - interval '1 s' where id = :'stranger_session';
insert into cases (title, caller, proof, answer)
select 'a session that has expired', kind, uuid_send(:'stranger_session') || uuid_send(:'nobody'), 'unauthorized' from kinds where by_session;
-- What a caller may depends on the function; so the answer is worked out below.
insert into cases (title, caller, proof) values
    ('an API key with every scope', 'api_key', hash_of('tests: every scope')),
    ('the owner', 'user', uuid_send(:'ann_session') || uuid_send(:'ann')),
    ('the owner''s device', 'device', a_credential('device', :'ann')),
    ('the owner''s billing key', 'billing_key', a_credential('billing_key', :'ann')),
    ('another user', 'user', uuid_send(:'bob_session') || uuid_send(:'bob')),
    ('another''s device', 'device', a_credential('device', :'bob')),
    ('another''s billing key', 'billing_key', a_credential('billing_key', :'bob')),
    ('an operator as a user', 'user', uuid_send(:'oz_session') || uuid_send(:'oz')),
    ('an operator', 'operator', uuid_send(:'oz_session') || uuid_send(:'oz')),
    ('an operator''s session of the admin pages', 'admin_session', a_credential('admin_session', :'oz')),
    ('such a session of who is none any more', 'admin_session', a_credential('admin_session', :'bob')),
    ('a user who is no operator, as one', 'operator', uuid_send(:'ann_session') || uuid_send(:'ann')),
    ('a provider', 'provider', a_credential('provider'));
insert into cases (title, caller, proof, whose)
select title, caller, proof, 'nobody' from cases
 where title in ('an API key with every scope', 'the owner', 'an operator', 'an operator''s session of the admin pages');
-- Of each function, an API key with every scope but the one that it needs.
create temp table weak_keys as
select f.name, a_key('tests: not ' || coalesce(f.scope::text, '-') || ' for ' || f.name,
                     array_remove(enum_range(null::farebox.scope), f.scope)::text[]) as proof
  from functions f;

-- What a function should answer: the status, or `served` for anything that is not about who calls.
create function expected(f functions, c cases) returns text language sql stable as $$
    select case
               when c.answer is not null then c.answer
               when c.title = 'an API key with every scope' then
                   case when f.scope is null then 'forbidden' when c.whose = 'nobody' then coalesce(f.absent, 'served') else 'served' end
               when c.title like 'the owner%' then
                   case when not c.caller = any (f.admits) then 'forbidden' when c.whose = 'nobody' then f.absent else 'served' end
               when c.title like 'another%' or c.title = 'an operator as a user' then
                   case when not c.caller = any (f.admits) then 'forbidden' else f.absent end
               when c.title like 'an operator%' then
                   case when not 'operator' = any (f.admits) then 'forbidden' when c.whose = 'nobody' then f.absent else 'served' end
               when c.title = 'a provider' and 'provider' = any (f.admits) then 'served'
               else 'forbidden'
           end
$$;

-- What it does answer. What was served is undone, so that the next is asked the same; what was refused leaves what it leaves.
create function answered(p_call text, p_caller text, p_proof bytea, p_wallet uuid, p_hold uuid, p_entry uuid, p_other uuid)
returns text language plpgsql volatile as $$
declare
    v_call text := p_call;
    v_status text;
begin
    v_call := replace(v_call, '%caller', quote_nullable(p_caller) || '::text');
    v_call := replace(v_call, '%proof', quote_nullable(p_proof) || '::bytea');
    v_call := replace(v_call, '%wallet', quote_literal(p_wallet) || '::uuid');
    v_call := replace(v_call, '%hold', quote_literal(p_hold) || '::uuid');
    v_call := replace(v_call, '%entry', quote_literal(p_entry) || '::uuid');
    v_call := replace(v_call, '%other', quote_literal(p_other) || '::uuid');
    execute v_call into v_status;
    if v_status is null or v_status not in ('unauthorized', 'forbidden', 'user_not_found', 'hold_not_found', 'entry_not_found') then
        raise exception using errcode = 'FBT00', message = v_status;
    end if;
    return v_status;
exception
    when sqlstate 'FBT00' then return case when sqlerrm in ('ok', 'replayed') then 'served' else sqlerrm end;
    when sqlstate 'FB000' then return 'FB000';
end $$;

-- Everything that could have been moved or made.
create function state(variadic p_wallets uuid[]) returns text language sql stable as $$
    select string_agg(format('%s %s %s', books(w.id), w.burned, w.next_event_at), '; ' order by w.id)
           || (select string_agg(h::text, '; ' order by h.id) from farebox.holds h where h.wallet = any (p_wallets))
           || (select string_agg(u::text, '; ' order by u.id) from farebox.users u where u.id = any (p_wallets))
           || (select count(*) from farebox.users u where u.xmin = pg_current_xact_id()::xid)
      from farebox.wallets w where w.id = any (p_wallets)
$$;

create function asked_all(p_ann uuid, p_hold uuid, p_entry uuid, p_bob uuid) returns void language plpgsql volatile as $$
begin
    insert into answers
    select f.name, c.n, c.title, c.whose, c.caller,
           answered(f.call, c.caller, c.proof, case when c.whose = 'ann' then p_ann else gen_random_uuid() end,
                    case when c.whose = 'ann' then p_hold else gen_random_uuid() end,
                    case when c.whose = 'ann' then p_entry else gen_random_uuid() end, p_bob),
           expected(f, c)
      from functions f cross join cases c;
    insert into answers
    select f.name, 0, 'a weak key', 'ann', 'api_key', answered(f.call, 'api_key', w.proof, p_ann, p_hold, p_entry, p_bob), 'forbidden'
      from functions f join weak_keys w using (name);
end $$;
create temp table answers (name text, n int, title text, whose text, caller text, answer text, expected text);

---- The answers

select state(:'ann', :'bob', :'oz') as before \gset
select asked_all(:'ann', :'hold', :'spent_entry', :'bob') \g /dev/null
select is(state(:'ann', :'bob', :'oz'), :'before', 'nothing of a call that was refused stays');
select is((select count(*) from answers), (select (select count(*) from functions) * (1 + (select count(*) from cases))),
          'every function was asked by everybody');

create function wrong(p_title text, p_whose text) returns text language sql as $$
    select format($f$ select a.name, a.caller, a.answer, a.expected from answers a
                       where a.title = %L and a.whose = %L and a.answer is distinct from a.expected $f$, p_title, p_whose)
$$;
select is_empty(wrong(title, 'ann'), title || ' is no caller: the call is malformed')
  from cases where answer = 'FB000' group by title order by min(n);
select is_empty(wrong(title, 'ann'), title || ' is unauthorized, whatever is called')
  from cases where answer = 'unauthorized' group by title order by min(n);
select is_empty(wrong('a weak key', 'ann'), 'an API key with every scope but the one that a function needs is forbidden');
select is_empty(wrong(title, 'ann'), title || ': what each function admits, and nothing else')
  from cases where answer is null and whose = 'ann' group by title order by min(n);
select is_empty(wrong(title, 'nobody'), title || ' finds nobody where there is nobody')
  from cases where answer is null and whose = 'nobody' group by title order by min(n);

select bag_eq($$ select distinct title from answers where answer = 'served' $$,
              $$ values ('an API key with every scope'), ('the owner'), ('the owner''s device'), ('the owner''s billing key'),
                        ('an operator'), ('an operator''s session of the admin pages') $$,
              'these and nobody else are ever served');
select is_empty($$ select name from functions except select name from answers where answer = 'served' $$,
                'and every function serves somebody');

---- One wallet, and everybody who may want to spend from it

create function spends(p_who text, p_proof bytea, p_wallet uuid) returns text language sql volatile as $$
    select brief(spend_one(q)) || ', ' || brief(spend_array(q2))
      from (select row(gen_random_uuid(), p_wallet, null, 1, null, null, null, null, null, p_who, p_proof)::request,
                   row(gen_random_uuid(), p_wallet, null, 2, null, null, null, null, null, p_who, p_proof)::request) x(q, q2)
$$;
select a_wallet(100) as cat \gset
select a_session(:'cat') as cat_session \gset
select is(spends('user', uuid_send(:'cat_session') || uuid_send(:'cat'), :'cat'), 'ok 1 100->99, ok 2 99->97', 'the owner spends');
select is(spends('device', a_credential('device', :'cat'), :'cat'), 'ok 1 97->96, ok 2 96->94', 'the device of the wallet');
select is(spends('billing_key', a_credential('billing_key', :'cat'), :'cat'), 'forbidden, forbidden',
          'the owner''s billing key is for model calls: it spends nothing here');
select is(spends('operator', uuid_send(:'oz_session') || uuid_send(:'oz'), :'cat'), 'ok 1 94->93, ok 2 93->91', 'an operator');
select a_credential('admin_session', :'oz') as oz_page \gset
select is(spends('admin_session', :'oz_page', :'cat'), 'ok 1 91->90, ok 2 90->88', 'and an operator on the admin pages');
select is(spends('user', uuid_send(:'oz_session') || uuid_send(:'oz'), :'cat'), 'user_not_found, user_not_found',
          'an operator who calls as a user spends nobody else''s tokens');
select is(spends('operator', uuid_send(:'cat_session') || uuid_send(:'cat'), :'cat'), 'forbidden, forbidden',
          'nor does the owner call as an operator');
select is(spends('device', a_credential('device'), :'cat'), 'user_not_found, user_not_found', 'or a device of another wallet');
select is(spends('billing_key', a_credential('billing_key'), :'cat'), 'forbidden, forbidden', 'or another''s billing key');
select is(spends('provider', a_credential('provider'), :'cat'), 'forbidden, forbidden', 'a provider spends nothing');
select is(books(:'cat'), 'balance 88 held 0 debt 0 seq 9', 'and only what was allowed was taken');
select farebox.remove_admin(:'oz') \g /dev/null
select is(spends('operator', uuid_send(:'oz_session') || uuid_send(:'oz'), :'cat'), 'forbidden, forbidden',
          'who is an operator no longer is none from the next call on');
select is(spends('admin_session', :'oz_page', :'cat'), 'unauthorized, unauthorized', 'and the session of the admin pages has ended');

-- Each request of a batch is its own caller's.
select is(brief_many(r(:'cat', 1, session => :'cat_session', caller => :'cat'), r(:'bob', 1, session => :'cat_session', caller => :'cat'),
                     r(:'cat', 1), r(:'cat', 1, who => 'device', api_key => a_credential('device', :'cat')),
                     r(:'cat', 1, api_key => hash_of('tests: a stranger')), r(:'bob', 1, session => :'bob_session', caller => :'bob')),
          array['ok 1 88->87', 'user_not_found', 'ok 1 87->86', 'ok 1 86->85', 'unauthorized', 'ok 1 1000->999'],
          'in one call everybody is answered for themselves');
select throws_ok(format('select spend_many(array[r(%L, 1), r(%1$L, 1, who => %L)])', :'cat', 'somebody'), 'FB000', null,
                 'one that is nobody''s spoils the call');
select is(books(:'cat'), 'balance 85 held 0 debt 0 seq 12', 'and nothing of it stays');
select is(brief_many(r(:'cat', 1, api_key => k), r(:'cat', 1, api_key => k), r(gen_random_uuid(), 1, api_key => k)), wanted,
          'requests that all come by one key: ' || wanted[1])
  from (values (hash_of('tests: every scope'), array['ok 1 85->84', 'ok 1 84->83', 'user_not_found']),
               (hash_of('tests: a stranger'), array['unauthorized', 'unauthorized', 'unauthorized']),
               ((select proof from weak_keys where name = 'spend'), array['forbidden', 'forbidden', 'forbidden'])) v(k, wanted);
select throws_ok($$ select farebox.caller_refusals(null, null, 'spend', '{user}', null, 'user_not_found', now()) $$, 'FB000', null,
                 'arrays that are missing are nobody''s');
select throws_ok(format('select farebox.caller_refusal(''device'', %L, ''spend'', %L, %L, %L, now())', a_credential('device', :'cat'),
                        admits, :'cat', absent), 'FB000', null, 'a function that does not say whom it admits, or what it answers, admits nobody')
  from (values (null, 'user_not_found'), ('{device}', null)) v(admits, absent);
select is(farebox.caller_refusal('device', a_credential('device', :'cat'), 'spend', array[null], :'cat', 'user_not_found', now()),
          'forbidden', 'nor does one that says it of nobody');

---- Who calls is proved for the wallet that is moved

-- The same elements, but from 0 on: unnest pairs such an array by place, a subscript by number.
create function from_zero(p_array anyarray) returns anyarray language plpgsql as $$
declare
    v_array p_array%type := '{}';
begin
    v_array[0] := p_array[1];
    return v_array;
end $$;
select is_empty($$ select f.name, x.n
                     from functions f
                    cross join lateral generate_series(0, (select count(*)::int from regexp_matches(f.call, 'array\[', 'g'))) x(n)
                    where f.call ~ 'array\[1\]'
                      and answered(regexp_replace(f.call, '(array\[[^]]*\])', 'from_zero(\1)', 1, x.n), 'api_key',
                                   hash_of('tests: every scope'), $$ || quote_literal(:'ann') || ', ' || quote_literal(:'hold')
                          || $$, gen_random_uuid(), gen_random_uuid()) is distinct from 'FB000' $$,
                'a batch whose arrays do not all begin at 1 is no call');
select is((select count(*) from functions f where f.call ~ 'array\[1\]'), 4::bigint, 'which every batch was asked');

select * from finish();
rollback;
