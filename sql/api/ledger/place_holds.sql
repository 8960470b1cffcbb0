-- farebox_api.place_holds: reserves tokens of many wallets in one transaction, each request answered for itself.
--
-- Called by   ledger::place_holds, with all that waits
-- Locks       every wallet of the call, by kind and id
-- Answers     per request: late, unauthorized, forbidden, user_not_found, busy, behind (hold: the wallet),
--             idempotency_key_reused, replayed, invalid_amount, wallet_blocked, subscription_expired, too_many_holds,
--             insufficient_balance, ok; each with the n that the request came with
--             The order above is the order of the checks; callers may rely on it.
-- Replays     the same key with the same fingerprint, or the same id without a key, returns the first answer, but for
--             `available`, which is null: what was free then says nothing now; and for state and captured, which are those of now
--             (farebox.state_of): who asks again must not do again what has been done and paid.
-- Raises      FB000 when the call itself is malformed; 55P03 when a lock is not had in time
--
-- What is held cannot be spent by anybody, and is not yet spent. A hold ends by farebox_api.end_holds, or lapses at
-- expires_at: the next access to the wallet, a balance read included, releases it or, when its work had started, with
-- on_lapse `charge`, charges its lapse_amount. held, in an answer, is what open holds hold where there is too little for one more.
--
-- The specification is that of farebox_api.spend: a call answers exactly what its requests, sent one at a time in array
-- order, would have been answered. The order of statements is the same as well: lock, clock, due, then read and decide in
-- new statements; here each request is placed by a call of its own (ledger rule 1).

create or replace function farebox_api.place_holds(
    p_n int[],                                -- what each request is called in the answer; none twice
    p_caller text[], p_proof bytea[],         -- who calls (farebox.caller_refusal)
    p_id uuid[], p_wallet uuid[], p_number bigint[], p_amount bigint[],
    p_ttl_ms bigint[],                        -- 1 s to 24 h
    p_on_lapse text[],                        -- release or charge
    p_lapse_amount bigint[],                  -- what `charge` charges: 1 to p_amount
    p_started boolean[],                      -- what the tokens are for has begun: a lapse may charge
    p_key text[], p_fingerprint bytea[], p_description text[], p_metadata json[],
    p_not_after timestamptz,                  -- in the database's clock
    p_skip_locked boolean default false)
returns table (n int, status text, hold uuid, amount bigint, available bigint, held bigint, expires_at timestamptz,
               at timestamptz, state text, captured bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    size constant int := cardinality(p_n);
    t timestamptz;
    wallets uuid[] := p_wallet; -- by request, numbers resolved
    locked uuid[];
    behind uuid[];
    passed_by uuid[]; -- locked by somebody else
    refusals text[];
    gate text;
    o record;
begin
    -- One request's fields are never paired with another's.
    if size is null or size = 0 or size > 1000 or p_not_after is null
       or not farebox.same_shape(p_n, array_dims(p_caller), array_dims(p_proof), array_dims(p_id), array_dims(p_wallet),
                                array_dims(p_number), array_dims(p_amount), array_dims(p_ttl_ms), array_dims(p_on_lapse),
                                array_dims(p_lapse_amount), array_dims(p_started), array_dims(p_key),
                                array_dims(p_fingerprint), array_dims(p_description), array_dims(p_metadata))
       or array_position(p_id, null) is not null or array_position(p_amount, null) is not null
       or array_position(p_started, null) is not null
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

    -- Lock, clock, due; what is locked here, and nothing else, may be changed below.
    select l.locked, l.behind, l.at into locked, behind, t from farebox.lock_wallets(wallets, p_skip_locked, p_not_after) l;
    if t > p_not_after then
        return query select p_n[i], 'late'::text, null::uuid, null::bigint, null::bigint, null::bigint,
                            null::timestamptz, t, null::text, null::bigint
                       from generate_series(1, size) i;
        return;
    end if;

    -- Read, in new statements.
    refusals := farebox.caller_refusals(p_caller, p_proof, 'hold', '{}', wallets, 'user_not_found', t);
    select x.subscription_gate into gate from farebox.settings x;
    select coalesce(array_agg(w.id), '{}') into passed_by
      from farebox.wallets w
     where p_skip_locked and w.id = any (wallets) and not w.id = any (locked || behind);

    -- Place, one after the other.
    for i in 1 .. size loop
        n := p_n[i];
        hold := null;
        amount := null;
        available := null;
        held := null;
        expires_at := null;
        at := t;
        state := null;
        captured := null;
        status := case when refusals[i] is not null then refusals[i]
                       when wallets[i] = any (locked) then null
                       when wallets[i] = any (passed_by) then 'busy'
                       when wallets[i] = any (behind) then 'behind'
                       else 'user_not_found' end;
        if status = 'behind' then
            hold := wallets[i];
        elsif status is null then
            select * into o
              from farebox.place_hold(p_id[i], wallets[i], p_amount[i], p_ttl_ms[i], p_on_lapse[i], p_lapse_amount[i],
                                      p_started[i], p_key[i], p_fingerprint[i], p_description[i], p_metadata[i],
                                      gate, t) p;
            status := o.status;
            hold := o.hold;
            amount := o.amount;
            available := o.available;
            held := o.held;
            expires_at := o.expires_at;
            at := o.at;
            state := o.state;
            captured := o.captured;
        end if;
        return next;
    end loop;
end $$;
