-- farebox.give_starting_tokens: gives a person the starting tokens, once, and keeps digests of all that tells who it is.
--
-- Called by   farebox.provision, so at every change in auth.users and every look at the account
-- Locks       the wallet, when there is something to do. Where that is behind (farebox.meet_due) no tokens are given now: the next
--             look at the account gives them
--
-- An account has one turn, when the first of its addresses is confirmed or it has an identity of another provider. What
-- proves who it is is written then, by primary key, so of two accounts of one mailbox at once one is first. It gets tokens if
-- nothing of it was there, not even something that is not proved; they stay given, whatever becomes of them. A block comes
-- back with what its owner had. What an account is given later is added when it is seen: Supabase Auth writes an identity
-- after its user, and has removed it before farebox.forget is called.

create or replace function farebox.give_starting_tokens(p_user uuid) returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_all bytea[];
    v_proved bytea[];
    v_now timestamptz;
    u farebox.users;
    v_written bigint;
    v_tokens bigint;
    v_blocked_at timestamptz;
    v_behind boolean;
begin
    select array_agg(distinct d.digest), array_agg(distinct d.digest) filter (where d.proved) into v_all, v_proved
      from farebox.account_digests(p_user) d;
    if v_proved is null then
        return; -- nothing says yet whose account it is
    end if;
    if exists (select from farebox.users x where x.id = p_user and x.starting_tokens_at is not null)
       and not exists (select from unnest(v_proved) d
                        where not exists (select from farebox.user_addresses y where y.user_id = p_user and y.digest = d)) then
        return; -- as nearly always; a look at an account works while the database is read-only
    end if;

    select l.at, l.behind into v_now, v_behind from farebox.lock_wallet(p_user) l;
    select x.* into u from farebox.users x where x.id = p_user;
    if u.erased_at is not null or (v_behind and u.starting_tokens_at is null) then
        return;
    end if;
    -- In the order of the digests, which two accounts have in common: neither waits for the other's second one.
    insert into farebox.used_addresses (digest)
    select d from unnest(v_proved) d order by d
    on conflict do nothing;
    get diagnostics v_written = row_count;
    insert into farebox.user_addresses (user_id, digest)
    select p_user, d from unnest(v_proved) d
    on conflict do nothing;
    if u.starting_tokens_at is not null then
        return;
    end if;
    update farebox.users x set starting_tokens_at = v_now where x.id = p_user;

    -- Blocked is who left so, and who is here so by another account of the same person.
    select min(b.blocked_at) into v_blocked_at
      from (select l.blocked_at from farebox.used_addresses l where l.digest = any (v_all)
            union all
            select w.blocked_at
              from farebox.user_addresses y
              join farebox.users x on x.id = y.user_id and x.erased_at is null
              join farebox.wallets w on w.id = y.user_id
             where y.digest = any (v_all) and y.user_id <> p_user) b;
    if v_blocked_at is not null then
        update farebox.wallets w set blocked_at = coalesce(w.blocked_at, v_blocked_at) where w.id = p_user;
    end if;

    select s.starting_tokens into v_tokens from farebox.settings s;
    if v_tokens > 0 and v_written = cardinality(v_proved)
       and not exists (select from farebox.used_addresses l where l.digest = any (v_all) and l.digest <> all (v_proved)) then
        perform farebox.post_grant(farebox.new_id(farebox.slot_of(p_user)), p_user, v_tokens, 'promo', null, null, null, null,
                                   'starting tokens', null, v_now);
    end if;
end $$;
