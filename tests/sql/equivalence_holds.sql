-- A call of farebox_api.place_holds or farebox_api.end_holds answers exactly what its requests would have been answered one at a
-- time, in array order, on wallets of the same state; and leaves the wallets, the journal, the grants and the holds the
-- same. Asked of 480 random calls on poor, blocked, indebted and due wallets, with hostile keys and amounts, holds ended
-- twice and lapsed ones. The seed is fixed: a failure repeats itself.

begin;
\ir support.psql
select plan(6);

update farebox.settings set subscription_gate = 'ended';
select a_key('tests: holds', '{hold}'), a_key('tests: reads', '{read}') \g /dev/null

create temp table differences (round int, call int, what text, batch text, singles text);
create temp table answers (what text, status text);
create temp table sessions (wallet uuid primary key, session uuid);
create temp table twin_holds (n serial, one uuid, other uuid);

create function one_of(variadic p_texts text[]) returns text language sql volatile as $$
    select p_texts[1 + floor(random() * cardinality(p_texts))::int]
$$;

-- Two wallets, and the holds on them, that differ in their ids only.
create function twins() returns uuid[] language plpgsql volatile as $$
declare
    v_tokens constant bigint := floor(random() * 120) + 60;
    v_case constant text := one_of('plain', 'plain', 'wallet_blocked', 'ended', 'debt', 'lapsed', 'charged', 'kept', 'kept');
    v_twins uuid[];
    v_holds uuid[] := '{}';
    w uuid;
begin
    for i in 1 .. 2 loop
        w := a_wallet(v_tokens);
        case v_case
            when 'debt' then v_holds := v_holds || held(w, 20); perform owe(w, 5);
            when 'lapsed', 'wallet_blocked', 'ended' then
                v_holds := v_holds || held(w, 15);
                perform time_passes(w, '2 hours');
            when 'charged' then
                v_holds := v_holds || held(w, 15, '1 hour', 'charge', 7, true);
                perform time_passes(w, '2 hours');
            when 'kept' then
                perform gift(w, 30, expires_in => '1 hour', priority => 0);
                v_holds := v_holds || held(w, 20, '9 hours') || held(w, 5, '9 hours');
                perform time_passes(w, '2 hours');
            else v_holds := v_holds || held(w, 25);
        end case;
        update farebox.wallets x set blocked_at = now() where x.id = w and v_case = 'wallet_blocked';
        update farebox.wallets x set subscription_until = now() - interval '1 s' where x.id = w and v_case = 'ended';
        insert into sessions values (w, a_session(w));
        v_twins := v_twins || w;
    end loop;
    for i in 1 .. cardinality(v_holds) / 2 loop
        insert into twin_holds (one, other) values (v_holds[i], v_holds[i + cardinality(v_holds) / 2]);
    end loop;
    return v_twins;
end $$;

create function some_key() returns bytea language sql volatile as $$
    select hash_of(one_of(null, null, null, null, null, null, null, null, 'tests: holds', 'tests: holds', 'tests: reads',
                          'tests: unknown'))
$$;

-- The same request for either twin.
create function twin_placings(p_one uuid, p_other uuid) returns hold_request[] language plpgsql volatile as $$
declare
    v_one hold_request;
    v_other hold_request;
begin
    v_one := h(p_one, case floor(random() * 12) when 0 then 0 when 1 then -1 when 2 then 1000000000001
                           else (1 + floor(random() * 30))::bigint end,
               key => one_of(null, null, 'a', 'b', 'c'), fingerprint => one_of('one', 'one', 'one', 'two'),
               ttl => one_of('1 hour', '2 hours')::interval, on_lapse => one_of('release', 'charge'), lapse_amount => 3,
               started => random() < 0.5, session => case when random() < 0.03 then gen_random_uuid() end,
               api_key => some_key());
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

create function twin_ends() returns end_request[] language plpgsql volatile as $$
declare
    v_one end_request;
    v_other end_request;
    t twin_holds;
begin
    select x.* into t from twin_holds x order by random() limit 1;
    v_one := e(t.one, case floor(random() * 12) when 0 then -1 when 1 then 1000000000001 when 2 then 0 when 3 then 0
                           else (1 + floor(random() * 40))::bigint end,
               clamp => random() < 0.3, session => case when random() < 0.03 then gen_random_uuid() end,
               api_key => some_key(), description => one_of('x', null));
    v_other := v_one;
    v_other.hold := t.other;
    if random() < 0.05 then
        v_one.hold := gen_random_uuid();
        v_other.hold := v_one.hold;
    end if;
    v_other.entry := gen_random_uuid();
    -- Now and then a user asks, each twin's own user, of that wallet.
    if random() < 0.15 then
        v_one.who := 'user';
        v_other.who := 'user';
        select uuid_send(x.session) || uuid_send(x.wallet) into v_one.proof
          from sessions x where x.wallet = (select h.wallet from farebox.holds h where h.id = v_one.hold);
        select uuid_send(x.session) || uuid_send(x.wallet) into v_other.proof
          from sessions x where x.wallet = (select h.wallet from farebox.holds h where h.id = v_other.hold);
        v_one.proof := coalesce(v_one.proof, proof_of(gen_random_uuid(), null, null));
        v_other.proof := coalesce(v_other.proof, proof_of(gen_random_uuid(), null, null));
    end if;
    return array[v_one, v_other];
end $$;

-- An answer without what must differ: an entry is told by its place in the wallet's journal, a hold by its figures.
create function told(a end_answer) returns text language sql volatile as $$
    select format('%s held %s released %s entry %s', brief(a), a.held, a.released,
                  (select e.debit_seq from farebox.entries e where e.id = a.entry))
$$;

create function full_state(p_wallet uuid) returns text language sql stable as $$
    select format('%s burned %s attributed %s, %s, %s, %s', books(p_wallet), w.burned, w.attributed,
                  (select string_agg(format('%s %s %s %s', e.kind, e.amount, e.burn_from, e.description),
                                     '; ' order by coalesce(e.debit_seq, e.credit_seq))
                     from farebox.entries e where p_wallet in (e.debit, e.credit)),
                  (select string_agg(format('%s %s', g.remaining, g.due), '; ' order by g.created_at)
                     from farebox.grants g where g.wallet = p_wallet),
                  (select string_agg(x.line, '; ' order by x.line)
                     from (select format('%s %s %s %s %s %s', f.amount, f.open, f.captured, f.asked, f.key, f.lapse_amount)
                             from farebox.holds f where f.wallet = p_wallet) x(line)))
      from farebox.wallets w where w.id = p_wallet
$$;

create function place_some(p_twins uuid[], p_size int, out said text[], out wanted text[]) language plpgsql volatile as $$
declare
    v_pair hold_request[];
    v_batch hold_request[] := '{}';
    v_singles hold_request[] := '{}';
    v_one hold_answer[];
    a hold_answer;
    v_at int;
begin
    for i in 1 .. p_size loop
        v_at := (array[1, 1, 1, 3, 3, 5, 7])[1 + floor(random() * 7)::int];
        v_pair := twin_placings(p_twins[v_at], p_twins[v_at + 1]);
        v_batch := v_batch || v_pair[1];
        v_singles := v_singles || v_pair[2];
    end loop;
    v_one := array(select x::hold_answer from place_many(v_batch) x);
    for i in 1 .. p_size loop
        a := place(v_singles[i]);
        said := said || concat_ws(' ', brief(v_one[i]), v_one[i].held, v_one[i].state, v_one[i].captured);
        wanted := wanted || concat_ws(' ', brief(a), a.held, a.state, a.captured);
        insert into answers values ('hold', a.status);
        if a.status = 'ok' then
            insert into twin_holds (one, other) values (v_one[i].hold, a.hold);
        end if;
    end loop;
end $$;

create function end_some(p_size int, out said text[], out wanted text[]) language plpgsql volatile as $$
declare
    v_pair end_request[];
    v_batch end_request[] := '{}';
    v_singles end_request[] := '{}';
    a end_answer;
begin
    for i in 1 .. p_size loop
        v_pair := twin_ends();
        v_batch := v_batch || v_pair[1];
        v_singles := v_singles || v_pair[2];
    end loop;
    said := array(select told(x::end_answer) from end_many(v_batch) x);
    for i in 1 .. p_size loop
        a := end_hold(v_singles[i]);
        wanted := wanted || told(a);
        insert into answers values ('end', a.status);
    end loop;
end $$;

create function play(p_rounds int, p_calls int) returns void language plpgsql volatile as $$
declare
    v_twins uuid[];
    x record;
begin
    for v_round in 1 .. p_rounds loop
        delete from twin_holds;
        v_twins := twins() || twins() || twins() || array[gen_random_uuid(), gen_random_uuid()];
        for v_call in 1 .. p_calls loop
            update farebox.settings
               set subscription_gate = case v_call when 5 then 'required' when 6 then 'never' else 'ended' end;
            if random() < 0.5 then
                select * into x from place_some(v_twins, 1 + floor(random() * 12)::int);
            else
                select * into x from end_some(1 + floor(random() * 12)::int);
            end if;
            if x.said <> x.wanted then
                insert into differences values (v_round, v_call, 'answers', x.said::text, x.wanted::text);
            end if;
        end loop;
        insert into differences
        select v_round, p_calls, 'wallet', y.one, y.other
          from (select full_state(v_twins[i]) as one, full_state(v_twins[i + 1]) as other
                  from unnest(array[1, 3, 5]) i) y
         where y.one <> y.other or y.one ~ 'BROKEN';
    end loop;
end $$;

select setseed(0.25) \g /dev/null
select play(80, 6) \g /dev/null

select is_empty($$ select * from differences where what = 'answers' order by round, call limit 3 $$,
                'a call answers what its requests one at a time would have been answered');
select is_empty($$ select * from differences where what = 'wallet' order by round, call limit 3 $$,
                'and leaves the wallets, the journal, the grants and the holds as they would have left them');
select bag_eq($$ select distinct status from answers where what = 'hold' $$,
              $$ values ('ok'), ('replayed'), ('insufficient_balance'), ('idempotency_key_reused'), ('user_not_found'), ('invalid_amount'),
                        ('wallet_blocked'), ('subscription_expired'), ('unauthorized'), ('forbidden') $$,
              'the calls were hostile enough: every answer to a hold came up');
select bag_eq($$ select distinct status from answers where what = 'end' $$,
              $$ values ('ok'), ('short'), ('replayed'), ('hold_already_settled'), ('insufficient_balance'), ('hold_not_found'),
                        ('invalid_amount'), ('wallet_blocked'), ('subscription_expired'), ('unauthorized'), ('forbidden') $$,
              'and every answer to the end of one');
select cmp_ok((select count(*) from answers where what = 'hold' and status = 'ok'), '>', 200::bigint, 'enough was held');
select cmp_ok((select count(*) from answers where what = 'end' and status = 'ok'), '>', 200::bigint, 'and ended');

select * from finish();
rollback;
