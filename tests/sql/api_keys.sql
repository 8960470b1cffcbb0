-- API keys: made, found, rotated, revoked, expired. What each scope may do is tested beside each function.

begin;
\ir support.psql
select plan(34);

create function found(p_key text) returns text language sql stable as $$
    select k.name || ' ' || k.scopes::text from farebox_api.api_key(hash_of(p_key)) k
$$;
create function make(p_name text, p_key text, p_prefix text default 'fb_abcdefgh', scopes text[] default '{read}',
                     expires_at timestamptz default null)
returns uuid language sql volatile as $$
    select farebox.create_api_key(p_name, hash_of(p_key), p_prefix, scopes, expires_at)
$$;

---- A key

select make('tests: app', 'first', scopes => '{read,spend}') as id \gset
select is(found('first'), 'tests: app {read,spend}', 'a key is found by its hash, with its name and scopes');
select is(found('another'), null, 'an unknown one is not');
select is((select count(*) from farebox_api.api_key(null)), 0::bigint, 'nor is none');
select is((select row(id, name, prefix, expires_at, revoked_at)::text from farebox.api_keys
           where hash = hash_of('first')),
          row(:'id', 'tests: app', 'fb_abcdefgh', 'infinity'::timestamptz, null)::text, 'it lives until it is revoked');
select is_empty($$ select 1 from farebox.api_keys k
                where k.hash = convert_to('first', 'UTF8') or k::text like '%first%' $$,
           'the key itself is stored nowhere');

---- Rotation: two of one name live at once

select is((make('tests: app', 'second', 'fb_ijklmnop') is not null), true, 'a second key of the same name may be made');
select ok(found('first') is not null and found('second') is not null, 'and both are good');
select is(farebox.revoke_api_key('fb_abcdefgh'), 1, 'a key is revoked by its prefix');
select is(found('first'), null, 'from then on it is none');
select is(found('second'), 'tests: app {read}', 'the other stays good');
select is(farebox.revoke_api_key('fb_abcdefgh'), 0, 'a revoked key is not revoked again');
select is(farebox.revoke_api_key('tests: nobody'), 0, 'nor one that is not there');
select make('tests: app', 'third', 'fb_qrstuvwx'), make('tests: other', 'other', 'fb_yzyzyzyz') \g /dev/null
select is(farebox.revoke_api_key('tests: app'), 2, 'all live keys of a name are revoked by it');
select is(found('second'), null, 'one');
select is(found('third'), null, 'and all');
select is(found('other'), 'tests: other {read}', 'keys of other names stay good');
select is((select count(*) from farebox.api_keys where name = 'tests: app' and revoked_at <= clock_timestamp()),
          3::bigint, 'a revoked key is kept, with the time');
select is(farebox.revoke_api_key('other'), 0, 'a key is never revoked by the key');

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
select farebox.revoke_api_key('tests: mover') \g /dev/null
select is(brief(spend_one(r(:'ann', 1, api_key => hash_of('mover')))), 'unauthorized', 'a revoked one does not spend');
select is(brief(gift(:'ann', 1, api_key => hash_of('mover'))), 'unauthorized', 'nor grant');
rollback to revoked;
update farebox.api_keys set expires_at = clock_timestamp() where hash = hash_of('mover');
select is(brief(spend_one(r(:'ann', 1, api_key => hash_of('mover')))), 'unauthorized', 'an expired one does not spend');
select is(brief(gift(:'ann', 1, api_key => hash_of('mover'))), 'unauthorized', 'nor grant');
select is(books(:'ann'), 'balance 10 held 0 debt 0 seq 3', 'and the books are in order');

---- What a key must be

select throws_ok($$ select farebox.create_api_key('tests', '\x00', 'fb_tests', '{read}') $$, '23514', null,
                 'a hash is one of SHA-256');
select throws_ok($$ select make('tests', 'other') $$, '23505', null, 'no two keys are the same');
select throws_ok($$ select make('tests', 'x', scopes => '{read,everything}') $$, '23514', null, 'no scope is made up');
select throws_ok($$ select make('tests', 'x', scopes => '{}') $$, '23514', null, 'a key without a scope is none');
select throws_ok($$ select make('', 'x') $$, '23514', null, 'nor is one without a name');
select throws_ok($$ select make('tests', 'x', 'fb_') $$, '23514', null, 'a prefix tells keys apart');
select throws_ok($$ select make('tests', 'x', 'fb_abcdefghijklmnop') $$, '23514', null, 'and does not give them away');

select * from finish();
rollback;
