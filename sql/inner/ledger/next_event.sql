-- farebox.next_event: when a wallet falls due next: the first lapse of an open hold or expiry of a grant that is not due yet.
--
-- Called by   farebox.bring_up_to_date, farebox_api.end_holds
-- Locks       nothing: the caller holds the wallet

create or replace function farebox.next_event(p_wallet uuid) returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return coalesce(least(
               (select min(h.expires_at) from farebox.holds h where h.wallet = p_wallet and h.open),
               (select min(g.expires_at) from farebox.grants g where g.wallet = p_wallet and g.remaining > 0 and not g.due)),
               'infinity');
end $$;
