-- farebox.forget: erases what is known of a person. The journal stays, under an id and a number that name nobody any more.
--
-- Called by   farebox.follow_auth_user when the account is removed at Supabase Auth; farebox_api.erase_account where it is not
-- Locks       the wallet, then the user's row
--
-- The wallet is blocked, so what is left in it is spent by nobody. The row of farebox.users stays: it keeps the number from
-- being given to another, and a second helping of starting tokens from whoever has the id. From whoever has an address or an
-- identity its digest keeps it, which was written when the tokens were given; it is told from now on whether an operator had
-- blocked the wallet, and not any more whose it was.

create or replace function farebox.forget(p_user uuid) returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform from farebox.wallets w where w.id = p_user for no key update;
    -- In the order of the digests, since two who leave at once may have some in common.
    perform from farebox.used_addresses l
      where l.digest in (select y.digest from farebox.user_addresses y where y.user_id = p_user)
      order by l.digest for no key update;
    update farebox.used_addresses l
       set blocked_at = w.blocked_at
      from farebox.user_addresses y
      join farebox.wallets w on w.id = y.user_id
     where y.user_id = p_user and l.digest = y.digest and l.blocked_at is distinct from w.blocked_at;
    delete from farebox.user_addresses y where y.user_id = p_user;
    update farebox.wallets w set blocked_at = coalesce(w.blocked_at, clock_timestamp()) where w.id = p_user;
    delete from farebox.admins a where a.user_id = p_user;
    delete from farebox.agents g where g.user_id = p_user;
    delete from farebox.credentials k where k.owner = p_user;
    update farebox.users u
       set email = null, phone = null, display_name = null, erased_at = coalesce(u.erased_at, clock_timestamp())
     where u.id = p_user;
end $$;
