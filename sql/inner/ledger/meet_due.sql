-- farebox.meet_due: does what has fallen due on a wallet that a call has met, if it is no more than the call has time for.
--
-- Called by   whoever has locked a wallet and finds that its next_event_at has come
-- Locks       nothing: the caller holds the wallet
-- Returns     how many events were done; null: the wallet is behind, and the caller answers `behind` with its id
--
-- One call does up to 500 events, of all its wallets together: some 30 ms, for which its locks are held. Who is behind is left
-- alone, for what a call does and has no time to commit would be undone, always again. farebox_api.catch_up does it
-- in steps, each committed, and then the call is sent again. To find out costs a look at 501 rows of two indexes.

create or replace function farebox.meet_due(p_wallet uuid, p_now timestamptz, p_most int default 500) returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_due int;
begin
    select count(*) into v_due
      from ((select from farebox.holds h
              where h.wallet = p_wallet and h.open and h.expires_at <= p_now
              order by h.expires_at, h.created_at, h.id -- by which the planner knows the index, however little else it knows
              limit p_most + 1)
            union all
            (select from farebox.grants g
              where g.wallet = p_wallet and g.remaining > 0 and not g.due and g.expires_at <= p_now
              order by g.expires_at, g.created_at, g.id
              limit p_most + 1)) d;
    if v_due > p_most or farebox.bring_up_to_date(p_wallet, p_now, greatest(p_most, 1)) then
        return null;
    end if;
    return v_due;
end $$;
