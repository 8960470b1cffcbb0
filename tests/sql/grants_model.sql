-- Grants are booked lazily: a spend only counts, and expiries and lapses wait for the next touch. Here random sequences of
-- grants, spends, holds, refunds, reversals, transfers and debts run against that and against a reference that does
-- everything at its time, and both must agree: in every answer, in balance, held, debt and expired tokens of every wallet
-- touched, and at the end in every grant. The seed is fixed: a failure repeats itself.
--
-- The reference counts time in whole hours. An event of hour x stands in the tables as the file's own time plus x minus
-- the present hour, and time_passes moves it along; so events of one hour are exactly at the same time on both sides.

begin;
\ir support.psql
set local enable_seqscan = off;
select plan(6);

---- The reference

create temp table m_wallets (w uuid primary key, balance bigint default 0, held bigint default 0, debt bigint default 0,
                             expired bigint default 0);
create temp table m_grants (
    w uuid, n int generated always as identity primary key, entry uuid, class text, priority int, expires int,
    amount bigint,
    remaining bigint, reversed bigint default 0, due boolean default false);
create temp table m_burns (entry uuid, place int generated always as identity primary key, n int, amount bigint);
create temp table m_holds (
    w uuid, id uuid primary key, n int generated always as identity, amount bigint, created int, expires int,
    charge bigint, open boolean default true);
create temp table m_spends (w uuid, n int generated always as identity, entry uuid primary key, left_over bigint);
create index on m_grants (w);
create index on m_grants (entry);
create index on m_burns (entry);
create index on m_holds (w) where open;
create index on m_spends (w);

-- Burns tokens of a wallet now: those kept for the hold that pays first, then by priority, expiry and age.
create function m_burn(p_w uuid, p_amount bigint, p_entry uuid, p_hold_created int default null) returns void
  language plpgsql as $$
declare
    v_left bigint := p_amount;
    v_take bigint;
    g record;
begin
    for g in select * from m_grants x
              where x.w = p_w and x.remaining > 0 and (not x.due or p_hold_created < x.expires)
              order by x.due desc, case when x.due then 0 else x.priority end, x.expires, x.n
    loop
        v_take := least(v_left, g.remaining);
        exit when v_take = 0;
        update m_grants x set remaining = x.remaining - v_take where x.n = g.n;
        insert into m_burns (entry, n, amount) values (p_entry, g.n, v_take);
        v_left := v_left - v_take;
    end loop;
    if v_left > 0 then
        raise exception 'the reference burned % tokens that no grant covers', v_left;
    end if;
    update m_wallets x set balance = x.balance - p_amount where x.w = p_w;
end $$;

-- One hour of a wallet: holds lapse, grants expire but for what open holds from before their expiry may need.
create function m_hour(p_w uuid, p_hour int) returns void language plpgsql as $$
declare
    v_eventful constant boolean := exists (select from m_holds x where x.w = p_w and x.open and x.expires = p_hour)
        or exists (select from m_grants x where x.w = p_w and x.remaining > 0 and x.expires = p_hour);
    v_charge bigint;
    v_kept bigint := 0;
    v_keep bigint;
    h record;
    g record;
begin
    for h in select * from m_holds x where x.w = p_w and x.open and x.expires = p_hour order by x.n loop
        update m_wallets x set held = x.held - h.amount where x.w = p_w
        returning least(coalesce(h.charge, 0), x.balance - x.held) into v_charge;
        update m_holds x set open = false where x.id = h.id;
        if v_charge > 0 then
            perform m_burn(p_w, v_charge, h.id, h.created);
        end if;
    end loop;
    update m_grants x set due = true where x.w = p_w and x.expires = p_hour;
    for g in select * from m_grants x where x.w = p_w and x.due and x.remaining > 0 order by x.expires, x.n loop
        v_keep := least(g.remaining, greatest(0, -v_kept + coalesce(
            (select sum(x.amount) from m_holds x where x.w = p_w and x.open and x.created < g.expires), 0)));
        v_kept := v_kept + v_keep;
        update m_grants x set remaining = v_keep where x.n = g.n;
        update m_wallets x set balance = x.balance - g.remaining + v_keep, expired = x.expired + g.remaining - v_keep
         where x.w = p_w;
    end loop;
    if v_eventful then
        perform m_pay_debt(p_w); -- from what the lapses set free
    end if;
end $$;

create function m_free(p_w uuid) returns bigint language sql volatile as $$
    select case when x.debt > 0 then 0 else x.balance - x.held end from m_wallets x where x.w = p_w
$$;

create function m_pay_debt(p_w uuid) returns void language plpgsql as $$
declare
    v_pay bigint;
begin
    select least(x.debt, x.balance - x.held) into v_pay from m_wallets x where x.w = p_w;
    if v_pay > 0 then
        perform m_burn(p_w, v_pay, gen_random_uuid());
        update m_wallets x set debt = x.debt - v_pay where x.w = p_w;
    end if;
end $$;

create function m_grant(p_w uuid, p_entry uuid, p_amount bigint, p_class text, p_priority int, p_expires int)
  returns void language plpgsql as $$
begin
    insert into m_grants (w, entry, class, priority, expires, amount, remaining)
    values (p_w, p_entry, p_class, p_priority, p_expires, p_amount, p_amount);
    update m_wallets x set balance = x.balance + p_amount where x.w = p_w;
end $$;

create function m_spend(p_w uuid, p_entry uuid, p_amount bigint) returns text language plpgsql as $$
begin
    if p_amount > m_free(p_w) then
        return 'insufficient_balance';
    end if;
    perform m_burn(p_w, p_amount, p_entry);
    insert into m_spends (w, entry, left_over) values (p_w, p_entry, p_amount);
    return 'ok';
end $$;

create function m_refund(p_w uuid, p_spend uuid, p_amount bigint, p_hour int) returns text language plpgsql as $$
declare
    v_left bigint := p_amount;
    v_back bigint;
    b record;
begin
    if p_amount > (select x.left_over from m_spends x where x.entry = p_spend) then
        return 'reverse_exceeds_entry';
    end if;
    update m_spends x set left_over = x.left_over - p_amount where x.entry = p_spend;
    for b in select x.*, g.expires from m_burns x join m_grants g using (n) where x.entry = p_spend
      order by x.place desc loop
        v_back := least(v_left, b.amount);
        update m_burns x set amount = x.amount - v_back where x.place = b.place;
        v_left := v_left - v_back;
        if b.expires > p_hour then
            update m_grants x set remaining = x.remaining + v_back where x.n = b.n;
            update m_wallets x set balance = x.balance + v_back where x.w = p_w;
        else
            update m_wallets x set expired = x.expired + v_back where x.w = p_w;
        end if;
    end loop;
    perform m_pay_debt(p_w);
    return 'ok';
end $$;

create function m_reverse(p_w uuid, p_grant uuid, p_amount bigint) returns text language plpgsql as $$
declare
    g record;
begin
    select x.* into g from m_grants x where x.entry = p_grant;
    if p_amount > g.amount - g.reversed then
        return 'reverse_exceeds_entry';
    end if;
    if g.due or p_amount > least(g.remaining, (select x.balance - x.held from m_wallets x where x.w = p_w)) then
        return 'insufficient_balance';
    end if;
    update m_grants x set remaining = x.remaining - p_amount, reversed = x.reversed + p_amount where x.n = g.n;
    update m_wallets x set balance = x.balance - p_amount where x.w = p_w;
    return 'ok';
end $$;

create function m_move(p_from uuid, p_to uuid, p_entry uuid, p_amount bigint) returns text language plpgsql as $$
begin
    if p_amount > m_free(p_from) then
        return 'insufficient_balance';
    end if;
    perform m_burn(p_from, p_amount, p_entry);
    perform m_grant(p_to, p_entry, sum(b.amount)::bigint, g.class, g.priority, g.expires)
       from m_burns b join m_grants g using (n) where b.entry = p_entry group by g.class, g.priority, g.expires;
    perform m_pay_debt(p_to);
    return 'ok';
end $$;

---- The comparison

create temp table differences (sequence int, step int, what text, ours text, reference text);
create temp table done (what text, status text);

-- Hour 1000000000 is never.
create function hour_at(p_hour int, p_present int) returns timestamptz language sql stable as $$
    select case when p_hour = 1000000000 then null else now() + (p_hour - p_present) * interval '1 hour' end
$$;

create function hold_now(p_w uuid, p_amount bigint, p_present int, p_expires int, p_charge bigint) returns text
  language plpgsql volatile as $$
declare
    v_hold constant uuid := gen_random_uuid();
begin
    perform farebox.lock_wallet(p_w);
    if p_amount > m_free(p_w) then
        return 'insufficient_balance';
    end if;
    insert into farebox.holds (id, wallet, amount, created_at, expires_at, on_lapse, lapse_amount, started_at)
    values (v_hold, p_w, p_amount, clock_timestamp(), hour_at(p_expires, p_present),
            case when p_charge is null then 'release' else 'charge' end, p_charge,
            case when p_charge is not null then clock_timestamp() end);
    update farebox.wallets x
       set held = x.held + p_amount, open_holds = x.open_holds + 1, next_event_at = least(x.next_event_at, hour_at(p_expires, p_present))
     where x.id = p_w;
    insert into m_holds (w, id, amount, created, expires, charge)
      values (p_w, v_hold, p_amount, p_present, p_expires, p_charge);
    update m_wallets x set held = x.held + p_amount where x.w = p_w;
    return 'ok';
end $$;

create function ours(p_w uuid) returns text language sql volatile as $$
    select format('balance %s held %s debt %s expired %s', x.balance, x.held, x.debt,
                  (select coalesce(sum(e.amount), 0) from farebox.entries e
                    where e.debit = p_w and e.debit_seq > 0 and e.kind = 'expire'))
      from farebox.wallets x where x.id = p_w
$$;
create function reference(p_w uuid) returns text language sql volatile as $$
    select format('balance %s held %s debt %s expired %s', x.balance, x.held, x.debt, x.expired) from m_wallets x
     where x.w = p_w
$$;
create function our_grants(p_w uuid) returns text language sql volatile as $$
    select string_agg(format('%s/%s %s %s', g.remaining, g.amount, g.class, g.priority), ', ' order by g.created_at,
                      g.priority, g.expires_at)
      from farebox.grants g where g.wallet = p_w
$$;
create function reference_grants(p_w uuid) returns text language sql volatile as $$
    select string_agg(format('%s/%s %s %s', g.remaining, g.amount, g.class, g.priority), ', '
                      order by (select min(x.n) from m_grants x where x.entry = g.entry), g.priority, g.expires)
      from m_grants g where g.w = p_w
$$;

create function play(p_sequence int, p_steps int) returns void language plpgsql volatile as $$
declare
    v_pair constant uuid[] := array[a_wallet(), a_wallet()];
    v_w uuid; v_other uuid; v_entry uuid; v_old uuid;
    v_hour int := 0; v_hours int; v_expires int; v_priority int;
    v_what text; v_said text; v_wanted text;
    a bigint; o double precision;
begin
    insert into m_wallets (w) select unnest(v_pair);
    for v_step in 1 .. p_steps loop
        v_hours := (array[0, 0, 1, 1, 2, 5])[1 + floor(random() * 6)::int];
        for v_next in v_hour + 1 .. v_hour + v_hours loop
            perform m_hour(x, v_next) from unnest(v_pair) x;
        end loop;
        v_hour := v_hour + v_hours;
        perform time_passes(x, v_hours * interval '1 hour') from unnest(v_pair) x where v_hours > 0;

        v_w := v_pair[1 + (v_step + (random() < 0.3)::int) % 2];
        v_other := case v_w when v_pair[1] then v_pair[2] else v_pair[1] end;
        v_entry := gen_random_uuid();
        v_expires := v_hour + 1 + floor(random() * 12)::int;
        a := 1 + floor(random() * 40);
        o := random();
        v_old := null;
        if o < 0.24 then
            v_what := 'grant';
            v_priority := floor(random() * 3);
            v_expires := case when random() < 0.3 then 1000000000 else v_expires end;
            v_said := (gift(v_w, a, class => (array['promo', 'allotment', 'paid'])[v_priority + 1],
                            priority => v_priority, id => v_entry,
                            expires_at => hour_at(v_expires, v_hour))).status;
            perform m_grant(v_w, v_entry, a, (array['promo', 'allotment', 'paid'])[v_priority + 1], v_priority, v_expires);
            perform m_pay_debt(v_w);
            v_wanted := 'ok';
        elsif o < 0.52 then
            v_what := 'spend';
            v_said := (spend_one(r(v_w, a / 3 + 1, id => v_entry))).status;
            v_wanted := m_spend(v_w, v_entry, a / 3 + 1);
        elsif o < 0.68 then
            v_what := 'hold';
            v_wanted := case when a / 2 + 1 > m_free(v_w) then 'insufficient_balance' else 'ok' end;
            v_said := hold_now(v_w, a / 2 + 1, v_hour, v_expires,
                               case when random() < 0.5 then 1 + floor(random() * (a / 2))::bigint end);
        elsif o < 0.80 then
            v_what := 'refund';
            select x.entry into v_old from m_spends x where x.w = v_w order by hashint4(x.n + v_step) limit 1;
            if found then
                v_said := (take_back(v_old, a / 4 + 1)).status;
                v_wanted := m_refund(v_w, v_old, a / 4 + 1, v_hour);
            end if;
        elsif o < 0.86 then
            v_what := 'reversal';
            select x.entry into v_old from m_grants x join farebox.entries e on e.id = x.entry
             where x.w = v_w and e.kind = 'grant' order by hashint4(x.n + v_step) limit 1;
            if found then
                v_said := (take_back(v_old, a / 2 + 1)).status;
                v_wanted := m_reverse(v_w, v_old, a / 2 + 1);
            end if;
        elsif o < 0.98 then
            v_what := 'transfer';
            v_said := (move(v_w, v_other, a / 2 + 1, id => v_entry)).status;
            v_wanted := m_move(v_w, v_other, v_entry, a / 2 + 1);
        else
            v_what := 'debt';
            perform farebox.lock_wallet(v_w), owe(v_w, a / 4 + 1);
            update m_wallets x set debt = x.debt + a / 4 + 1 where x.w = v_w;
            v_said := 'ok';
            v_wanted := 'ok';
        end if;
        continue when v_old is null and v_what in ('refund', 'reversal'); -- there was none yet

        insert into done values (v_what, v_said);
        if v_said <> v_wanted then
            insert into differences values (p_sequence, v_step, v_what || ' of ' || a, v_said, v_wanted);
        end if;
        insert into differences
        select p_sequence, v_step, v_what || ' of ' || a || ' at ' || v_hour, ours(x), reference(x)
          from unnest(case when v_what = 'transfer' then v_pair else array[v_w] end) x where ours(x) <> reference(x);
    end loop;

    foreach v_w in array v_pair loop
        perform farebox.lock_wallet(v_w), farebox.flush(v_w);
        insert into differences
        select p_sequence, null, 'wallet at the end', ours(v_w), reference(v_w) where ours(v_w) <> reference(v_w);
        insert into differences select p_sequence, null, 'grants at the end', our_grants(v_w), reference_grants(v_w)
         where our_grants(v_w) <> reference_grants(v_w);
        insert into differences
        select p_sequence, null, 'books at the end', violations(v_w), null where violations(v_w) is not null;
    end loop;
end $$;

select setseed(0.75) \g /dev/null
select play(s, 40) from generate_series(1, 20) s \g /dev/null
discard plans; -- those made while the tables were empty
select play(s, 40) from generate_series(21, 70) s \g /dev/null
reset enable_seqscan;

select is_empty($$ select * from differences where what !~ 'at the end' order by sequence, step limit 3 $$,
                'after every move the wallets are as if everything had been done at its time');
select is_empty($$ select * from differences where what ~ '(wallet|grants) at the end' order by sequence limit 3 $$,
                'at the end every grant is, too');
select is_empty($$ select * from differences where what ~ 'books at the end' order by sequence limit 3 $$,
                'and the books are in order');
select bag_eq($$ select distinct what, status from done $$,
              $$ values ('grant', 'ok'), ('spend', 'ok'), ('spend', 'insufficient_balance'),
                        ('hold', 'ok'), ('hold', 'insufficient_balance'),
                        ('refund', 'ok'), ('refund', 'reverse_exceeds_entry'), ('reversal', 'ok'), ('reversal', 'reverse_exceeds_entry'),
                        ('reversal', 'insufficient_balance'), ('transfer', 'ok'), ('transfer', 'insufficient_balance'), ('debt', 'ok') $$,
              'every move was made and, where it can be, refused');
select cmp_ok((select count(*) from farebox.entries e join m_wallets m on m.w = e.debit where e.kind = 'expire'), '>',
              170::bigint, 'grants have expired');
select cmp_ok((select count(*) from farebox.entries e join m_holds h on h.w = e.debit
               join farebox.holds f on f.id = h.id and f.entry = e.id),
              '>', 35::bigint, 'and lapsed holds were charged');

select * from finish();
rollback;
