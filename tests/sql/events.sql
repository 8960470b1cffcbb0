-- What falls due is done in steps of a bounded size: all of a step at once, and yet as if somebody had been there at each event.
-- A wallet on which more is due than a call has time for is left alone and answered `behind`, until farebox_api.catch_up
-- has done it.
--
-- The reference of the first part does one event after the other, with a statement for each: the code that the steps took the
-- place of. Both are asked of the same wallet, of which the first is undone, so that every row can be compared. grants_model.sql
-- asks the same of the rules themselves. Times lie in the future: the clock makes nothing due here.

begin;
\ir support.psql
select plan(52);
set local enable_seqscan = off;

---- One event after the other

create function one_expire_due(p_wallet uuid, p_now timestamptz) returns void language plpgsql volatile as $$
declare
    v_kept bigint := 0;
    v_keep bigint;
    g farebox.grants;
begin
    for g in select x.* from farebox.grants x
              where x.wallet = p_wallet and x.due and x.remaining > 0
              order by x.expires_at, x.created_at, x.id
    loop
        select least(g.remaining, greatest(0, coalesce(sum(h.amount), 0) - v_kept)) into v_keep
          from farebox.holds h
         where h.wallet = p_wallet and h.open and h.created_at < g.expires_at;
        v_kept := v_kept + v_keep;
        if g.remaining > v_keep then
            update farebox.grants x set remaining = v_keep where x.id = g.id;
            perform farebox.post_expiry(p_wallet, g.remaining - v_keep, p_now);
        end if;
    end loop;
end $$;

create function one_by_one(p_wallet uuid, p_now timestamptz) returns void language plpgsql volatile as $$
declare
    v_at timestamptz;
    v_charge bigint;
    v_entry uuid;
    h farebox.holds;
    w farebox.wallets;
begin
    perform farebox.flush(p_wallet);
    loop
        select least((select min(x.expires_at) from farebox.holds x where x.wallet = p_wallet and x.open),
                     (select min(x.expires_at) from farebox.grants x
                       where x.wallet = p_wallet and x.remaining > 0 and not x.due)) into v_at;
        exit when v_at is null or v_at > p_now;
        for h in select x.* from farebox.holds x
                  where x.wallet = p_wallet and x.open and x.expires_at = v_at order by x.created_at, x.id
        loop
            update farebox.wallets x set held = x.held - h.amount, open_holds = x.open_holds - 1
             where x.id = p_wallet returning x.* into w;
            v_charge := null;
            v_entry := null;
            if h.on_lapse = 'charge' and h.started_at is not null then
                v_charge := least(h.lapse_amount, w.balance - w.held);
            end if;
            if v_charge > 0 then
                v_entry := farebox.new_id(farebox.slot_of(p_wallet));
                perform farebox.attribute(p_wallet, w.burned, v_charge, h.created_at);
                insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from, created_at,
                                             description)
                values (v_entry, p_wallet, farebox.operator_wallet('consumed'), v_charge, 'spend', w.seq + 1,
                        w.balance - v_charge, w.burned, p_now, 'estimate of a call that was never settled');
                update farebox.wallets x
                   set balance = x.balance - v_charge, burned = x.burned + v_charge, attributed = x.attributed + v_charge,
                       seq = x.seq + 1
                 where x.id = p_wallet;
            end if;
            update farebox.holds x set open = false, captured = v_charge, entry = v_entry where x.id = h.id;
        end loop;
        update farebox.grants x set due = true
         where x.wallet = p_wallet and x.remaining > 0 and not x.due and x.expires_at = v_at;
        perform one_expire_due(p_wallet, p_now);
        perform farebox.pay_debt(p_wallet, p_now), farebox.flush(p_wallet);
    end loop;
    update farebox.wallets x set next_event_at = farebox.next_event(p_wallet) where x.id = p_wallet;
end $$;

-- The steps, of p_most each; returns how many there were.
create function in_steps(p_wallet uuid, p_now timestamptz, p_most int) returns int language plpgsql volatile as $$
declare
    v_steps int := 1;
begin
    while farebox.bring_up_to_date(p_wallet, p_now, p_most) loop
        v_steps := v_steps + 1;
    end loop;
    return v_steps;
end $$;

-- Everything that is written down of a wallet. An entry is told by its place, since its id is made when it is written.
create function all_of(p_wallet uuid) returns text language sql volatile as $$
    select format('balance %s held %s open %s debt %s burned %s attributed %s seq %s next %s', w.balance, w.held, w.open_holds,
                  w.debt, w.burned, w.attributed, w.seq, w.next_event_at)
           || E'\ngrants ' || (select coalesce(string_agg(format('%s/%s%s', g.remaining, g.amount, case when g.due then ' due' end),
                                                          ', ' order by g.expires_at, g.created_at, g.id), '')
                                 from farebox.grants g where g.wallet = w.id)
           || E'\nholds ' || (select coalesce(string_agg(format('%s %s %s', h.open, h.captured, e.debit_seq), ', '
                                                         order by h.created_at, h.id), '')
                                from farebox.holds h left join lateral (
                                     select x.debit_seq from farebox.entries x where x.id = h.entry offset 0) e on true
                               where h.wallet = w.id)
           || E'\nentries ' || (select coalesce(string_agg(format('%s %s %s -> %s from %s', e.debit_seq, e.kind, e.amount,
                                                                  e.debit_after, e.burn_from), ', ' order by e.debit_seq), '')
                                  from farebox.entries e where e.debit = w.id and e.debit_seq > 0)
           || E'\nburns ' || (select coalesce(string_agg(format('%s-%s of %s', b.burn_from, b.burn_to, b.grant_id), ', '
                                                         order by b.burn_from), '')
                                from farebox.burns b where b.wallet = w.id)
      from farebox.wallets w where w.id = p_wallet
$$;

create temp table differences (what text, steps text, reference text);
create temp table steps (what text, most int, steps int);

-- What is due at p_now is done one by one, which is undone, and then in steps, which stays.
create function compare(p_what text, p_wallet uuid, p_now timestamptz, p_most int) returns void language plpgsql volatile as $$
declare
    v_reference text;
    v_steps text;
begin
    begin
        perform one_by_one(p_wallet, p_now);
        v_reference := all_of(p_wallet);
        raise exception using errcode = 'FBT00';
    exception when sqlstate 'FBT00' then
    end;
    insert into steps values (p_what, p_most, in_steps(p_wallet, p_now, p_most));
    v_steps := all_of(p_wallet);
    if v_steps <> v_reference then
        insert into differences values (p_what, v_steps, v_reference);
    end if;
end $$;

---- In any order

-- An hour of this file, far in the future. Eight of them are a day, so that many events have one time.
create function hour(p_hour int) returns timestamptz language sql immutable as $$
    select timestamptz '2100-01-01' + p_hour * interval '1 hour'
$$;

-- A hold as it stands in the tables, placed in that hour, if there is so much free.
create function a_hold_at(p_wallet uuid, p_amount bigint, p_hour int, p_expires int, p_charge bigint default null)
returns uuid language plpgsql volatile as $$
declare
    v_hold uuid;
begin
    update farebox.wallets w
       set held = w.held + p_amount, open_holds = w.open_holds + 1, next_event_at = least(w.next_event_at, hour(p_expires))
     where w.id = p_wallet and w.balance - w.held >= p_amount and w.debt = 0;
    if not found then
        return null;
    end if;
    insert into farebox.holds (id, wallet, amount, created_at, expires_at, on_lapse, lapse_amount, started_at)
    values (gen_random_uuid(), p_wallet, p_amount, hour(p_hour), hour(p_expires),
            case when p_charge is null then 'release' else 'charge' end, p_charge,
            case when p_charge is not null then hour(p_hour) end)
    returning id into v_hold;
    return v_hold;
end $$;

-- What one of many wallets lives through: grants, spends, holds and now and then a debt, then some hours in which nobody looks.
create function live(p_life int, p_days int) returns void language plpgsql volatile as $$
declare
    w constant uuid := a_wallet();
    v_hour int := 0;
    a bigint;
begin
    for v_day in 1 .. p_days loop
        for i in 1 .. 3 + floor(random() * 22)::int loop
            a := 1 + floor(random() * 30);
            case floor(random() * 10)::int
                when 0, 1, 2 then
                    perform gift(w, a, priority => 1 + floor(random() * 3)::int,
                                 expires_at => case when random() < 0.8 then hour(v_hour + 1 + floor(random() * 12)::int) end);
                when 3, 4 then perform spend_one(r(w, a / 3 + 1));
                when 5 then
                    if random() < 0.2 then
                        perform owe(w, a / 4 + 1);
                    end if;
                else
                    perform a_hold_at(w, a / 2 + 1, v_hour, v_hour + 1 + floor(random() * 9)::int,
                                      case when random() < 0.5 then 1 + floor(random() * (a / 2 + 1))::bigint end);
            end case;
        end loop;
        v_hour := v_hour + 1 + floor(random() * 6)::int;
        perform compare(format('day %s of life %s', v_day, p_life), w, hour(v_hour),
                        (array[1, 2, 3, 7, 500])[1 + floor(random() * 5)::int]);
    end loop;
    if violations(w) is not null then
        insert into differences values ('books after life ' || p_life, violations(w), null);
    end if;
end $$;

select setseed(0.5) \g /dev/null
select live(n, 8) from generate_series(1, 25) n \g /dev/null
select is_empty($$ select * from differences where what like 'day%' limit 1 $$,
                'in steps of any size everything is as if it had been done one by one: wallet, grants, holds, entries and burns');
select is_empty($$ select * from differences where what like 'books%' limit 3 $$, 'and the books are in order after each life');
select cmp_ok((select count(*) from steps s where s.what like 'day%' and s.steps > 1), '>', 50::bigint, 'many took more than one step');
select cmp_ok((select count(*) from farebox.entries e join farebox.grants g on g.wallet = e.debit
                where e.kind = 'repayment' and e.debit_seq > 0 and g.expires_at > hour(0)), '>', 20::bigint, 'and debts were paid');

---- By the thousand

-- Grants that each fall due between two holds, so that each is a group of its own, and all of it is kept until the holds lapse.
select a_wallet() as ann \gset
do $$
declare
    w constant uuid := (select max(u.id::text)::uuid from farebox.users u where u.created_at = (select max(x.created_at) from farebox.users x));
begin
    for i in 1 .. 160 loop
        perform gift(w, 3, expires_at => hour(i + 1)), a_hold_at(w, 3, i, 1000 + i % 130, case when i % 2 = 0 then 2 end);
    end loop;
end $$;
select compare('kept', :'ann', hour(900), 500), compare('groups', :'ann', hour(2000), 500) \g /dev/null
select is_empty($$ select * from differences where what in ('kept', 'groups') $$,
                '160 grants are kept for 160 holds that were placed between them, and let go as the holds lapse');
select cmp_ok((select s.steps from steps s where s.what = 'groups'), '>', 1, 'in more than one step, for each looks at many groups');
select is(books(:'ann'), 'balance 0 held 0 debt 0 seq 400', 'half of the tokens were charged, the rest expired');

-- Lapses that charge, over grants that fall due meanwhile: joins of many burns need another plan than a call's.
select a_wallet() as ann \gset
select count(gift(:'ann', 5, priority => 100 + n % 3, expires_at => hour(10 + n % 200))) from generate_series(1, 250) n \g /dev/null
select count(a_hold_at(:'ann', 2, 0, 1 + n % 250, case when n % 3 > 0 then 2 end)) from generate_series(1, 400) n \g /dev/null
set local enable_hashjoin = on;
select compare('charges', :'ann', hour(1000), 500) \g /dev/null
select is_empty($$ select * from differences where what = 'charges' $$, 'hundreds of lapses and expiries end as they do one by one');
set local enable_hashjoin = off;
select is((select s.steps from steps s where s.what = 'charges'), 2, 'in two steps');
select is(violations(:'ann'), null, 'and the books are in order');

-- All at one time, which no step may split in what it leaves behind.
select a_wallet() as ann \gset
select owe(:'ann', 500), count(gift(:'ann', 4, expires_at => hour(5))) from generate_series(1, 300) n \g /dev/null
update farebox.wallets set debt = 0 where id = :'ann';
select count(a_hold_at(:'ann', 2, 0, 5, case when n % 2 = 0 then 1 end)) from generate_series(1, 400) n \g /dev/null
update farebox.wallets set debt = 500 where id = :'ann';
select compare('one time', :'ann', hour(5), 150) \g /dev/null
select is_empty($$ select * from differences where what = 'one time' $$,
                'of one time holds lapse first, then grants expire, then a debt is paid, however many steps that takes');
-- The last event of a time is a grant that the charges before it have burned: nothing is left that would make the wallet due.
select a_wallet() as ann \gset
select gift(:'ann', 1, priority => 900, expires_at => hour(5)), gift(:'ann', 9, priority => 901),
       a_hold_at(:'ann', 6, 0, 5, 1) \g /dev/null
select owe(:'ann', 9) \g /dev/null
select compare('burned meanwhile', :'ann', hour(5), 1) \g /dev/null
select is_empty($$ select * from differences where what = 'burned meanwhile' $$,
                'what was left for the next step and burned in this one leaves nothing undone');

---- A wallet on which more is due than a call has time for

-- p_count holds of 1 token, placed as the owner, an hour ago for an hour. Now and then one charges.
create function lapsed_holds(p_wallet uuid, p_count int) returns void language sql volatile as $$
    insert into farebox.holds (id, wallet, amount, created_at, expires_at, on_lapse, lapse_amount, started_at)
    select gen_random_uuid(), p_wallet, 1, now() - interval '1 hour', now() - n * interval '1 ms', case n % 5 when 0 then 'charge' else 'release' end,
           case n % 5 when 0 then 1 end, now() - interval '1 hour'
      from generate_series(1, p_count) n;
    update farebox.wallets set held = held + p_count, open_holds = open_holds + p_count, next_event_at = now() - interval '1 hour'
     where id = p_wallet;
$$;
create function a_wallet_behind(p_count int default 501, p_tokens bigint default 2000) returns uuid language plpgsql volatile as $$
declare
    w constant uuid := a_wallet(p_tokens);
begin
    perform lapsed_holds(w, p_count);
    return w;
end $$;
-- What a call answers, and whether the id that it names is the wallet's.
create function answers(p_status text, p_id uuid, p_wallet uuid) returns text language sql immutable as $$
    select p_status || case when p_id = p_wallet then ' this wallet' else '' end
$$;

select a_wallet_behind(500) as ann \gset
select is(brief(spend_one(r(:'ann', 1))), 'ok 1 1900->1899', 'a spend does 500 events on its way');
select is(books(:'ann'), 'balance 1899 held 0 debt 0 seq 102', 'each fifth of which was charged');
select is((select w.open_holds from farebox.wallets w where w.id = :'ann'), 0, 'and counts the holds that are gone');

select a_wallet_behind() as ann, a_wallet(100) as bob, a_wallet(100) as cat \gset
select (place(h(:'bob', 10))).hold as bobs_hold, (spend_one(r(:'bob', 10))).entry as bobs_entry \gset
select all_of(:'ann') as before \gset
select is(answers(x.status, x.entry, :'ann'), 'behind this wallet', 'with 501 due a spend leaves a wallet alone and says which')
  from spend_one(r(:'ann', 1)) x;
select is(array_agg(answers(x.status, x.entry, :'ann')), '{behind this wallet,ok,behind this wallet,ok}', 'in a batch the others are served')
  from spend_many(array[r(:'ann', 1), r(:'bob', 1), r(:'ann', 1, 'k'), r(null, 1, number => number_of(:'cat'))]) x;
select is(array_agg(answers(x.status, x.hold, :'ann')), '{behind this wallet,ok}', 'so are holds')
  from place_many(array[h(:'ann', 1), h(:'bob', 1)]) x;
select is(array_agg(answers(x.status, x.entry, :'ann')), '{behind this wallet,ok}', 'ends of holds')
  from end_many(array[e((select h.id from farebox.holds h where h.wallet = :'ann' limit 1), 1), e(:'bobs_hold', 1)]) x;
select is(answers(x.status, x.hold, :'ann'), 'behind this wallet', 'a hold is not marked as started')
  from farebox_api.mark_started('api_key', proof_of(null, null, null), (select h.id from farebox.holds h where h.wallet = :'ann' limit 1), 1,
                                clock_timestamp() + interval '10 s') x;
select is(answers(x.status, x.entry, :'ann'), 'behind this wallet', 'nothing is granted') from gift(:'ann', 1) x;
select is(answers(x.status, x.entry, :'ann'), 'behind this wallet', 'nothing reversed')
  from take_back((select g.entry from farebox.grants g where g.wallet = :'ann')) x;
select is(array_agg(answers(x.status, x.entry, :'ann')), '{behind this wallet,behind this wallet}', 'nothing moved from it or to it')
  from unnest(array[move(:'ann', :'bob', 1), move(:'bob', :'ann', 1)]) x;
select is(array_agg(answers(x.status, x.user_id, :'ann') order by x.n), '{behind this wallet,ok}', 'its balance is not told, another''s is')
  from farebox_api.balance(array[1, 2], array['api_key', 'api_key'], array[proof_of(null, null, null), proof_of(null, null, null)],
                           array[:'ann', :'bob']::uuid[], array[null, null]::bigint[], array[null, null]::text[]) x;
select is(answers(x.status, x.entry, :'ann'), 'behind this wallet', 'nor are its entries')
  from farebox_api.entries('api_key', proof_of(null, null, null), :'ann', null, 10, null) x;
select is(all_of(:'ann'), :'before', 'and all of it is as it was');
select is((spend_one(r(:'ann', 1, api_key => hash_of('tests: a stranger')))).status, 'unauthorized', 'who may not is told that first');
select is((spend_one(r(:'ann', 1), '-1 s')).status, 'late', 'and who is late, that');

-- A call does 500 events of all its wallets together.
select a_wallet_behind(300, 400) as dan, a_wallet_behind(300, 400) as eve \gset
select is(array_agg(x.status order by x.status), '{behind,ok}', 'two wallets with 300 each are too much for one call')
  from spend_many(array[r(:'dan', 1), r(:'eve', 1)]) x;
select is(array_agg(x.status order by x.status), '{ok,ok}', 'and done by the next')
  from spend_many(array[r(:'dan', 1), r(:'eve', 1)]) x;
select a_wallet_behind(300, 400) as dan, a_wallet_behind(300, 400) as eve \gset
select is(array_agg(x.status order by x.status), '{behind,ok}', 'of balances, too')
  from farebox_api.balance(array[1, 2], array['api_key', 'api_key'], array[proof_of(null, null, null), proof_of(null, null, null)],
                           array[:'dan', :'eve']::uuid[], array[null, null]::bigint[], array[null, null]::text[]) x;

---- Catching up

select a_wallet_behind(1001) as ann \gset
select is(farebox_api.catch_up(:'ann'), true, 'a step says whether more is due');
select is((select w.open_holds from farebox.wallets w where w.id = :'ann'), 501, 'and does 500 events');
select is(violations(:'ann'), null, 'after which the books are in order');
select is((spend_one(r(:'ann', 1))).status, 'behind', 'but it is no call''s business yet');
select is(farebox_api.catch_up(:'ann'), true, 'nor after the next');
select is(farebox_api.catch_up(:'ann'), false, 'until the last says that no more is due');
select is(books(:'ann'), 'balance 1800 held 0 debt 0 seq 201', 'and all of it is done');
select is(brief(spend_one(r(:'ann', 1))), 'ok 1 1800->1799', 'the same call again is served');
select all_of(:'ann') as before \gset
select is(farebox_api.catch_up(:'ann'), false, 'of a wallet that is up to date no more is due');
select is(all_of(:'ann'), :'before', 'and nothing is done');
select is(farebox_api.catch_up(gen_random_uuid()), false, 'nor of one that is not there');
select throws_ok('select farebox_api.catch_up(null)', 'FB000', 'malformed call', 'of none at all it is malformed');

-- A person whose wallet is behind gets the starting tokens at a later look.
insert into farebox.settings default values on conflict do nothing;
select gen_random_uuid() as fay \gset
insert into auth.users (id, email) values (:'fay', 'fay.' || replace(:'fay', '-', '') || '@example.com');
select gift(:'fay', 1000), lapsed_holds(:'fay', 600) \g /dev/null
update auth.users set email_confirmed_at = now() where id = :'fay';
select is((select count(*) from farebox.grants g where g.wallet = :'fay'), 1::bigint, 'a wallet that is behind is given no starting tokens');
select farebox_api.catch_up(:'fay'), farebox_api.catch_up(:'fay') \g /dev/null
select farebox.provision(:'fay') \g /dev/null
select is((select sum(g.amount) from farebox.grants g where g.wallet = :'fay'),
          (select 1000 + s.starting_tokens from farebox.settings s)::numeric, 'the next look gives them');

---- Kept tokens are no event

select a_wallet() as ann \gset
select count(gift(:'ann', 2, expires_in => n * interval '1 ms' + interval '1 hour')) from generate_series(1, 2000) n \g /dev/null
select count(a_hold(:'ann', 2, '3 hours')) from generate_series(1, 2000) n \g /dev/null
select brief(gift(:'ann', 100)), time_passes(:'ann', '2 hours') \g /dev/null
select farebox_api.catch_up(:'ann') from generate_series(1, 4) \g /dev/null
select is((select row(w.next_event_at > clock_timestamp(), w.balance)::text from farebox.wallets w where w.id = :'ann'), '(t,4100)',
          '2,000 grants are kept for 2,000 holds, and the wallet waits for what comes next');
create function rows_written() returns bigint language sql volatile as $$
    select sum(n_tup_ins + n_tup_upd)::bigint from pg_stat_xact_user_tables where schemaname = 'farebox'
$$;
select rows_written() as before \gset
select brief(spend_one(r(:'ann', 1))) \g /dev/null
select is(rows_written() - :before, 2::bigint, 'a spend then writes its entry and its wallet, as ever');
select is(capture((select h.id from farebox.holds h where h.wallet = :'ann' limit 1), 1), 'ok 1 4099->4097 of 99',
          'and a capture burns a kept token and lets go the other');
select is(violations(:'ann'), null, 'and the books are in order');

---- Ten thousand open holds

select a_wallet(20000) as ann \gset
select lapsed_holds(:'ann', 9998) \g /dev/null
update farebox.holds set expires_at = now() + interval '1 hour' where wallet = :'ann';
update farebox.wallets set next_event_at = now() + interval '1 hour' where id = :'ann';
select is(array_agg(brief(x)), '{ok 10 of 9992,ok 10 of 9982,too_many_holds}', 'a wallet has at most 10,000 open holds')
  from place_many(array[h(:'ann', 10), h(:'ann', 10), h(:'ann', 20000)]) x;
select release((select h.id from farebox.holds h where h.wallet = :'ann' limit 1)) \g /dev/null
select is((place(h(:'ann', 10))).status, 'ok', 'where one has ended, another is placed');
select is(violations(:'ann'), null, 'and they are counted right');

select * from finish();
rollback;
