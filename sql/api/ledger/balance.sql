-- farebox_api.balance: what many users have and whether they may spend.
--
-- Called by   ledger::balances, with all that waits
-- Locks       only wallets with an event due, and never waits for one: locked by another, it answers busy
-- Answers     per request: unauthorized, forbidden, user_not_found, busy, behind (user_id: the wallet), ok; each with the n that
--             the request came with
-- Reasons     wallet_blocked, subscription_expired, insufficient_balance: why a spend would be refused now
-- Raises      FB000 when the call itself is malformed
--
-- A read does what has fallen due first, so a lapsed hold or an expired grant never shows.

create or replace function farebox_api.balance(
    p_n int[],                                -- what each request is called in the answer; none twice
    p_caller text[], p_proof bytea[],         -- who calls (farebox.caller_refusal)
    p_wallet uuid[], p_number bigint[], p_phone text[])
returns table (n int, status text, user_id uuid, number bigint, balance bigint, held bigint, debt bigint,
               blocked boolean, subscription_until timestamptz, subscription_active boolean, can_spend boolean,
               reason text, low_balance boolean)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    size constant int := cardinality(p_n);
    t constant timestamptz := clock_timestamp();
    users uuid[];
    due uuid;
    v_left int := 500; -- events that this call still has time for
    v_done int;
    behind uuid[] := '{}';
    stuck uuid[] := '{}';
    refusals text[];
begin
    if size is null or size = 0 or size > 1000
       or not farebox.same_shape(p_n, array_dims(p_caller), array_dims(p_proof), array_dims(p_wallet),
                                array_dims(p_number), array_dims(p_phone))
       or exists (select from unnest(p_wallet, p_number, p_phone) r(wallet, number, phone)
                   where num_nonnulls(r.wallet, r.number, r.phone) <> 1) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    select array_agg(coalesce(r.wallet,
                              (select u.id from farebox.users u where u.number = r.number),
                              (select u.id from farebox.users u where u.phone = r.phone)) order by r.n)
      into users
      from unnest(p_wallet, p_number, p_phone) with ordinality r(wallet, number, phone, n);

    if size = 1 then -- the shorter way to the same answer
        refusals := array[farebox.caller_refusal(p_caller[1], p_proof[1], 'read', '{user,device,billing_key,operator}', users[1], 'user_not_found', t)];
    else
        refusals := farebox.caller_refusals(p_caller, p_proof, 'read', '{user,device,billing_key,operator}', users, 'user_not_found', t);
    end if;

    -- Whoever is refused reaches no wallet.
    if array_remove(refusals, null) <> '{}' then
        select array_agg(case when r.refusal is null then r.id end order by r.n) into users
          from unnest(users, refusals) with ordinality r(id, refusal, n);
    end if;

    -- A user of Supabase Auth who is not known here yet. Looked for among the missing only, so a known one costs nothing.
    if array_remove(p_wallet, null) <> '{}' then
        perform farebox.provision(m.id)
           from unnest(p_wallet, refusals) m(id, refusal)
          where m.refusal is null and m.id is not null and not exists (select from farebox.users u where u.id = m.id);
    end if;

    if exists (select from farebox.wallets w where w.id = any (users) and w.next_event_at <= t) then
        for due in
            select l.id
              from (select w.id from farebox.wallets w
                     where w.id = any (users) and w.next_event_at <= t
                     order by w.kind, w.id for no key update skip locked) l
        loop
            v_done := farebox.meet_due(due, t, v_left);
            if v_done is null then
                behind := behind || due;
            else
                v_left := v_left - v_done;
            end if;
        end loop;
        -- What this call could not lock.
        select coalesce(array_agg(w.id), '{}') into stuck
          from farebox.wallets w
         where w.id = any (users) and w.next_event_at <= t and not w.id = any (behind);
    end if;

    return query
        select r.n, coalesce(refused.status, 'ok'),
               case when refused.status = 'behind' then r.id else w.id end, case when w.id is not null then u.number end,
               w.balance, w.held, w.debt, w.blocked_at is not null, w.subscription_until,
               coalesce(w.subscription_until > t, false),
               why.reason is null, why.reason,
               w.balance < s.low_balance_tokens
          from unnest(p_n, users, refusals) with ordinality r(n, id, refusal, place)
         cross join farebox.settings s
          left join farebox.users u on u.id = r.id
         cross join lateral (
               select case when r.refusal is not null then r.refusal
                           when u.id is null then 'user_not_found'
                           when r.id = any (stuck) then 'busy'
                           when r.id = any (behind) then 'behind' end as status) refused
          left join farebox.wallets w on w.id = u.id and refused.status is null -- who is refused learns nothing
         cross join lateral (
               select case when w.blocked_at is not null then 'wallet_blocked'
                           when (w.subscription_until <= t and s.subscription_gate <> 'never')
                                or (w.subscription_until is null and s.subscription_gate = 'required') then 'subscription_expired'
                           when w.debt > 0 or w.balance - w.held <= 0 then 'insufficient_balance' end as reason) why
         order by r.place;
end $$;
