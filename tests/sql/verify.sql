-- farebox.verify and farebox.verify_journal: silent about an honest ledger, however busy; every dishonest row is found, and
-- the rule that it breaks is named. What a wallet's books say after each function is asserted in that function's tests.

begin;
\ir support.psql
select plan(60);

-- What verify_journal says of an entry: the rule, or null.
create function journal_violation(p_entry uuid) returns text language sql stable as $$
    select v.value ->> 'rule'
      from farebox.verify_journal((select max(e.id::text)::uuid from farebox.entries e where e.id < p_entry), 1) f,
           jsonb_array_elements(f.violations) v
$$;

-- How many users' numbers verify finds too old to tell their slot, looking at this wallet only.
create function old_numbers(p_wallet uuid) returns bigint language sql stable as $$
    select f.old_numbers from farebox.verify((select max(w.id::text)::uuid from farebox.wallets w where w.id < p_wallet), 1) f
$$;

-- What verify says of a wallet while this is changed by hand.
create function breaks(p_wallet uuid, p_change text, p_rules text, p_what text) returns text
  language plpgsql volatile as $$
declare
    v_found text;
begin
    begin
        execute format('update farebox.wallets set %s where id = %L', p_change, p_wallet);
        v_found := violations(p_wallet);
        raise exception using errcode = 'FBT00'; -- put it right again
    exception when sqlstate 'FBT00' then
    end;
    return is(v_found, p_rules, p_what);
end $$;

-- An entry that the wallet's other figures agree with, but for one.
create function entry(
    p_wallet uuid, p_amount bigint, seq_ahead int default 1, after_off int default 0, burn_off int default null,
    counted boolean default true, answered bigint default null)
returns uuid language plpgsql volatile as $$
declare
    w farebox.wallets;
    v_id constant uuid := gen_random_uuid();
begin
    perform farebox.flush(p_wallet);
    select x.* into w from farebox.wallets x where x.id = p_wallet;
    insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from, created_at, answered)
    values (v_id, p_wallet, '00000000-0000-7000-8000-000000000003', p_amount, 'spend', w.seq + seq_ahead,
            w.balance - p_amount + after_off, w.burned + coalesce(burn_off, 0), now(), entry.answered);
    if counted then
        update farebox.wallets x set balance = x.balance - p_amount, burned = x.burned + p_amount,
            seq = x.seq + seq_ahead where x.id = p_wallet;
    end if;
    return v_id;
end $$;

-- What verify_journal says of an entry between these two.
create function lone_entry(p_debit uuid, p_credit uuid, p_debit_seq bigint, p_credit_seq bigint) returns text
  language plpgsql volatile as $$
declare
    v_id constant uuid := gen_random_uuid();
begin
    insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, credit_seq, credit_after,
                                 created_at)
    values (v_id, p_debit, p_credit, 5, 'transfer', p_debit_seq, p_debit_seq, p_credit_seq, p_credit_seq, now());
    return journal_violation(v_id);
end $$;

---- A busy, honest ledger

create temp table wallets as
select n, case when n % 3 = 0 then a_wallet(n) else a_wallet(1000) end as w from generate_series(1, 30) n;
create temp table spends (w uuid, entry uuid);

create function live(p_days int) returns void language plpgsql volatile as $$
declare
    v_one uuid; v_other uuid; a bigint; v_day int;
begin
    for v_day in 1 .. p_days loop
        a := 1 + floor(random() * 50);
        select w into v_one from wallets order by random() limit 1;
        select w into v_other from wallets where w <> v_one order by random() limit 1;
        case floor(random() * 9)::int
            when 0 then perform gift(v_one, a, class => (array['promo', 'paid'])[1 + v_day % 2],
                                     expires_in => (array[null, interval '20 days'])[1 + v_day % 2]);
            when 1 then perform move(v_one, v_other, a);
            when 2 then perform take_back(s.entry, a) from (select x.entry from spends x order by random() limit 1) s;
            when 3 then perform take_back(g.entry, a)
              from (select x.entry from farebox.grants x where x.wallet = v_one and x.id = x.entry limit 1) g;
            when 4 then perform held(v_one, a, '1 day', 'charge', a, v_day % 2 = 0);
            when 7 then perform end_hold(e(h.id, a, v_day % 3 = 0)) from (
                select x.id from farebox.holds x join wallets on w = x.wallet order by random() limit 1) h;
            when 5 then perform brief_many(r(v_one, a, key => 'day' || v_day % 10), r(v_other, a), r(v_one, a),
                                           r(v_one, a, key => 'day' || v_day % 10));
            when 6 then if v_day % 5 = 0 then perform owe(v_one, a); end if;
            else
                insert into spends select v_one, s.entry from spend_one(r(v_one, a)) s where s.status = 'ok';
        end case;
        perform time_passes(w, '40 hours') from wallets where v_day % 10 = 0;
    end loop;
end $$;
select setseed(0.5) \g /dev/null
select live(300) \g /dev/null

select is_empty('select w, violations(w) from wallets where violations(w) is not null',
                'a busy, honest ledger breaks no rule');
select is_empty($$ select e.id, journal_violation(e.id) from farebox.entries e join wallets on w in (e.debit, e.credit)
                    where journal_violation(e.id) is not null $$, 'nor does any of its entries');
select bag_eq('select distinct e.kind::text from farebox.entries e join wallets on w in (e.debit, e.credit)',
              $$ values ('grant'), ('spend'), ('transfer'), ('expire'), ('refund'), ('reversal'), ('debt'),
                        ('repayment') $$,
              'it was busy: every kind of entry is there');
select is((select sum(case when e.credit = w then e.amount else -e.amount end) from farebox.entries e
           join wallets on w in (e.debit, e.credit)),
          (select sum(x.balance) from farebox.wallets x join wallets on w = x.id),
          'all that entered and has not left is there');

---- A step reads what it checks, however long the journal is

create function entries_read() returns bigint language sql volatile as $$
    select seq_tup_read + coalesce(idx_tup_fetch, 0)
      from pg_stat_xact_user_tables where relid = 'farebox.entries'::regclass
$$;
create function read_by(p_call text) returns bigint language plpgsql volatile as $$
declare
    v_before constant bigint := entries_read();
begin
    perform set_config('plan_cache_mode', 'force_generic_plan', true);
    execute p_call;
    perform set_config('plan_cache_mode', 'auto', true);
    return entries_read() - v_before;
end $$;
-- Every entry of a wallet may be looked at a few times: as its own, as what it reverses, as what reverses it.
select cmp_ok(read_by(format('select from farebox.verify(%L, 1)',
                             (select max(x.id::text)::uuid from farebox.wallets x where x.id < w.id))),
              '<=', 20 + 5 * w.seq, 'a step over one wallet reads no other''s entries')
  from (select x.* from farebox.wallets x join wallets on w = x.id order by x.seq, x.id limit 1) w;
select cmp_ok(read_by(format('select from farebox.verify_journal(%L, 1)',
                             (select x.id from farebox.entries x order by x.id desc offset 1 limit 1))),
              '<=', 20::bigint, 'a step over the last entry reads none of those before it');

---- Page by page

create temp table pages as
with recursive page as (
    select 1 as n, f.* from farebox.verify(null, 7) f
    union all
    select p.n + 1, f.* from page p cross join lateral farebox.verify(p.last, 7) f
     where p.last is not null and p.n < 1000
)
select *, (select count(*) from farebox.wallets) as total from page;
select is((select sum(checked)::bigint from pages), (select max(total) from pages),
          'page by page every wallet is checked once');
select is((select row(last, checked, violations)::text from pages order by n desc limit 1),
          row(null, 0, '[]'::jsonb)::text, 'after the last there is none');
create temp table journal_pages as
with recursive page as (
    select 1 as n, f.* from farebox.verify_journal(null, 100) f
    union all
    select p.n + 1, f.* from page p cross join lateral farebox.verify_journal(p.last, 100) f
     where p.last is not null and p.n < 1000
)
select *, (select count(*) from farebox.entries) as total from page;
select is((select sum(checked)::bigint from journal_pages), (select max(total) from journal_pages), 'and every entry');
select is((select row(last, checked, violations)::text from journal_pages order by n desc limit 1),
          row(null, 0, '[]'::jsonb)::text, 'likewise');

---- A wallet edited by hand

-- A wallet in use: 100 granted, 40 spent (30 of it booked), 10 held.
create function used_wallet() returns uuid language plpgsql volatile as $$
declare
    w constant uuid := a_wallet(50);
begin
    perform spend_one(r(w, 30));
    perform gift(w, 50);
    perform spend_one(r(w, 10));
    perform a_hold(w, 10);
    return w;
end $$;

select used_wallet() as ann \gset
select is(books(:'ann'), 'balance 60 held 10 debt 0 seq 4', 'a wallet in use is in order');
savepoint honest;

select breaks(:'ann', 'balance = balance + 1',
              'the balance is the sum of the entries; the grants remaining, less what is unattributed, are the balance',
              'a token added by hand is found');
select breaks(:'ann', 'balance = balance - 1',
              'the balance is the sum of the entries; the grants remaining, less what is unattributed, are the balance',
              'and one taken');
select breaks(:'ann', 'balance = 9007199254740992',
              'a balance is at most 2^53 - 1; the balance is the sum of the entries; the grants remaining, less what is unattributed, are the balance',
              'and more than a JavaScript client counts exactly');
select breaks(:'ann', 'held = held + 1', 'held is the sum of the open holds', 'held tokens without a hold are found');
select breaks(:'ann', 'held = 0', 'held is the sum of the open holds', 'and a hold without held tokens');
select breaks(:'ann', 'debt = 5', 'the debt is what was lent less what was repaid', 'a debt without an entry is found');
select breaks(:'ann', 'seq = seq + 1', 'seq has no gaps', 'a seq ahead of the entries is found');
select breaks(:'ann', 'seq = seq - 1', 'seq has no gaps', 'and one behind');
select breaks(:'ann', 'burned = burned + 1',
              'burned is the sum of what entries burned; the grants remaining, less what is unattributed, are the balance',
              'a burn without an entry is found');
select breaks(:'ann', 'attributed = attributed + 1',
              'attributed is the sum of the burns; the grants remaining, less what is unattributed, are the balance',
              'and a booking without a grant');
select breaks(:'ann', 'open_holds = open_holds + 1', 'open_holds is the count of the open holds', 'a hold counted twice is found');
select breaks(:'ann', 'balance = balance, held = 10', null, 'a change that changes nothing is none');
select is(books(:'ann'), 'balance 60 held 10 debt 0 seq 4', 'put right, the wallet is in order again');

---- Rows of other tables

update farebox.grants set remaining = remaining + 1
 where id = (select g.id from farebox.grants g where g.wallet = :'ann' order by g.created_at limit 1);
select is(violations(:'ann'), 'the grants remaining, less what is unattributed, are the balance',
          'a grant changed by hand is found');
rollback to honest;
insert into farebox.grants (id, wallet, entry, class, priority, amount, remaining, created_at)
values (gen_random_uuid(), :'ann', gen_random_uuid(), 'paid', 1, 5, 5, now());
select is(violations(:'ann'), 'the grants remaining, less what is unattributed, are the balance', 'and one added');
rollback to honest;
update farebox.holds set open = false where wallet = :'ann';
select is(violations(:'ann'), 'held is the sum of the open holds; open_holds is the count of the open holds',
          'a hold closed by hand is found');
rollback to honest;
delete from farebox.burns where wallet = :'ann';
select is(violations(:'ann'), 'attributed is the sum of the burns', 'bookings deleted by hand are found');
rollback to honest;

select entry(:'ann', 5) \g /dev/null
select is(violations(:'ann'), null, 'an entry put in as a spend would is none that could be told from one');
rollback to honest;
select entry(:'ann', 5, counted => false) \g /dev/null
select is(violations(:'ann'),
          'burned is the sum of what entries burned; seq has no gaps; the balance is the sum of the entries',
          'an entry that the wallet does not know is found');
rollback to honest;
select entry(:'ann', 5, seq_ahead => 2) \g /dev/null
select is(violations(:'ann'), 'seq has no gaps', 'a gap in seq is found');
rollback to honest;
select entry(:'ann', 5, after_off => 1) \g /dev/null
select is(violations(:'ann'), 'each entry continues the balance of the one before',
          'a balance that does not follow from the one before is found');
rollback to honest;
select entry(:'ann', 5, burn_off => 1) \g /dev/null
select is(violations(:'ann'), 'each entry burns where the one before stopped',
          'tokens burned twice, or skipped, are found');
rollback to honest;

select entry(:'ann', 5, answered => 3), gift(:'ann', 1) \g /dev/null
select is(violations(:'ann'), 'a balance that was answered is one that the move left',
          'an answered balance that is nowhere behind the move is found');
rollback to honest;
select gift(:'ann', 40, expires_in => '1 hour'), held(:'ann', 50, '5 hours') as hold, time_passes(:'ann', '2 hours') \gset
select capture(:'hold', 5) \g /dev/null
select is((select row(x.answered < x.debit_after, violations(:'ann'))::text from farebox.entries x
            where x.debit = :'ann' and x.amount = 5 and x.kind = 'spend'), '(t,)', 'one that is left by it is in order');
rollback to honest;

select brief(take_back((select e.id from farebox.entries e where e.debit = :'ann' and e.amount = 30))) \g /dev/null
insert into farebox.entries (id, debit, credit, amount, kind, credit_seq, credit_after, created_at, reverses)
select gen_random_uuid(), '00000000-0000-7000-8000-000000000003', w.id, 1, 'refund', w.seq + 1, w.balance + 1, now(), e.id
  from farebox.wallets w join farebox.entries e on e.debit = w.id and e.amount = 30 where w.id = :'ann';
update farebox.wallets set balance = balance + 1, seq = seq + 1 where id = :'ann';
update farebox.grants set remaining = remaining + 1
 where id = (select g.id from farebox.grants g where g.wallet = :'ann' and g.remaining < g.amount limit 1);
select is(violations(:'ann'), 'no more is reversed than the entry was', 'a spend refunded twice is found');
rollback to honest;

select a_wallet(10) as bob \gset
update farebox.wallets set balance = balance + 1 where id = :'ann';
select is(books(:'bob'), 'balance 10 held 0 debt 0 seq 1', 'a wallet is not blamed for another''s');
rollback to honest;

---- Holds

select held(:'ann', 20) as hold, held(:'ann', 5) as released \gset
select * from end_hold(e(:'hold', 15)) \gset captured_
select release(:'released') \g /dev/null
select is(violations(:'ann'), null, 'holds that were captured and released are in order');
savepoint settled;
create function hold_breaks(p_hold uuid, p_change text, p_rules text, p_what text) returns text
  language plpgsql volatile as $$
declare
    v_wallet uuid;
    v_found text;
begin
    begin
        execute format('update farebox.holds set %s where id = %L returning wallet', p_change, p_hold) into v_wallet;
        v_found := violations(v_wallet);
        raise exception using errcode = 'FBT00'; -- put it right again
    exception when sqlstate 'FBT00' then
    end;
    return is(v_found, p_rules, p_what);
end $$;
select hold_breaks(:'hold', 'captured = 14', 'what a hold captured is its entry', 'a capture changed by hand is found');
select hold_breaks(:'hold', 'entry = null', 'what a hold captured is its entry', 'one without its entry');
select hold_breaks(:'hold', format('entry = %L', gen_random_uuid()), 'what a hold captured is its entry',
                   'or with one that is none');
select hold_breaks(:'released', format('entry = %L', :'captured_entry'), 'what a hold captured is its entry',
                   'a release that has an entry');
select hold_breaks(:'released', 'open = true', 'a hold is open or settled, not both; held is the sum of the open holds; '
                   'open_holds is the count of the open holds', 'and a settled hold that is open again');
rollback to honest;

---- Entries without a wallet

select a_wallet(10) as bob \gset
select is(lone_entry(debit, credit, debit_seq, credit_seq), 'both sides of an entry are known', what)
  from (values (gen_random_uuid(), :'ann'::uuid, null, 99, 'an entry out of no wallet is found'),
               (:'ann', gen_random_uuid(), 98, null, 'one into no wallet'),
               ('00000000-0000-7000-8000-000000000001', :'ann', 1, 97,
                'one that leaves an operator''s wallet at a place'),
               (:'ann', '00000000-0000-7000-8000-000000000003', 96, 1, 'one that enters it at a place'),
               (:'ann', :'bob', null, 95, 'one that leaves a user''s wallet at none'),
               (:'bob', :'ann', 94, null, 'and one that enters it at none')) v(debit, credit, debit_seq, credit_seq,
                       what);

---- Numbers of before slots

rollback to honest;
select a_wallet(10) as bob \gset
select is(old_numbers(:'ann'), 0::bigint, 'a user''s number tells the slot of the wallet');
update farebox.users set number = number # 1 where id = :'ann';
select is(old_numbers(:'ann'), 1::bigint, 'one that does not is counted, since it is older than slots');
select is(violations(:'ann'), null, 'but breaks no rule');
select is(old_numbers(:'bob'), 0::bigint, 'and is counted with its own wallet only');
rollback to honest;
update farebox.wallets set kind = 'pool', owner = null where id = :'ann';
select is(old_numbers(:'ann'), 0::bigint, 'a wallet that is no user''s has no number to count');
rollback to honest;

---- Accounts are followed

select is(farebox.verify_accounts(), '[]', 'where the trigger is the one that migrating makes, all is well');
savepoint followed;
select patiently('create or replace trigger farebox_follow_user after insert on auth.users
                  for each row execute function farebox.follow_auth_user()') \g /dev/null
select is((select jsonb_agg(v ->> 'detail') from jsonb_array_elements(farebox.verify_accounts()) v),
          '["it is another: CREATE TRIGGER farebox_follow_user AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION farebox.follow_auth_user()"]',
          'one that was changed by hand is found');
rollback to followed;

---- What no hand can write at all

select throws_ok(format('update farebox.wallets set %s where id = %L', c, :'ann'), '23514', null, t)
  from (values ('balance = 9', 'a balance below what is held is refused'), ('held = -1', 'so are negative held tokens'),
        ('open_holds = -1', 'a negative count of them'), ('debt = -1', 'and a negative debt')) v(c, t);

select * from finish();
rollback;
