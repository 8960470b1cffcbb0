-- Credentials: API keys made, found, rotated, revoked, expired; billing keys; the keys of an environment. What each may do is
-- tested in callers.sql, and of scopes beside each function.

begin;
\ir support.psql
select plan(85);

create function found(p_key text) returns text language sql stable as $$
    select concat_ws(' ', case when k.kind <> 'api_key' then k.kind end, k.name, k.owner, k.scopes)
      from farebox_api.find_credential(hash_of(p_key)) k
$$;
create function make(p_name text, p_key text, p_preview text default 'fb_abcdefgh', scopes text[] default '{read}',
                     expires_at timestamptz default null)
returns uuid language sql volatile as $$
    select farebox.create_api_key(p_name, hash_of(p_key), p_preview, scopes, expires_at)
$$;

---- A key

select make('tests: app', 'first', scopes => '{read,spend}') as id \gset
select is(found('first'), 'tests: app {read,spend}', 'a key is found by its hash, with its name and scopes');
select is(found('another'), null, 'an unknown one is not');
select is((select count(*) from farebox_api.find_credential(null)), 0::bigint, 'nor is none');
select is((select row(id, kind, owner, name, preview, expires_at, revoked_at)::text from farebox.credentials
           where hash = hash_of('first')),
          row(:'id', 'api_key', null, 'tests: app', 'fb_abcdefgh', 'infinity'::timestamptz, null)::text, 'it lives until it is revoked');
select is_empty($$ select 1 from farebox.credentials k
                where k.hash = convert_to('first', 'UTF8') or k::text like '%first%' $$,
           'the key itself is stored nowhere');

---- Rotation: two of one name live at once

select is((make('tests: app', 'second', 'fb_ijklmnop') is not null), true, 'a second key of the same name may be made');
select ok(found('first') is not null and found('second') is not null, 'and both are good');
select is(farebox.revoke_key('fb_abcdefgh'), 1, 'a key is revoked by its preview');
select is(found('first'), null, 'from then on it is none');
select is(found('second'), 'tests: app {read}', 'the other stays good');
select is(farebox.revoke_key('fb_abcdefgh'), 0, 'a revoked key is not revoked again');
select is(farebox.revoke_key('tests: nobody'), 0, 'nor one that is not there');
select make('tests: app', 'third', 'fb_qrstuvwx'), make('tests: other', 'other', 'fb_yzyzyzyz') \g /dev/null
select is(farebox.revoke_key('tests: app'), 2, 'all live keys of a name are revoked by it');
select is(found('second'), null, 'one');
select is(found('third'), null, 'and all');
select is(found('other'), 'tests: other {read}', 'keys of other names stay good');
select is((select count(*) from farebox.credentials where name = 'tests: app' and revoked_at <= clock_timestamp()),
          3::bigint, 'a revoked key is kept, with the time');
select is(farebox.revoke_key('other'), 0, 'a key is never revoked by the key');

---- Expiry

select make('tests: short', 'gone', expires_at => clock_timestamp() - interval '1 s'),
       make('tests: short', 'good', expires_at => clock_timestamp() + interval '1 hour') \g /dev/null
select is(found('gone'), null, 'an expired key is none');
select is(found('good'), 'tests: short {read}', 'one that has not expired is good');

---- A key that is revoked or expires moves nothing from then on

select a_wallet(10) as ann \gset
select make('tests: mover', 'mover', scopes => '{read,spend,hold,grant,users}') \g /dev/null
select is(brief(spend_one(r(:'ann', 1, api_key => hash_of('mover')))), 'ok 1 10->9', 'a good key spends');
select is(brief(gift(:'ann', 1, api_key => hash_of('mover'))), 'ok 1 9->10', 'and grants');
savepoint revoked;
select farebox.revoke_key('tests: mover') \g /dev/null
select is(brief(spend_one(r(:'ann', 1, api_key => hash_of('mover')))), 'unauthorized', 'a revoked one does not spend');
select is(brief(gift(:'ann', 1, api_key => hash_of('mover'))), 'unauthorized', 'nor grant');
rollback to revoked;
update farebox.credentials set expires_at = clock_timestamp() where hash = hash_of('mover');
select is(brief(spend_one(r(:'ann', 1, api_key => hash_of('mover')))), 'unauthorized', 'an expired one does not spend');
select is(brief(gift(:'ann', 1, api_key => hash_of('mover'))), 'unauthorized', 'nor grant');
select is(books(:'ann'), 'balance 10 held 0 debt 0 seq 3', 'and the books are in order');

---- What a key must be

select throws_ok($$ select farebox.create_api_key('tests', '\x00', 'fb_tests', '{read}') $$, '23514', null,
                 'a hash is one of SHA-256');
select throws_ok($$ select make('tests', 'other') $$, '23505', null, 'no two keys are the same');
select throws_ok($$ select make('tests', 'x', scopes => '{read,everything}') $$, '22P02', null, 'no scope is made up');
select throws_ok($$ select make('tests', 'x', scopes => '{}') $$, '23514', null, 'a key without a scope is none');
select throws_ok($$ select make('', 'x') $$, '23514', null, 'nor is one without a name');
select throws_ok($$ select make('tests', 'x', 'fb_') $$, '23514', null, 'a preview tells keys apart');
select throws_ok($$ select make('tests', 'x', 'fb_abcdefghijklmnop') $$, '23514', null, 'and does not give them away');
select throws_ok($$ select make(null, 'x') $$, '23514', null, 'an API key has a name');
select throws_ok($$ insert into farebox.credentials (kind, hash, name, scopes, preview, owner)
                    values ('api_key', hash_of('x'), 'tests', '{read}', 'fb_tests', gen_random_uuid()) $$, '23514', null,
                 'and is nobody''s');
select throws_ok($$ insert into farebox.credentials (kind, hash, preview) values ('password', hash_of('x'), 'secret') $$, '23514',
                 null, 'a credential is of a known kind');

---- A billing key

select gen_random_uuid() as user_id \gset
create function a_billing_key(p_key text, p_user uuid, p_preview text default 'sk-fb-tests', revoked timestamptz default null)
returns text language sql volatile as $$
    insert into farebox.credentials (kind, hash, owner, preview, revoked_at)
    values ('billing_key', hash_of(p_key), p_user, p_preview, revoked) returning kind
$$;
select is(a_billing_key('billing', :'user_id'), 'billing_key', 'a user may have a billing key');
select is(found('billing'), 'billing_key ' || :'user_id' || ' {}', 'it is found as what it is, with whose it is, without a scope');
select throws_ok(format('select a_billing_key(%L, %L)', 'other billing', :'user_id'), '23505', null, 'a user has one live billing key');
select is(farebox.revoke_key('sk-fb-tests'), 1, 'it is revoked by its preview');
select is(found('billing'), null, 'and is one no longer');
select is(a_billing_key('other billing', :'user_id'), 'billing_key', 'then there may be another');
select is(a_billing_key('old billing', :'user_id', revoked => now()), 'billing_key', 'beside any number of revoked ones');
select throws_ok($$ select a_billing_key('x', null) $$, '23514', null, 'a billing key is somebody''s');
select throws_ok(format($$ insert into farebox.credentials (kind, hash, owner, preview, scopes)
                           values ('billing_key', hash_of('x'), %L, 'sk-fb-x', '{spend}') $$, :'user_id'), '23514', null,
                 'and has no scopes');
select throws_ok(format('select a_billing_key(%L, %L)', 'other', gen_random_uuid()), '23505', null,
                 'one secret is one credential, whatever its kind');
select make('tests: mine', 'mine', scopes => '{spend,hold}') \g /dev/null
select is(brief(spend_one(r(:'ann', 1, who => k, api_key => hash_of('mine')))), 'unauthorized',
          'an API key called a ' || k || ' proves nothing')
  from unnest(array['billing_key', 'device', 'admin_session', 'provider']) k;
select is(brief(spend_one(r(:'ann', 1, api_key => hash_of('other billing')))), 'unauthorized', 'nor does a billing key called an API key');
select is(brief_many(r(:'ann', 1, api_key => hash_of('other billing')), r(:'ann', 1, who => 'billing_key', api_key => hash_of('mine')),
                     r(:'ann', 1, api_key => hash_of('mine'))),
          array['unauthorized', 'unauthorized', 'ok 1 10->9'], 'in a batch as well');

---- Keys of an environment

-- Registers NAME=secret and says what became of each.
create function register(variadic p_pairs text[]) returns text[] language sql volatile as $$
    select array(select farebox.register_environment_keys(
                            array(select split_part(p, '=', 1) from unnest(p_pairs) with ordinality x(p, n) order by n),
                            array(select hash_of(split_part(p, '=', 2)) from unnest(p_pairs) with ordinality x(p, n) order by n)))
$$;
select is(register('TESTS_A=a'), array['TESTS_A registered'], 'a key of the environment is registered');
select is(found('a'), 'TESTS_A {read,spend,hold,grant,users}', 'with every scope but to act as a user');
select is(k.scopes, array_remove(enum_range(null::farebox.scope), 'act_as'), 'whatever scopes there are')
  from farebox.credentials k where k.hash = hash_of('a');
select is((select row(kind, preview, expires_at)::text from farebox.credentials where hash = hash_of('a')),
          row('api_key', '(environment)', 'infinity'::timestamptz)::text, 'it is told from keys that scripts/key made');
select is(register('TESTS_A=a'), array['TESTS_A is registered'], 'registered again it stays what it is');
select is(register('TESTS_A=a', 'TESTS_B=a'), array['TESTS_A is registered', 'TESTS_B registered, the same key as TESTS_A'],
          'equal values are one key, under both names');
select is((select count(*) from farebox.credentials where name like 'TESTS%'), 1::bigint, 'and one row');
select is(register('TESTS_A=a2', 'TESTS_C=c'), array['TESTS_A registered', 'TESTS_C registered'],
          'another value under a name is registered');
select is(found('a'), 'TESTS_B {read,spend,hold,grant,users}', 'and the one before it stays that of the other name');
select register('TESTS_B=b') \g /dev/null
select is(found('a'), null, 'until that has another value too');
select is(register('TESTS_D=d'), array['TESTS_D registered'], 'names that are not given');
select is(found('c'), 'TESTS_C {read,spend,hold,grant,users}', 'keep their keys');
select is(register('TESTS_E=e', 'TESTS_F=e'), array['TESTS_E registered', 'TESTS_F registered, the same key as TESTS_E'], 'two of one value');
select is(register('TESTS_E=e2', 'TESTS_F=e'), array['TESTS_E registered', 'TESTS_F is registered'], 'of which the first gets another');
select is(found('e') || ', ' || found('e2'), 'TESTS_F {read,spend,hold,grant,users}, TESTS_E {read,spend,hold,grant,users}',
          'are two keys then, each under its name');
select is(register('TESTS_F=e2', 'TESTS_E=e'), array['TESTS_F registered, the same key as TESTS_E', 'TESTS_E registered'],
          'two that change places');
select is(found('e2') || ', ' || found('e'), 'TESTS_F {read,spend,hold,grant,users}, TESTS_E {read,spend,hold,grant,users}',
          'change names');
select is(brief(spend_one(r(:'ann', 1, api_key => hash_of('e')))), 'ok 1 9->8', 'such a key spends');
select farebox.revoke_key('TESTS_E') \g /dev/null
select is(brief(spend_one(r(:'ann', 1, api_key => hash_of('e')))), 'unauthorized', 'and revoked, it does not');
select register('TESTS_J=j', 'TESTS_K=j') \g /dev/null
select farebox.revoke_key('TESTS_K') \g /dev/null
select is(found('j'), null, 'a key of two names ends by either');
select throws_ok($$ select register('TESTS_E=e') $$, '23505', 'the value of TESTS_E was revoked: give it another one',
                 'a revoked secret is not registered again');
select throws_ok($$ select register('TESTS_G=e') $$, '23505', 'the value of TESTS_G was revoked: give it another one',
                 'nor under another name');
select is(register('TESTS_E=e3'), array['TESTS_E registered'], 'its name gets another one');
select is((select revoked_at is not null from farebox.credentials where hash = hash_of('e')), true, 'and it stays revoked');
select throws_ok($$ select register('TESTS_G=mine') $$, '23505', 'the value of TESTS_G is the key tests: mine already: give it another one',
                 'a secret that is another API key is refused');
select throws_ok($$ select register('TESTS_G=other billing') $$, '23505',
                 'the value of TESTS_G is the key sk-fb-tests already: give it another one', 'so is one that is a billing key');
select is(found('mine'), 'tests: mine {spend,hold}', 'and that one stays what it was');
select make('TESTS_H', 'h') \g /dev/null
select register('TESTS_H=h2') \g /dev/null
select is(found('h'), 'TESTS_H {read}', 'a key of the same name that scripts/key made is not replaced');
select throws_ok($$ select farebox.register_environment_keys(array['TESTS_I'], '{}') $$, '22023', null, 'each name needs a hash');
select throws_ok($$ select farebox.register_environment_keys(array[null], array[hash_of('i')]) $$, '22023', null, 'and each hash a name');
select throws_ok($$ select farebox.register_environment_keys(array['TESTS_I'], array[null]::bytea[]) $$, '22023', null, 'that is known');
select is(register(variadic '{}'), '{}', 'none are none');

select * from finish();
rollback;
