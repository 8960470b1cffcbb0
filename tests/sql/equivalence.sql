-- A call of farebox_api.spend answers exactly what farebox_api.spend_one answers to its requests one at a time, in array
-- order, on wallets of the same state; and leaves the wallets and the journal the same. Asked of 480 random calls, with
-- hostile keys, bad amounts, poor, blocked, indebted and due wallets. The seed is fixed: a failure repeats itself.

begin;
\ir support.psql
select plan(6);

update farebox.settings set subscription_gate = 'ended';
delete from farebox.models where use = 'device' and name = '*';
insert into farebox.models (use, name, version, price, valid_from)
values ('device', 'tests-two', 1, 2, now() - interval '1 day'), ('device', 'tests-two', 2, 3, now() - interval '1 hour');
select a_key('tests: spends', '{spend}'), a_key('tests: reads', '{read}') \g /dev/null

create temp table differences (round int, call int, what text, batch text, singles text);
create temp table answers (status text, batch boolean, who text);
create temp table sessions (wallet uuid primary key, session uuid);

create function one_of(variadic p_texts text[]) returns text language sql volatile as $$
    select p_texts[1 + floor(random() * cardinality(p_texts))::int]
$$;

-- Two wallets that differ in their ids only.
create function twins() returns uuid[] language plpgsql volatile as $$
declare
    v_tokens constant bigint := floor(random() * 120);
    v_case constant text := one_of('plain', 'plain', 'plain', 'wallet_blocked', 'ended', 'debt', 'hold', 'lapsed', 'charged',
                                   'expired');
    v_twins uuid[];
    w uuid;
begin
    for i in 1 .. 2 loop
        w := a_wallet(v_tokens + 20);
        case v_case
            when 'wallet_blocked' then update farebox.wallets x set blocked_at = now() where x.id = w;
            when 'ended' then update farebox.wallets x set subscription_until = now() - interval '1 s' where x.id = w;
            when 'debt' then perform owe(w, 5);
            when 'hold' then perform a_hold(w, 15);
            when 'lapsed' then perform a_hold(w, 15, '1 hour'), time_passes(w, '2 hours');
            when 'charged' then perform a_hold(w, 15, '1 hour', 'charge', 7, true), time_passes(w, '2 hours');
            when 'expired' then perform gift(w, 30, expires_in => '1 hour', priority => 0), time_passes(w, '2 hours');
            else
        end case;
        insert into sessions values (w, a_session(w));
        v_twins := v_twins || w;
    end loop;
    return v_twins;
end $$;

-- The same request for either twin.
create function twin_requests(p_one uuid, p_other uuid) returns request[] language plpgsql volatile as $$
declare
    v_one request;
    v_other request;
begin
    v_one := r(p_one, case floor(random() * 12) when 0 then 0 when 1 then -1 when 2 then 1000000000001
                           when 3 then 9223372036854775807 else (1 + floor(random() * 30))::bigint end,
               key => one_of(null, null, 'a', 'b', 'c'),
               fingerprint => one_of('one', 'one', 'one', 'two'),
               model => case when random() < 0.3 then one_of('tests-two', 'tests-two', 'tests-none') end,
               session => case when random() < 0.03 then gen_random_uuid() end,
               api_key => hash_of(one_of(null, null, null, null, null, null, null, null, 'tests: spends', 'tests: spends',
                                         'tests: spends', 'tests: reads', 'tests: unknown')),
               description => one_of('x', 'y', null),
               metadata => one_of('{}', '{"n": 2}', null)::json);
    v_other := v_one;
    v_other.wallet := p_other;
    v_other.id := gen_random_uuid();
    -- Now and then a user asks, each twin's own user, of that wallet.
    if random() < 0.15 then
        v_one.who := 'user';
        v_other.who := 'user';
        select uuid_send(x.session) || uuid_send(x.wallet) into v_one.proof from sessions x where x.wallet = p_one;
        select uuid_send(x.session) || uuid_send(x.wallet) into v_other.proof from sessions x where x.wallet = p_other;
        v_one.proof := coalesce(v_one.proof, proof_of(gen_random_uuid(), null, null));
        v_other.proof := coalesce(v_other.proof, proof_of(gen_random_uuid(), null, null));
    end if;
    if random() < 0.4 then
        v_one.number := coalesce(number_of(p_one), 9007199254740991);
        v_one.wallet := null;
        v_other.number := coalesce(number_of(p_other), 9007199254740991);
        v_other.wallet := null;
    end if;
    return array[v_one, v_other];
end $$;

-- An answer without what must differ: an entry is told by its place in the wallet's journal.
create function told(a answer) returns text language sql volatile as $$
    select format('%s held %s entry %s', brief(a), a.held, (select e.debit_seq from farebox.entries e where e.id = a.entry))
$$;

create function full_state(p_wallet uuid) returns text language sql stable as $$
    select format('%s burned %s attributed %s, %s', books(p_wallet), w.burned, w.attributed,
                  (select string_agg(format('%s %s %s %s %s %s %s %s', e.kind, e.amount, e.burn_from, e.price_version,
                                            e.key,
                                            encode(e.fingerprint, 'hex'), e.description, e.metadata),
                                     '; ' order by coalesce(e.debit_seq, e.credit_seq))
                     from farebox.entries e where p_wallet in (e.debit, e.credit)))
      from farebox.wallets w where w.id = p_wallet
$$;

create function play(p_rounds int, p_calls int) returns void language plpgsql volatile as $$
declare
    v_twins uuid[];
    v_pair request[];
    v_batch request[];
    v_singles request[];
    v_said text[];
    v_wanted text[];
    a answer;
begin
    for v_round in 1 .. p_rounds loop
        update farebox.settings
           set subscription_gate = case v_round % 8 when 0 then 'required' when 1 then 'never' else 'ended' end;
        v_twins := twins() || twins() || twins() || array[gen_random_uuid(), gen_random_uuid()];
        for v_call in 1 .. p_calls loop
            v_batch := '{}';
            v_singles := '{}';
            v_wanted := '{}';
            for i in 1 .. 1 + floor(random() * 12)::int loop
                v_pair := case floor(random() * 12)::int when 0 then twin_requests(v_twins[7], v_twins[8])
                               when 1 then twin_requests(v_twins[5], v_twins[6])
                               when 2 then twin_requests(v_twins[3], v_twins[4])
                               when 3 then twin_requests(v_twins[3], v_twins[4])
                               else twin_requests(v_twins[1], v_twins[2]) end;
                v_batch := v_batch || v_pair[1];
                v_singles := v_singles || v_pair[2];
            end loop;

            v_said := array(select told(s::answer) from spend_many(v_batch) s);
            for i in 1 .. cardinality(v_singles) loop
                a := spend_one(v_singles[i]);
                v_wanted := v_wanted || told(a);
                insert into answers values (a.status, cardinality(v_batch) > 1, v_singles[i].who);
            end loop;
            if v_said <> v_wanted then
                insert into differences values (v_round, v_call, 'answers', v_said::text, v_wanted::text);
            end if;
        end loop;
        insert into differences
        select v_round, p_calls, 'wallet', x.one, x.other
          from (select full_state(v_twins[i]) as one, full_state(v_twins[i + 1]) as other
                  from unnest(array[1, 3, 5]) i) x
         where x.one <> x.other or x.one ~ 'BROKEN';
    end loop;
end $$;

select setseed(0.25) \g /dev/null
select play(80, 6) \g /dev/null

select is_empty($$ select * from differences where what = 'answers' order by round, call limit 3 $$,
                'a call answers what its requests one at a time would have been answered');
select is_empty($$ select * from differences where what = 'wallet' order by round, call limit 3 $$,
                'and leaves the wallets and the journal as they would have left them');
select bag_eq($$ select distinct status from answers where batch $$,
              $$ values ('ok'), ('replayed'), ('insufficient_balance'), ('idempotency_key_reused'), ('user_not_found'), ('invalid_amount'),
                        ('model_unavailable'), ('wallet_blocked'), ('subscription_expired'), ('unauthorized'), ('forbidden') $$,
              'the calls were hostile enough: every answer came up');
select cmp_ok((select count(*) from answers where status = 'ok'), '>', 300::bigint, 'and enough was paid');
select cmp_ok((select count(*) from answers where status = 'replayed'), '>', 50::bigint, 'and replayed');
select cmp_ok((select count(*) from answers where status = 'ok' and who = 'user'), '>', 30::bigint, 'by users as well');

select * from finish();
rollback;
