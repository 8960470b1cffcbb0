-- farebox_api.hold: reserves tokens of many wallets in one transaction, each request answered for itself.
--
-- Called by   ledger::hold, with all that waits in its lane
-- Locks       every wallet of the call, by kind and id
-- Answers     per request: late, unauthorized, forbidden, session_gone, not_found, busy, key_reused, replayed,
--             invalid_amount, blocked, subscription_expired, insufficient, ok
--             The order above is the order of the checks; callers may rely on it.
-- Replays     the same key with the same fingerprint, or the same id without a key, returns the first answer, but for
--             `available`, which is null: what was free then says nothing now.
-- Raises      FB000 when the call itself is malformed; 55P03 when a lock is not had in time
--
-- What is held cannot be spent by anybody, and is not yet spent. A hold ends by farebox_api.settle, or lapses at
-- expires_at: the next touch of the wallet, a balance read included, releases it or, when it was dispatched with
-- on_lapse `charge`, charges its lapse_amount.
--
-- The specification is that of farebox_api.spend: a call answers exactly what its requests, sent one at a time in array
-- order, would have been answered. The order of statements is the same as well: lock, clock, due, then read and decide in
-- new statements; here each request is placed by a call of its own (ledger rule 1).

create or replace function farebox_api.hold(
    p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[],
    p_ttl_ms bigint[],                        -- 1 s to 24 h
    p_on_lapse text[],                        -- release or charge
    p_lapse_amount bigint[],                  -- what `charge` charges: 1 to p_amount
    p_dispatched boolean[],                   -- what the tokens are for has begun: a lapse may charge
    p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[],
    p_session uuid[], p_user uuid[],          -- of a user's token; null where a service calls
    p_api_key bytea[],                        -- SHA-256 of the key that calls; null under a key of the environment
    p_not_after timestamptz,                  -- in the database's clock
    p_skip_locked boolean default false)
returns table (n int, status text, hold uuid, amount bigint, available bigint, expires_at timestamptz, at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan -- else every small batch is planned anew, at half the speed
set jit = off                            -- else the costs that the next three lines invent cost 6 ms a call
set enable_seqscan = off                 -- a plan made while tables were empty must not be kept (ledger rule 7)
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
    size constant int := cardinality(p_id);
    t timestamptz;
    due uuid;
    wallets uuid[] := p_wallet; -- by request, numbers resolved
    locked uuid[];
    passed_by uuid[]; -- locked by somebody else
    keys_alive bytea[];
    keys_allowed bytea[];
    must_subscribe boolean;
    o record;
begin
    -- One request's fields are never paired with another's.
    if size is null or size = 0 or size > 1000 or p_not_after is null
       or cardinality(p_wallet) is distinct from size or cardinality(p_number) is distinct from size
       or cardinality(p_amount) is distinct from size or cardinality(p_ttl_ms) is distinct from size
       or cardinality(p_on_lapse) is distinct from size or cardinality(p_lapse_amount) is distinct from size
       or cardinality(p_dispatched) is distinct from size or cardinality(p_key) is distinct from size
       or cardinality(p_fingerprint) is distinct from size or cardinality(p_description) is distinct from size
       or cardinality(p_metadata) is distinct from size or cardinality(p_session) is distinct from size
       or cardinality(p_user) is distinct from size or cardinality(p_api_key) is distinct from size
       or array_position(p_id, null) is not null or array_position(p_amount, null) is not null
       or array_position(p_dispatched, null) is not null
       or exists (select from unnest(p_wallet, p_number, p_ttl_ms, p_on_lapse, p_lapse_amount, p_key, p_fingerprint)
                         r(wallet, number, ttl_ms, on_lapse, lapse_amount, key, fingerprint)
                   where num_nonnulls(r.wallet, r.number) <> 1 or (r.key is not null and r.fingerprint is null)
                      or r.ttl_ms is null or r.ttl_ms not between 1000 and 86400000
                      or r.on_lapse is null or r.on_lapse not in ('release', 'charge')
                      or (r.on_lapse = 'charge' and r.lapse_amount is null)) then
        raise exception 'malformed call' using errcode = 'FB000';
    end if;

    -- A number never changes hands, so it is resolved before the locks.
    if array_position(p_wallet, null) is not null then
        select array_agg(coalesce(r.wallet, u.id) order by r.n) into wallets
          from unnest(p_wallet, p_number) with ordinality r(wallet, number, n)
          left join farebox.users u on u.number = r.number;
    end if;

    -- 1 lock; what is locked here, and nothing else, may be touched below
    if p_skip_locked then
        select coalesce(array_agg(l.id), '{}') into locked
          from (select w.id from farebox.wallets w where w.id = any (wallets)
                 order by w.kind, w.id for no key update skip locked) l;
    else
        select coalesce(array_agg(l.id), '{}') into locked
          from (select w.id from farebox.wallets w where w.id = any (wallets)
                 order by w.kind, w.id for no key update) l;
    end if;

    -- 2 clock
    t := clock_timestamp();
    if t > p_not_after then
        return query select i, 'late'::text, null::uuid, null::bigint, null::bigint, null::timestamptz, t
                       from generate_series(1, size) i;
        return;
    end if;

    -- 3 due
    for due in select w.id from farebox.wallets w where w.id = any (locked) and w.next_event_at <= t order by w.kind, w.id loop
        perform farebox.bring_up_to_date(due, t);
    end loop;

    -- 4 read, in new statements
    select coalesce(array_agg(k.hash), '{}'), coalesce(array_agg(k.hash) filter (where 'hold' = any (k.scopes)), '{}')
      into keys_alive, keys_allowed
      from farebox.api_keys k
     where k.hash = any (p_api_key) and k.revoked_at is null and k.expires_at > t;
    select x.subscription_required into must_subscribe from farebox.settings x;
    select coalesce(array_agg(w.id), '{}') into passed_by
      from farebox.wallets w
     where p_skip_locked and w.id = any (wallets) and not w.id = any (locked);

    -- 5 place, one after the other
    for i in 1 .. size loop
        n := i;
        hold := null;
        amount := null;
        available := null;
        expires_at := null;
        at := t;
        status := case when p_api_key[i] is not null and not p_api_key[i] = any (keys_alive) then 'unauthorized'
                       when p_api_key[i] is not null and not p_api_key[i] = any (keys_allowed) then 'forbidden'
                       when p_session[i] is not null and not farebox.session_alive(p_session[i], p_user[i], t)
                           then 'session_gone'
                       when wallets[i] = any (locked) then null
                       when wallets[i] = any (passed_by) then 'busy'
                       else 'not_found' end;
        if status is null then
            select * into o
              from farebox.place_hold(p_id[i], wallets[i], p_amount[i], p_ttl_ms[i], p_on_lapse[i], p_lapse_amount[i],
                                      p_dispatched[i], p_key[i], p_fingerprint[i], p_description[i], p_metadata[i],
                                      must_subscribe, t) p;
            status := o.status;
            hold := o.hold;
            amount := o.amount;
            available := o.available;
            expires_at := o.expires_at;
            at := o.at;
        end if;
        return next;
    end loop;
end $$;
