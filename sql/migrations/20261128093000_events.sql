-- What has fallen due on a wallet is done in steps of a bounded size, and a wallet has a bounded number of open holds.

alter table farebox.wallets
    add column open_holds int not null default 0; -- kept under the row lock, as `held` is
update farebox.wallets w
   set open_holds = h.count
  from (select x.wallet, count(*)::int as count from farebox.holds x where x.open group by x.wallet) h
 where w.id = h.wallet;
alter table farebox.wallets
    add constraint wallets_open_holds_not_negative check (open_holds >= 0);
comment on column farebox.wallets.open_holds is
    'How many open holds it has: no more are placed at 10,000. A wallet of before may have more, until they end.';

-- Events are taken in their order from the front, however many wait behind. Which of these indexes serves a lookup is said by
-- its predicate, not by what the planner guesses (20261125090000).
create index holds_due on farebox.holds (wallet, expires_at, created_at, id) where open;
drop index farebox.holds_open;
create index grants_due on farebox.grants (wallet, expires_at, created_at, id) where remaining > 0 and not due;
create index grants_kept on farebox.grants (wallet, expires_at, created_at, id) where remaining > 0 and due;
