-- farebox.verify: checks the books of up to p_limit wallets after p_after, in the order of their ids.
--
-- Called by   scripts/verify and the tests, as the owner, in a loop until `last` is null
-- Locks       nothing; one snapshot a call, so calls are kept short (a long snapshot slows hot wallets: ledger rule 10)
-- Returns     last: the last wallet checked, null when there are no more; checked: how many; violations: a JSON list of
--             {wallet, rule, detail}; old_numbers: how many of the wallets are of a user whose number does not tell the slot
--             (farebox.slot_of), which is no fault: the user is older than 0.2.0
--
-- "offset 0" keeps the planner from joining a whole table to find the rows of a few wallets: a step's cost must be that of
-- its wallets, however long the journal is.

create or replace function farebox.verify(
    p_after uuid, p_limit int, out last uuid, out checked bigint, out violations jsonb, out old_numbers bigint)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    with w as materialized (
        select x.* from farebox.wallets x
         where x.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
         order by x.id
         limit p_limit
    ), moves as materialized ( -- the journal as each wallet sees it
        select e.debit as wallet, e.debit_seq as seq, e.debit_after as after, -e.amount as delta, e.kind, e.burn_from,
               e.reverses, e.answered
          from w cross join lateral (select * from farebox.entries x where x.debit = w.id and x.debit_seq > 0 offset 0) e
        union all
        select e.credit, e.credit_seq, e.credit_after, e.amount, e.kind, null, e.reverses, e.answered
          from w cross join lateral (select * from farebox.entries x where x.credit = w.id and x.credit_seq > 0 offset 0) e
    ), chain as (
        select m.*, row_number() over pw as place, coalesce(lag(m.after) over pw, 0) as previous,
               count(*) filter (where m.kind not in ('expire', 'repayment')) over pw as run -- a move and what it brought about
          from moves m
        window pw as (partition by m.wallet order by m.seq)
    ), sums as (
        select c.wallet, count(*) as entries, max(c.seq) as seq, sum(c.delta) as balance,
               count(*) filter (where c.seq <> c.place) as gaps,
               count(*) filter (where c.after <> c.previous + c.delta) as breaks,
               coalesce(sum(-c.delta) filter (where c.burn_from is not null), 0) as burned,
               coalesce(sum(c.delta) filter (where c.kind in ('debt')), 0)
                   + coalesce(sum(c.delta) filter (where c.kind = 'repayment'), 0) as debt
          from chain c
         group by c.wallet
    ), burning as (
        select m.wallet, m.burn_from,
               coalesce(lag(m.burn_from - m.delta) over (partition by m.wallet order by m.burn_from), 0) as expected
          from moves m
         where m.burn_from is not null
    ), v as (
        select w.id as wallet, 'the balance is the sum of the entries' as rule,
               format('balance %s, entries %s', w.balance, coalesce(s.balance, 0)) as detail
          from w left join sums s on s.wallet = w.id where w.balance <> coalesce(s.balance, 0)
        union all
        select w.id, 'seq has no gaps', format('seq %s, entries %s, out of place %s', w.seq, coalesce(s.entries, 0), s.gaps)
          from w left join sums s on s.wallet = w.id
         where w.seq <> coalesce(s.entries, 0) or w.seq <> coalesce(s.seq, 0) or s.gaps > 0
        union all
        select s.wallet, 'each entry continues the balance of the one before', format('%s breaks', s.breaks)
          from sums s where s.breaks > 0
        union all
        select c.wallet, 'a balance that was answered is one that the move left', format('answered %s', max(c.answered))
          from chain c
         group by c.wallet, c.run
        having max(c.answered) is not null
           and not max(c.answered) = any (coalesce(array_agg(c.after) filter (where c.kind in ('expire', 'repayment')), '{}'))
        union all
        select w.id, 'balance >= held >= 0 and debt >= 0', format('balance %s, held %s, debt %s', w.balance, w.held, w.debt)
          from w where w.held < 0 or w.balance < w.held or w.debt < 0
        union all
        select w.id, 'a balance is at most 2^53 - 1', format('balance %s', w.balance)
          from w where w.balance > 9007199254740991
        union all
        select w.id, 'held is the sum of the open holds', format('held %s, holds %s', w.held, h.amount)
          from w cross join lateral (select coalesce(sum(x.amount), 0) as amount from farebox.holds x
                                      where x.wallet = w.id and x.open) h
         where w.held <> h.amount
        union all
        select w.id, 'open_holds is the count of the open holds', format('open_holds %s, holds %s', w.open_holds, h.count)
          from w cross join lateral (select count(*) as count from farebox.holds x where x.wallet = w.id and x.open) h
         where w.open_holds <> h.count
        union all
        select w.id, 'the grants remaining, less what is unattributed, are the balance',
               format('remaining %s, unattributed %s, balance %s', g.remaining, w.burned - w.attributed, w.balance)
          from w cross join lateral (select coalesce(sum(x.remaining), 0) as remaining from farebox.grants x
                                      where x.wallet = w.id) g
         where g.remaining - (w.burned - w.attributed) <> w.balance
        union all
        select w.id, 'burned is the sum of what entries burned', format('burned %s, entries %s', w.burned, coalesce(s.burned, 0))
          from w left join sums s on s.wallet = w.id where w.burned <> coalesce(s.burned, 0)
        union all
        select distinct b.wallet, 'each entry burns where the one before stopped', ''
          from burning b where b.burn_from <> b.expected
        union all
        select w.id, 'attributed is the sum of the burns', format('attributed %s, burns %s', w.attributed, b.amount)
          from w cross join lateral (select coalesce(sum(x.burn_to - x.burn_from), 0) as amount from farebox.burns x
                                      where x.wallet = w.id) b
         where w.attributed <> b.amount
        union all
        select w.id, 'the debt is what was lent less what was repaid', format('debt %s, entries %s', w.debt, coalesce(s.debt, 0))
          from w left join sums s on s.wallet = w.id where w.debt <> coalesce(s.debt, 0)
        union all
        select distinct m.wallet, 'no more is reversed than the entry was', format('entry %s: %s of %s', e.id, r.amount, e.amount)
          from moves m
         cross join lateral (select * from farebox.entries x where x.id = m.reverses offset 0) e
         cross join lateral (select sum(x.amount) as amount from farebox.entries x where x.reverses = e.id) r
         where r.amount > e.amount
        union all
        select w.id, 'a hold is open or settled, not both', format('hold %s captured %s', h.id, h.captured)
          from w cross join lateral (select * from farebox.holds x where x.wallet = w.id offset 0) h
         where h.open and (h.captured is not null or h.settled_at is not null or h.entry is not null)
        union all
        select w.id, 'what a hold captured is its entry', format('hold %s captured %s, entry %s', h.id, h.captured, e.amount)
          from w cross join lateral (select * from farebox.holds x where x.wallet = w.id offset 0) h
          left join lateral (select * from farebox.entries x where x.id = h.entry offset 0) e on e.debit = w.id and e.kind = 'spend'
         where not h.open and coalesce(e.amount, 0) <> coalesce(h.captured, 0)
    )
    select (select max(w.id::text)::uuid from w),
           (select count(*) from w),
           coalesce((select jsonb_agg(jsonb_build_object('wallet', v.wallet, 'rule', v.rule, 'detail', v.detail)) from v),
                    '[]'),
           (select count(*) from w join farebox.users u on u.id = w.owner
             where w.kind = 'user' and u.number & 1023 <> farebox.slot_of(u.id))
$$;
