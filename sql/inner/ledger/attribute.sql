-- farebox.attribute: books an interval of a wallet's burning to its grants, in burn order.
--
-- Called by   farebox.flush, farebox.end_hold; farebox_api.transfer
-- Locks       nothing: the caller holds the wallet
-- Raises      XX000 when the grants do not cover the interval: the books would be wrong
--
-- Burn order: tokens kept for a hold first (only for that hold's own burn), earliest expiry first; then priority,
-- earliest expiry, oldest. A plain spend never burns kept tokens. farebox.bring_up_to_date burns in the same order, in memory.

create or replace function farebox.attribute(
    p_wallet uuid,
    p_from bigint,                        -- where the interval begins
    p_amount bigint,
    p_hold_at timestamptz default null)   -- when the hold was placed that pays this; null for a plain spend
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_booked bigint;
begin
    if p_amount = 0 then
        return;
    end if;

    with ordered as (
        select g.id, g.remaining,
               sum(g.remaining) over (
                   order by not g.due, case when g.due then 0 else g.priority end, g.expires_at, g.created_at, g.id
               ) - g.remaining as before
          from farebox.grants g
         where g.wallet = p_wallet and g.remaining > 0 and (not g.due or p_hold_at < g.expires_at)
    ), slices as (
        select o.id, o.before, least(o.remaining, p_amount - o.before) as amount
          from ordered o
         where o.before < p_amount
    ), taken as (
        update farebox.grants g set remaining = g.remaining - s.amount
          from slices s
         where g.id = s.id
    ), booked as (
        insert into farebox.burns (wallet, burn_from, burn_to, grant_id)
        select p_wallet, p_from + s.before, p_from + s.before + s.amount, s.id from slices s
    )
    select coalesce(sum(s.amount), 0) into v_booked from slices s;

    if v_booked <> p_amount then
        raise exception 'wallet % burned % tokens that no grant covers', p_wallet, p_amount - v_booked
            using errcode = 'XX000';
    end if;
end $$;
