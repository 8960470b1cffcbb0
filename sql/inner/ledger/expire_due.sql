-- farebox.expire_due: lets go what due grants need not keep any longer, one `expire` entry a grant.
--
-- Called by   farebox.bring_up_to_date, farebox.end_hold
-- Locks       nothing: the caller holds the wallet and has flushed it
--
-- Each due grant, earliest expiry first, keeps the smaller of what remains of it and what open holds placed before its
-- expiry need and no earlier one keeps for them.

create or replace function farebox.expire_due(p_wallet uuid, p_now timestamptz) returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_kept bigint := 0;
    v_keep bigint;
    v_gone bigint;
    g farebox.grants;
begin
    for g in
        select x.* from farebox.grants x
         where x.wallet = p_wallet and x.due and x.remaining > 0
         order by x.expires_at, x.created_at, x.id
    loop
        select least(g.remaining, greatest(0, coalesce(sum(h.amount), 0) - v_kept)) into v_keep
          from farebox.holds h
         where h.wallet = p_wallet and h.open and h.created_at < g.expires_at;
        v_kept := v_kept + v_keep;
        v_gone := g.remaining - v_keep;
        if v_gone > 0 then
            update farebox.grants x set remaining = v_keep where x.id = g.id;
            perform farebox.post_expiry(p_wallet, v_gone, p_now);
        end if;
    end loop;
end $$;
