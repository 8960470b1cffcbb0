-- farebox_api.balance: what many users have and whether they may spend.
--
-- Called by   ledger::balance, with all that waits in its lane
-- Locks       only wallets with an event due, and never waits for one: locked by another, it answers busy
-- Answers     per request: unauthorized, forbidden, not_found, busy, ok
-- Raises      FB000 when the call itself is malformed
--
-- A read settles what has fallen due, so a lapsed hold or an expired grant never shows.

create or replace function farebox_api.balance(
    p_wallet uuid[], p_number bigint[], p_phone text[], p_api_key bytea[])
returns table (n int, status text, user_id uuid, number bigint, balance bigint, held bigint, debt bigint,
               blocked boolean, subscription_until timestamptz, subscription_active boolean, can_spend boolean,
               reason text, low_balance boolean)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set jit = off
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    size constant int := cardinality(p_wallet);
    t constant timestamptz := clock_timestamp();
    users uuid[];
    due uuid;
    stuck uuid[] := '{}';
    keys_alive bytea[];
    keys_allowed bytea[];
begin
    if size is null or size = 0 or size > 1000
       or cardinality(p_number) is distinct from size or cardinality(p_phone) is distinct from size or cardinality(p_api_key) is distinct from size
       or exists (select from unnest(p_wallet, p_number, p_phone) r(wallet, number, phone)
                   where num_nonnulls(r.wallet, r.number, r.phone) <> 1) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    select array_agg(coalesce(r.wallet,
                              (select u.id from farebox.users u where u.number = r.number),
                              (select u.id from farebox.users u where u.phone = r.phone)) order by r.n)
      into users
      from unnest(p_wallet, p_number, p_phone) with ordinality r(wallet, number, phone, n);

    -- A user of Supabase Auth who is not known here yet. Looked for among the missing only, so a known one costs nothing.
    perform farebox.provision(m.id)
       from unnest(p_wallet) m(id)
      where m.id is not null and not exists (select from farebox.users u where u.id = m.id);

    if exists (select from farebox.wallets w where w.id = any (users) and w.next_event_at <= t) then
        for due in
            select l.id
              from (select w.id from farebox.wallets w
                     where w.id = any (users) and w.next_event_at <= t
                     order by w.kind, w.id for no key update skip locked) l
        loop
            perform farebox.bring_up_to_date(due, t);
        end loop;
        -- Kept tokens leave a touched wallet due; only one that this call could not lock is stuck.
        select coalesce(array_agg(w.id), '{}') into stuck
          from farebox.wallets w
         where w.id = any (users) and w.next_event_at <= t
           and (exists (select from farebox.holds h where h.wallet = w.id and h.open and h.expires_at <= t)
                or exists (select from farebox.grants g
                            where g.wallet = w.id and g.remaining > 0 and not g.due and g.expires_at <= t));
    end if;

    select coalesce(array_agg(k.hash), '{}'), coalesce(array_agg(k.hash) filter (where 'read' = any (k.scopes)), '{}')
      into keys_alive, keys_allowed
      from farebox.api_keys k
     where k.hash = any (p_api_key) and k.revoked_at is null and k.expires_at > t;

    return query
        select r.n::int, coalesce(refused.status, 'ok'),
               w.id, u.number, w.balance, w.held, w.debt, w.blocked_at is not null, w.subscription_until,
               coalesce(w.subscription_until > t, false),
               why.reason is null, why.reason,
               w.balance < s.low_balance_tokens
          from unnest(users, p_api_key) with ordinality r(id, api_key, n)
         cross join farebox.settings s
          left join farebox.users u0 on u0.id = r.id
         cross join lateral (
               select case when r.api_key is not null and not r.api_key = any (keys_alive) then 'unauthorized'
                           when r.api_key is not null and not r.api_key = any (keys_allowed) then 'forbidden'
                           when u0.id is null then 'not_found'
                           when r.id = any (stuck) then 'busy' end as status) refused
          left join farebox.users u on u.id = r.id and refused.status is null -- who is refused learns nothing
          left join farebox.wallets w on w.id = u.id
         cross join lateral (
               select case when w.blocked_at is not null then 'wallet_blocked'
                           when w.subscription_until <= t
                                or (w.subscription_until is null and s.subscription_required) then 'subscription_expired'
                           when w.debt > 0 or w.balance - w.held <= 0 then 'insufficient_balance' end as reason) why
         order by r.n;
end $$;
